using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg;

/// <content>Making tensors, and bringing them to another device.</content>
public sealed partial class Tensor
{
    /// <summary>
    /// Numbers that the host makes pass through an array of so many: a large tensor leaves no large array behind, which would stay in
    /// the process for long.
    /// </summary>
    private const int StagedElements = 4096;

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

    /// <summary>Numbers that a function gives one after the other, in row-major order, rounded to the type.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="next">The next number.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="OverflowException">The shape holds more elements than 32-bit indices reach.</exception>
    public static Tensor Generate(Shape shape, Func<double> next, DType dtype = DType.Float32, Device? device = null) => Staged(
        shape,
        part =>
        {
            foreach (ref var element in part) element = next();
        },
        dtype, device);

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
        return Generate(shape, draw, dtype, device);
    }

    private static Tensor Staged(Shape shape, Action<Span<double>> next, DType dtype, Device? device)
    {
        var tensor = Empty(shape, dtype, device);
        var values = new double[Math.Min(StagedElements, tensor.Count)];
        for (var start = 0; start < tensor.Count; start += StagedElements)
        {
            var part = values.AsSpan(0, Math.Min(StagedElements, tensor.Count - start));
            next(part);
            tensor.CopyPart(start, part);
        }
        return tensor;
    }

    /// <summary>Replaces some elements, at most <see cref="StagedElements"/>, rounded to the type.</summary>
    private void CopyPart(int start, ReadOnlySpan<double> values)
    {
        switch (DType)
        {
            case DType.Float64: CopyPart<double>(start, values); break;
            case DType.Float32: CopyPart(start, values, stackalloc float[values.Length], x => (float)x); break;
            case DType.BFloat16: CopyPart(start, values, stackalloc BFloat16[values.Length], x => (BFloat16)(float)x); break;
            default: CopyPart(start, values, stackalloc int[values.Length], x => (int)x); break;
        }
    }

    private void CopyPart<T>(int start, ReadOnlySpan<double> values, Span<T> converted, Func<double, T> convert)
        where T : unmanaged
    {
        for (var i = 0; i < values.Length; i++) converted[i] = convert(values[i]);
        CopyPart<T>(start, converted);
    }

    private void CopyPart<T>(int start, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        MarkChanged();
        View<T>().SubView(start, values.Length).CopyFromCPU(in values);
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
