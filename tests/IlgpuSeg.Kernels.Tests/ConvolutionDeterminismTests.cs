#if KERNELS_BUNDLED
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The same bits for any number of threads.</summary>
public class ConvolutionDeterminismTests
{
    private static readonly ConvolutionWindow Window = new(3, 3, 1, 1, 1, 1, 1, 1);

    [Fact]
    public void GradientsOfAConvolutionDoNotDependOnTheNumberOfThreads()
    {
        var shape = new ConvolutionShape(2, 37, 29, 5, 19, Window);
        AssertSameBits(shape.WeightLength, (run, dw) => Convolution.WeightGradient<float, Real32>(
            run.Host, run.Values(shape.InputLength), run.Values(shape.OutputLength), dw,
            run.Values(Convolution.WeightGradientWorkspace(run.Host, shape)), shape));
        AssertSameBits(shape.OutChannels, (run, db) => Convolution.BiasGradient(
            run.Host, run.Values(shape.OutputLength), db, run.Values(Convolution.BiasGradientWorkspace(shape)), shape));
        AssertSameBits(shape.InputLength, (run, dx) => Convolution.DataGradient<float, Real32>(
            run.Host, run.Values(shape.OutputLength), run.Values(shape.WeightLength), dx,
            run.Values(Convolution.DataGradientWorkspace(run.Host, shape)), shape));
    }

    [Fact]
    public void GradientsOfADepthwiseConvolutionDoNotDependOnTheNumberOfThreads()
    {
        var shape = new DepthwiseShape(2, 41, 33, 21, Window);
        AssertSameBits(shape.WeightLength, (run, dw) => DepthwiseConvolution.WeightGradient<float, Real32>(
            run.Host, run.Values(shape.InputLength), run.Values(shape.OutputLength), dw,
            run.Values(DepthwiseConvolution.WeightGradientWorkspace(shape)), shape));
    }

    private static void AssertSameBits(int length, Action<Run, ArrayView<float>> kernel)
    {
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var run = new Run(threads);
            // Twice: the second launch knows how long a group takes and spreads them differently.
            for (var repeat = 0; repeat < 2; repeat++)
            {
                var result = run.Values(length);
                kernel(run, result);
                var bits = new float[length];
                result.AsDense().CopyToCPU(ref bits[0], length);
                first ??= bits;
                Assert.Equal(first, bits);
            }
        }
    }

    private sealed class Run : IDisposable
    {
        private readonly Context context = Context.CreateDefault();
        private readonly CPUAccelerator accelerator;
        private readonly List<MemoryBuffer> buffers = [];

        public Run(int threads)
        {
            accelerator = new CPUDevice(threads, CpuExecution.Default).CreateCPUAccelerator(context);
            Host = new KernelHost(accelerator);
        }

        public KernelHost Host { get; }

        /// <summary>The same random numbers for the same length.</summary>
        public ArrayView<float> Values(int length)
        {
            var random = new Random(length);
            var data = new float[length];
            for (var i = 0; i < length; i++) data[i] = random.NextSingle() - 0.5f;
            if (length == 0) return ArrayView<float>.Empty;
            var buffer = accelerator.Allocate1D(data);
            buffers.Add(buffer);
            return buffer.View;
        }

        public void Dispose()
        {
            foreach (var buffer in buffers) buffer.Dispose();
            accelerator.Dispose();
            context.Dispose();
        }
    }
}
#endif
