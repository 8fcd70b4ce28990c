using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Sums over axes and repetition along them, which are each other's gradients.</summary>
internal static class Axes
{
    /// <summary>The number of an axis.</summary>
    /// <exception cref="ShapeException">x has no such axis.</exception>
    public static int Find(string op, Tensor x, Index axis)
    {
        var i = axis.GetOffset(x.Shape.Rank);
        return i >= 0 && i < x.Shape.Rank ? i : throw new ShapeException(op, $"x must have the axis {axis}", ("x", x.Shape));
    }

    /// <summary>The number of elements of some extents.</summary>
    public static int Product(ReadOnlySpan<int> dims)
    {
        var product = 1;
        foreach (var d in dims) product *= d;
        return product;
    }

    /// <summary>The sums over some axes, which stay with an extent of 1.</summary>
    public static Tensor Sum(Tensor x, IReadOnlyCollection<int> axes) => Runs(axes).Aggregate(x, (sum, run) =>
        sum.DType == DType.Float64 ? Sum<double, Real64>(sum, run) : Sum<float, Real32>(sum, run));

    /// <summary>The elements repeated along axes of extent 1 until the shape is the given one, of the same rank.</summary>
    public static Tensor Repeat(Tensor x, Shape shape)
    {
        var axes = Enumerable.Range(0, shape.Rank).Where(i => x.Shape[i] != shape[i]).ToArray();
        return Runs(axes).Aggregate(x, (y, run) => x.DType == DType.Float64 ? Repeat<double>(y, shape, run) : Repeat<float>(y, shape, run));
    }

    private static Tensor Sum<T, R>(Tensor x, Range run)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var dims = x.Shape.ToArray();
        var (outer, count, inner) = Around(dims, run);
        Array.Fill(dims, 1, run.Start.Value, run.End.Value - run.Start.Value);
        var y = Tensor.Zeros(dims, x.DType, x.Device);
        if (x.Length == 0) return y;
        var host = x.Device.Kernels;
        if (outer == 1)
        {
            using var workspace = Tensor.Empty([ColumnReduction.WorkspaceLength(count, inner)], x.DType, x.Device);
            ColumnReduction.Sum<T, R>(host, x.View<T>(), workspace.View<T>(), y.View<T>(), count, inner);
        }
        else
        {
            PositionKernels.Sum<T, R>(host, x.View<T>(), y.View<T>(), outer, count, inner);
        }
        return y;
    }

    private static Tensor Repeat<T>(Tensor x, Shape shape, Range run)
        where T : unmanaged, INumber<T>
    {
        var dims = x.Shape.ToArray();
        for (var i = run.Start.Value; i < run.End.Value; i++) dims[i] = shape[i];
        var y = Tensor.Empty(dims, x.DType, x.Device);
        var (outer, count, inner) = Around(dims, run);
        if (y.Length > 0) AxisKernels.Repeat(x.Device.Kernels, x.View<T>(), y.View<T>(), outer, count, inner);
        return y;
    }

    private static (int Outer, int Count, int Inner) Around(int[] dims, Range run) =>
        (Product(dims.AsSpan()[..run.Start.Value]), Product(dims.AsSpan()[run]), Product(dims.AsSpan()[run.End.Value..]));

    /// <summary>Axes beside each other are one.</summary>
    private static IEnumerable<Range> Runs(IReadOnlyCollection<int> axes)
    {
        var sorted = axes.Order().ToArray();
        for (int from = 0, i = 1; i <= sorted.Length; i++)
        {
            if (i < sorted.Length && sorted[i] == sorted[i - 1] + 1) continue;
            yield return sorted[from]..(sorted[i - 1] + 1);
            from = i;
        }
    }
}
