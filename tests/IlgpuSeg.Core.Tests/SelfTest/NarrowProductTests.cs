#if KERNELS_BUNDLED
using System.Collections.Concurrent;
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;
using IlgpuSeg.Ops;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>Products in mixed precision on a GPU with tensor cores (an emulated one): they run there, and agree with the CPU.</summary>
public sealed class NarrowProductTests : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> launched = [];
    private readonly Context context;
    private readonly CudaAccelerator accelerator;
    private readonly Device device;

    public NarrowProductTests()
    {
        context = Context.Create(builder => builder.Cuda(new EmulatedCudaDriver(90) { LaunchedEntries = launched }));
        accelerator = (CudaAccelerator)context.GetCudaDevice(0).CreateAccelerator(context);
        device = Device.Of(accelerator, "emulated");
    }

    public void Dispose()
    {
        device.Allocator.ReleaseCache();
        context.Dispose();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void MatrixProducts(bool transposeA, bool transposeB) => Check(
        "BFloat16Operand", [Shape(transposeA, 24, 16), Shape(transposeB, 16, 40)], t => MatMul.Apply(t[0], t[1], transposeA, transposeB));

    // The first product is an operand in 16 bits, and its gradient has as many.
    [Fact]
    public void ProductsOfProducts() => Check(
        "BFloat16Operand", [new(2, 8, 16), new(2, 16, 8), new(2, 24, 8)], t => MatMul.Apply(MatMul.Apply(t[0], t[1]), t[2], transposeB: true));

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(3, 1, 2)]
    public void Convolutions(int kernel, int padding, int stride) => Check(
        "BFloat16Operand", [new(1, 4, 8, 8), new(kernel, kernel, 8, 16), new(16)], t => Conv2d.Apply(t[0], t[1], t[2], stride, padding));

    [Fact]
    public void ConvolutionsOfConvolutions() => Check(
        "BFloat16Operand", [new(1, 4, 4, 8), new(1, 1, 8, 16), new(3, 3, 16, 8)],
        t => Conv2d.Apply(Conv2d.Apply(t[0], t[1], bias: null), t[2], bias: null, padding: 1));

    // Too narrow for copies of eight numbers: widened, and rounded to tf32, which changes nothing.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void FoursOfElements(bool transposeA, bool transposeB) => Check(
        "Tf32Operand", [Shape(transposeA, 12, 4), Shape(transposeB, 4, 20)], t => MatMul.Apply(t[0], t[1], transposeA, transposeB));

    [Fact]
    public void FloatsAreNotRounded()
    {
        Run(device, [new(8, 8), new(8, 8)], t => MatMul.Apply(t[0], t[1]), mixed: false);
        Assert.DoesNotContain(launched.Keys, name => name.Contains("GemmTensor", StringComparison.Ordinal));
    }

    private void Check(string operand, Shape[] shapes, Func<Tensor[], Tensor> op)
    {
        var expected = Run(Device.Cpu, shapes, op, mixed: true);
        var actual = Run(device, shapes, op, mixed: true);
        Assert.Contains(launched.Keys, name => name.Contains(operand, StringComparison.Ordinal));
        Assert.All(launched.Keys.Where(name => name.Contains("Gemm", StringComparison.Ordinal)), name => Assert.Contains(operand, name));
        Assert.DoesNotContain(launched.Keys, name => name.Contains("GemmBlock", StringComparison.Ordinal));
        Assert.Equal(expected.Length, actual.Length);
        var tolerance = shapes.Length > 2 ? 5e-3f : 1e-5f;
        for (var t = 0; t < expected.Length; t++)
        {
            // Sums in another order may round to the neighbouring bfloat16 number, which a second product adds up; and zeros are the sums of what cancels.
            var largest = expected[t].Max(Math.Abs);
            Assert.All(expected[t].Zip(actual[t]), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, (Math.Abs(pair.First) / 128) + (largest * tolerance)));
        }
    }

    /// <summary>The result and the gradients of all operands, as floats.</summary>
    private static float[][] Run(Device device, Shape[] shapes, Func<Tensor[], Tensor> op, bool mixed)
    {
        using var scope = new TensorScope();
        var random = new Random(7);
        var operands = Array.ConvertAll(shapes, shape =>
        {
            var values = new float[shape.Length];
            for (var i = 0; i < values.Length; i++) values[i] = (float)((random.NextDouble() * 2) - 1);
            return Tensor.From(values, shape, device);
        });
        foreach (var operand in operands) operand.RequiresGrad = true;
        Tensor result;
        using (new Autocast(mixed)) result = op(operands);
        Assert.Equal(mixed ? DType.BFloat16 : DType.Float32, result.DType);
        var gradient = Tensor.From(Array.ConvertAll(new float[result.Shape.Length], _ => (float)random.NextDouble()), result.Shape, device);
        result.Backward(Cast.Apply(gradient, result.DType));
        return [Values(result), .. operands.Select(operand => Values(operand.Grad!))];
    }

    private static float[] Values(Tensor x) => Cast.Apply(x.Detach(), DType.Float32).ToArray<float>();

    private static Shape Shape(bool transposed, int rows, int columns) => transposed ? new(columns, rows) : new(rows, columns);
}
#endif
