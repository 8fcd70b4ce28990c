// Axes of arrays: repeating along one (the array seen as [outer, inner] becomes [outer, repeats, inner]), and exchanging two
// ([outer, first, between, second, inner] becomes [outer, second, between, first, inner]).
//
// Memory: every element of the result is written once by one thread, in order along the innermost axis; where two axes are exchanged and
// nothing lies inside of them, reads are apart by the second axis's stride. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The extents around two axes: [outer, first, between, second, inner].</summary>
/// <param name="outer">All extents before the first axis.</param>
/// <param name="first">The first axis.</param>
/// <param name="between">All extents between the axes.</param>
/// <param name="second">The second axis.</param>
/// <param name="inner">All extents after the second axis.</param>
public readonly struct AxisPair(int outer, int first, int between, int second, int inner)
{
    /// <summary>All extents before the first axis.</summary>
    public readonly int Outer = outer;

    /// <summary>The first axis.</summary>
    public readonly int First = first;

    /// <summary>All extents between the axes.</summary>
    public readonly int Between = between;

    /// <summary>The second axis.</summary>
    public readonly int Second = second;

    /// <summary>All extents after the second axis.</summary>
    public readonly int Inner = inner;
}

/// <summary>Repeating along an axis and exchanging axes.</summary>
public static class AxisKernels
{
    // Rows are (outer, repeats), columns inner.
    internal static void RepeatRowsKernel<T>(ArrayView<T> x, ArrayView<T> y, int repeats, int inner)
        where T : unmanaged, INumber<T>
    {
        var from = Grid.IdxX / repeats * inner;
        for (var c = ChannelLoop.First; c < inner; c += ChannelLoop.Step)
            y[Grid.IdxX * inner + c] = x[from + c];
    }

    // Rows are outer, columns repeats of one element.
    internal static void RepeatElementsKernel<T>(ArrayView<T> x, ArrayView<T> y, int repeats)
        where T : unmanaged, INumber<T>
    {
        var value = x[Grid.IdxX];
        for (var c = ChannelLoop.First; c < repeats; c += ChannelLoop.Step)
            y[Grid.IdxX * repeats + c] = value;
    }

    // Rows are (outer, second, between), columns (first, inner) with the lanes along inner.
    internal static void ExchangeRowsKernel<T>(ArrayView<T> x, ArrayView<T> y, AxisPair s)
        where T : unmanaged, INumber<T>
    {
        var between = Grid.IdxX % s.Between;
        var second = Grid.IdxX / s.Between % s.Second;
        var outer = Grid.IdxX / s.Between / s.Second;
        var from = ((outer * s.First * s.Between + between) * s.Second + second) * s.Inner;
        var step = s.Between * s.Second * s.Inner;
        for (var i = 0; i < s.First; i++)
        {
            for (var c = ChannelLoop.First; c < s.Inner; c += ChannelLoop.Step)
                y[(Grid.IdxX * s.First + i) * s.Inner + c] = x[from + i * step + c];
        }
    }

    // Rows are (outer, second, between), columns first.
    internal static void ExchangeElementsKernel<T>(ArrayView<T> x, ArrayView<T> y, AxisPair s)
        where T : unmanaged, INumber<T>
    {
        var between = Grid.IdxX % s.Between;
        var second = Grid.IdxX / s.Between % s.Second;
        var outer = Grid.IdxX / s.Between / s.Second;
        var from = (outer * s.First * s.Between + between) * s.Second + second;
        var step = s.Between * s.Second;
        for (var i = ChannelLoop.First; i < s.First; i += ChannelLoop.Step)
            y[Grid.IdxX * s.First + i] = x[from + i * step];
    }

    /// <summary>y[o, r, i] = x[o, i].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[outer, inner].</param>
    /// <param name="y">[outer, repeats, inner].</param>
    /// <param name="outer">Extents before the axis, at least 1.</param>
    /// <param name="repeats">The axis, at least 1.</param>
    /// <param name="inner">Extents after the axis, at least 1.</param>
    public static void Repeat<T>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int outer, int repeats, int inner)
        where T : unmanaged, INumber<T>
    {
        if (inner == 1)
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int>(RepeatElementsKernel))(
                ChannelLoop.Config(host, outer, repeats), x, y, repeats);
        }
        else
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(RepeatRowsKernel))(
                ChannelLoop.Config(host, outer * repeats, inner), x, y, repeats, inner);
        }
    }

    /// <summary>y[o, j, b, i, c] = x[o, i, b, j, c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[outer, first, between, second, inner], at least 1 element.</param>
    /// <param name="y">[outer, second, between, first, inner].</param>
    /// <param name="s">The extents.</param>
    public static void Exchange<T>(KernelHost host, ArrayView<T> x, ArrayView<T> y, AxisPair s)
        where T : unmanaged, INumber<T>
    {
        var rows = s.Outer * s.Second * s.Between;
        if (s.Inner == 1)
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, AxisPair>(ExchangeElementsKernel))(
                ChannelLoop.Config(host, rows, s.First), x, y, s);
        }
        else
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, AxisPair>(ExchangeRowsKernel))(
                ChannelLoop.Config(host, rows, s.Inner), x, y, s);
        }
    }
}
