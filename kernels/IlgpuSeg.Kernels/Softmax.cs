// Softmax over the last axis and its logarithm, with their gradients:
//
//   softmax      y = exp(x - max) / sum exp(x - max)        dx = y * (dy - sum y * dy)
//   log-softmax  y = x - max - log sum exp(x - max)         dx = dy - exp(y) * sum dy
//
// Memory: a warp per row, its lanes along the row; the row is read three times (the second and third time from cache) and
// written once, nothing else is stored. Accumulation: each lane adds its elements in order in T, then the lanes' sums meet in
// a butterfly, so results depend on the warp's width but not on the number of threads.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Softmax or its logarithm, from a row's sums; callable inside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface ISoftmaxForm<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>What a row's values are normalised with.</summary>
    /// <param name="sum">The sum of exp(x - max).</param>
    static abstract T Normalizer(T sum);

    /// <summary>A result.</summary>
    /// <param name="x">x - max.</param>
    /// <param name="normalizer">The row's <see cref="Normalizer"/>.</param>
    static abstract T Value(T x, T normalizer);

    /// <summary>The row's sum that gradients need, with an element added.</summary>
    static abstract T Accumulate(T sum, T y, T dy);

    /// <summary>A gradient.</summary>
    static abstract T Gradient(T y, T dy, T sum);
}

/// <summary>Softmax.</summary>
public readonly struct SoftmaxForm<T, R> : ISoftmaxForm<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static T Normalizer(T sum) => T.One / sum;

    /// <inheritdoc/>
    public static T Value(T x, T normalizer) => R.Exp(x) * normalizer;

    /// <inheritdoc/>
    public static T Accumulate(T sum, T y, T dy) => R.Fma(y, dy, sum);

    /// <inheritdoc/>
    public static T Gradient(T y, T dy, T sum) => y * (dy - sum);
}

/// <summary>The logarithm of softmax.</summary>
public readonly struct LogSoftmaxForm<T, R> : ISoftmaxForm<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static T Normalizer(T sum) => R.Log(sum);

    /// <inheritdoc/>
    public static T Value(T x, T normalizer) => x - normalizer;

    /// <inheritdoc/>
    public static T Accumulate(T sum, T y, T dy) => sum + dy;

    /// <inheritdoc/>
    public static T Gradient(T y, T dy, T sum) => R.Fma(-R.Exp(y), sum, dy);
}

/// <summary>Softmax over rows.</summary>
public static class SoftmaxKernels
{
    internal static void ForwardKernel<T, R, TForm>(ArrayView<T> x, ArrayView<T> y, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TForm : struct, ISoftmaxForm<T>
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
        var normalizer = TForm.Normalizer(WarpRows.Sum(sum));
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            y[first + i] = TForm.Value(x[first + i] - peak, normalizer);
    }

    internal static void BackwardKernel<T, TForm>(ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx, int rows, int length)
        where T : unmanaged, INumber<T>
        where TForm : struct, ISoftmaxForm<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var first = row * length;
        var sum = T.Zero;
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            sum = TForm.Accumulate(sum, y[first + i], dy[first + i]);
        sum = WarpRows.Sum(sum);
        for (var i = Warp.LaneIdx; i < length; i += Warp.WarpSize)
            dx[first + i] = TForm.Gradient(y[first + i], dy[first + i], sum);
    }

    /// <summary>y = softmax of each row of x, or its logarithm.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, length].</param>
    /// <param name="y">[rows, length]; may be x.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Forward<T, R, TForm>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int rows, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TForm : struct, ISoftmaxForm<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(ForwardKernel<T, R, TForm>))(
            WarpRows.Config(host, rows), x, y, rows, length);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">What <see cref="Forward"/> returned, [rows, length].</param>
    /// <param name="dy">The gradient of y.</param>
    /// <param name="dx">The gradient of x; may be dy.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Backward<T, TForm>(KernelHost host, ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx, int rows, int length)
        where T : unmanaged, INumber<T>
        where TForm : struct, ISoftmaxForm<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(BackwardKernel<T, TForm>))(
            WarpRows.Config(host, rows), y, dy, dx, rows, length);
}
