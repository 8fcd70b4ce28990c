// Rows divided by their Euclidean norm, y = x / max(|x|, eps), and the gradient dx = (dy - y * (y . dy)) / |x|.
//
// Memory: a warp per row, its lanes along the row; the norm's reciprocal is kept for backward, one number per row.
// Accumulation: each lane adds its squares in order in T, then the lanes meet in a butterfly.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>L2 normalisation of rows.</summary>
public static class L2NormalizeKernels
{
    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, ArrayView<T> norms, T eps, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var first = row * length;
        var squares = T.Zero;
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            squares = R.Fma(x[first + i], x[first + i], squares);
        var norm = R.Sqrt(WarpRows.Sum(squares));
        if (Warp.LaneIdx == 0) norms[row] = norm;
        var scale = T.One / R.Max(norm, eps);
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            y[first + i] = x[first + i] * scale;
    }

    // Where the norm was clamped it is a constant, so the projection term vanishes.
    internal static void BackwardKernel<T, R>(
        ArrayView<T> y, ArrayView<T> norms, ArrayView<T> dy, ArrayView<T> dx, T eps, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var first = row * length;
        var dot = T.Zero;
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            dot = R.Fma(y[first + i], dy[first + i], dot);
        dot = WarpRows.Sum(dot);
        var norm = norms[row];
        if (norm < eps) dot = T.Zero;
        var scale = T.One / R.Max(norm, eps);
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            dx[first + i] = (dy[first + i] - y[first + i] * dot) * scale;
    }

    /// <summary>y = x / max(|x|, eps) for each row.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, length].</param>
    /// <param name="y">[rows, length].</param>
    /// <param name="norms">[rows], receives |x| for <see cref="Backward"/>.</param>
    /// <param name="eps">The smallest divisor.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> y, ArrayView<T> norms, double eps, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int, int>(ForwardKernel<T, R>))(
            WarpRows.Config(host, rows), x, y, norms, R.FromDouble(eps), rows, length);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">What <see cref="Forward"/> returned.</param>
    /// <param name="norms">The norms that it returned.</param>
    /// <param name="dy">The gradient of y.</param>
    /// <param name="dx">Receives the gradient of x; may be dy.</param>
    /// <param name="eps">As in forward.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> y, ArrayView<T> norms, ArrayView<T> dy, ArrayView<T> dx, double eps, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int, int>(
            BackwardKernel<T, R>))(
            WarpRows.Config(host, rows), y, norms, dy, dx, R.FromDouble(eps), rows, length);
}
