using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg;

/// <content>Making tensors, and bringing them to another device.</content>
public sealed partial class Tensor
{
    /// <summary>A tensor of ones.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) => Full(shape, 1, dtype, device);

    /// <summary>Numbers drawn evenly from [0, 1).</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="seed">The same seed gives the same numbers, on every device.</param>
    /// <param name="dtype">A floating-point type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    public static Tensor Rand(Shape shape, ulong seed, DType dtype = DType.Float32, Device? device = null) =>
        Rand(shape, new Philox(seed), dtype, device);

    /// <summary>Numbers drawn evenly from [0, 1) with a generator, which moves on.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="random">The generator.</param>
    /// <param name="dtype">A floating-point type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    public static Tensor Rand(Shape shape, Philox random, DType dtype = DType.Float32, Device? device = null) =>
        Drawn("Rand", shape, random.NextDouble, dtype, device);

    /// <summary>Numbers of the standard normal distribution.</summary>
    /// <inheritdoc cref="Rand(Shape, ulong, DType, IlgpuSeg.Device)"/>
    public static Tensor Randn(Shape shape, ulong seed, DType dtype = DType.Float32, Device? device = null) =>
        Randn(shape, new Philox(seed), dtype, device);

    /// <summary>Numbers of the standard normal distribution, drawn with a generator, which moves on.</summary>
    /// <inheritdoc cref="Rand(Shape, Philox, DType, IlgpuSeg.Device)"/>
    public static Tensor Randn(Shape shape, Philox random, DType dtype = DType.Float32, Device? device = null) =>
        Drawn("Randn", shape, random.NextNormal, dtype, device);

    /// <summary>0, 1, 2 ... count - 1.</summary>
    /// <param name="count">How many.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <returns>[count].</returns>
    public static Tensor Arange(int count, DType dtype = DType.Int32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] numbers = [.. Enumerable.Range(0, count)];
        return dtype == DType.Int32
            ? From(numbers, [count], device)
            : FromDoubles(Array.ConvertAll(numbers, n => (double)n), [count], dtype, device ?? Device.Cpu);
    }

    /// <summary>The tensor on another device; differentiable, its gradient comes back to this device.</summary>
    /// <param name="device">Where to copy the elements.</param>
    /// <returns>This tensor itself if it lives there.</returns>
    public Tensor To(Device device)
    {
        if (device == Device) return this;
        var home = Device;
        return Autograd.Record("To", CopiedTo(device), [this], g => [g.CopiedTo(home)]);
    }

    /// <summary>The elements in another floating-point type, rounded to nearest; differentiable, its gradient is brought back to this type.</summary>
    /// <param name="dtype">A floating-point type.</param>
    /// <returns>This tensor itself if it has that type.</returns>
    /// <exception cref="ArgumentException">One of the types holds integers.</exception>
    public Tensor To(DType dtype) => Ops.Cast.Apply(this, dtype);

    private static Tensor Drawn(string op, Shape shape, Func<double> draw, DType dtype, Device? device)
    {
        if (!dtype.IsFloatingPoint())
            throw new ArgumentException($"{op}: the numbers are floating-point, and {dtype} does not hold them.");
        var values = new double[shape.Length];
        for (var i = 0; i < values.Length; i++) values[i] = draw();
        return FromDoubles(values, shape, dtype, device ?? Device.Cpu);
    }

    private Tensor CopiedTo(Device device)
    {
        var bytes = new byte[Length * DType.Size()];
        var copy = Empty(Shape, DType, device);
        if (bytes.Length == 0) return copy;
        storage.Bytes.SubView(0, bytes.Length).AsDense().CopyToCPU(bytes);
        copy.storage.Bytes.SubView(0, bytes.Length).AsDense().CopyFromCPU(bytes);
        return copy;
    }
}
