#if KERNELS_BUNDLED
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Runs kernels on CPUs of several numbers of threads and compares every bit.</summary>
internal sealed class ThreadCounts : IDisposable
{
    private readonly Context context = Context.CreateDefault();
    private readonly CPUAccelerator accelerator;
    private readonly List<MemoryBuffer> buffers = [];

    private ThreadCounts(int threads)
    {
        accelerator = new CPUDevice(threads, CpuExecution.Simd).CreateCPUAccelerator(context);
        Host = new KernelHost(accelerator);
    }

    public KernelHost Host { get; }

    public static void AssertSameBits(int length, Action<ThreadCounts, ArrayView<float>> kernel)
    {
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var run = new ThreadCounts(threads);
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

    public ArrayView<int> Integers(int length)
    {
        var buffer = accelerator.Allocate1D(new int[length]);
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
#endif
