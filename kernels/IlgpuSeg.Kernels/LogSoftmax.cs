// The logarithm of softmax over the last axis, y = x - max - log sum exp(x - max), and its gradient dx = dy - exp(y) sum dy.
//
// Memory: a warp per row, its lanes along the row; the row is read three times (the second and third time from cache) and
// written once, nothing else is stored. Accumulation: each lane adds its elements in order in T, then the lanes' sums meet in
// a butterfly, so results depend on the warp's width but not on the number of threads.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The logarithm of softmax over rows.</summary>
public static class LogSoftmaxKernels
{
    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var first = row * length;
        var peak = x[first];
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            peak = R.Max(peak, x[first + i]);
        for (var mask = Warp.WarpSize / 2; mask > 0; mask /= 2)
            peak = R.Max(peak, Warp.ShuffleXor(peak, mask));
        var sum = T.Zero;
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            sum += R.Exp(x[first + i] - peak);
        var logSum = R.Log(WarpRows.Sum(sum));
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            y[first + i] = x[first + i] - peak - logSum;
    }

    internal static void BackwardKernel<T, R>(ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var first = row * length;
        var sum = T.Zero;
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            sum += dy[first + i];
        sum = WarpRows.Sum(sum);
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            dx[first + i] = R.Fma(-R.Exp(y[first + i]), sum, dy[first + i]);
    }

    /// <summary>y = log softmax of each row of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, length].</param>
    /// <param name="y">[rows, length]; may be x.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(ForwardKernel<T, R>))(
            WarpRows.Config(host, rows), x, y, rows, length);

    /// <summary>dx = dy - exp(y) times the sum of dy over the row.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">What <see cref="Forward"/> returned, [rows, length].</param>
    /// <param name="dy">The gradient of y.</param>
    /// <param name="dx">The gradient of x; may be dy.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Backward<T, R>(KernelHost host, ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(BackwardKernel<T, R>))(
            WarpRows.Config(host, rows), y, dy, dx, rows, length);
}
