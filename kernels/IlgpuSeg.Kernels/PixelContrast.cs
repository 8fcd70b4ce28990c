// The pixel-contrast loss over M anchors whose similarities s[i, j] = e_i . e_j / tau are given (a matrix product makes them):
//
//   per anchor i:  1/|P_i| * sum over j in P_i of -log( exp(s_ij) / (exp(s_ij) + sum over k in N_i of exp(s_ik)) )
//                = 1/|P_i| * sum over j in P_i of softplus(n_i - s_ij),   n_i = log sum over N_i of exp(s_ik)
//   loss        =  the mean over the anchors that have positives
//
// P_i are the other anchors of i's label, N_i those of other labels; rows with a negative label are no anchors and take no part.
// The softplus form, with the maximum taken out of n_i,
// neither overflows nor takes the logarithm of 0, whatever tau is. Without negatives an anchor's terms are log 1 = 0.
//
// The gradient by s_ij, with w_ij = sigmoid(n_i - s_ij) and W_i the mean of w_ij over P_i, is -w_ij / |P_i| for positives and
// W_i exp(s_ij - n_i) for negatives. As s is symmetric, backward writes H = G + G^T at once, and dE = H E / tau.
//
// Memory: s and H are [M, M]; three numbers per anchor are kept. Forward on a CPU has one thread per anchor, lanes along anchors: by symmetry
// a thread reads its row of s down a column, where neighbouring lanes are neighbours in memory. That is too few threads for a GPU, which has a
// warp per anchor, lanes along the others. Accumulation: over the other anchors in T, in order (on a GPU each lane its own in order, then lanes by
// a butterfly); over anchors by the ordered flat reduction.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Row statistics and gradient of the pixel-contrast loss.</summary>
public static class PixelContrastKernels
{
    // Stands for log 0: far below any similarity, and safe to subtract from one in single precision.
    private const double LogZero = -1e30;

    /// <summary>Rows of the statistics that <see cref="Forward"/> keeps for <see cref="Backward"/>.</summary>
    public const int StatRows = 3;

    // log(1 + exp(z)).
    private static T Softplus<T, R>(T z)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => R.Max(z, T.Zero) + R.Log(T.One + R.Exp(-R.Abs(z)));

    // 1 / (1 + exp(-z)).
    private static T Sigmoid<T, R>(T z)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var e = R.Exp(-R.Abs(z));
        var numerator = z >= T.Zero ? T.One : e;
        return numerator / (T.One + e);
    }

    // log of the sum of exp(s) over the negatives of anchor i; LogZero if it has none.
    private static T LogSumNegatives<T, R>(ArrayView<T> similarities, ArrayView<int> labels, T inverseTau, int i, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var label = labels[i];
        var peak = R.FromDouble(LogZero);
        for (var j = 0; j < count; j++)
        {
            var s = similarities[j * count + i] * inverseTau;
            if (labels[j] != label && labels[j] >= 0) peak = R.Max(peak, s);
        }
        var sum = T.Zero;
        for (var j = 0; j < count; j++)
        {
            var e = R.Exp(similarities[j * count + i] * inverseTau - peak);
            if (labels[j] != label && labels[j] >= 0) sum += e;
        }
        return sum > T.Zero ? peak + R.Log(sum) : R.FromDouble(LogZero);
    }

    // stats: [0] n_i, [1] W_i, [2] 1 / |P_i|; the last two are 0 without positives.
    internal static void ForwardKernel<T, R>(
        ArrayView<T> similarities, ArrayView<int> labels, ArrayView<T> stats, ArrayView<T> losses, ArrayView<T> isAnchor, T inverseTau,
        int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= count) return;
        var negatives = LogSumNegatives<T, R>(similarities, labels, inverseTau, i, count);
        var label = labels[i];
        var positives = 0;
        var loss = T.Zero;
        var weight = T.Zero;
        for (var j = 0; j < count; j++)
        {
            if (labels[j] == label && label >= 0 && j != i)
            {
                var z = negatives - similarities[j * count + i] * inverseTau;
                positives++;
                loss += Softplus<T, R>(z);
                weight += Sigmoid<T, R>(z);
            }
        }
        var share = positives > 0 ? T.One / R.FromInt(positives) : T.Zero;
        stats[i] = negatives;
        stats[count + i] = weight * share;
        stats[2 * count + i] = share;
        losses[i] = loss * share;
        isAnchor[i] = positives > 0 ? T.One : T.Zero;
    }

    // The same with a warp per anchor.
    internal static void ForwardRowKernel<T, R>(
        ArrayView<T> similarities, ArrayView<int> labels, ArrayView<T> stats, ArrayView<T> losses, ArrayView<T> isAnchor, T inverseTau,
        int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = WarpRows.Row;
        if (i >= count) return;
        var label = labels[i];
        var negatives = RowLogSumNegatives<T, R>(similarities, labels, inverseTau, i, count);
        var positives = 0;
        var loss = T.Zero;
        var weight = T.Zero;
        for (var j = Warp.LaneIdx; j < count; j += Warp.WarpSize)
        {
            if (labels[j] == label && label >= 0 && j != i)
            {
                var z = negatives - similarities[i * count + j] * inverseTau;
                positives++;
                loss += Softplus<T, R>(z);
                weight += Sigmoid<T, R>(z);
            }
        }
        positives = WarpRows.Sum(positives);
        loss = WarpRows.Sum(loss);
        weight = WarpRows.Sum(weight);
        var share = positives > 0 ? T.One / R.FromInt(positives) : T.Zero;
        if (Warp.LaneIdx != 0) return;
        stats[i] = negatives;
        stats[count + i] = weight * share;
        stats[2 * count + i] = share;
        losses[i] = loss * share;
        isAnchor[i] = positives > 0 ? T.One : T.Zero;
    }

    private static T RowLogSumNegatives<T, R>(ArrayView<T> similarities, ArrayView<int> labels, T inverseTau, int i, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var label = labels[i];
        var peak = R.FromDouble(LogZero);
        for (var j = Warp.LaneIdx; j < count; j += Warp.WarpSize)
        {
            if (labels[j] != label && labels[j] >= 0) peak = R.Max(peak, similarities[i * count + j] * inverseTau);
        }
        peak = WarpRows.Max<T, R>(peak);
        var sum = T.Zero;
        for (var j = Warp.LaneIdx; j < count; j += Warp.WarpSize)
        {
            if (labels[j] != label && labels[j] >= 0) sum += R.Exp(similarities[i * count + j] * inverseTau - peak);
        }
        sum = WarpRows.Sum(sum);
        return sum > T.Zero ? peak + R.Log(sum) : R.FromDouble(LogZero);
    }

    // Rows are anchors j, channels anchors i: h[j, i] = (dL/ds_ij + dL/ds_ji) / tau * gradient[0] / anchors[0].
    internal static void BackwardKernel<T, R>(
        ArrayView<T> similarities, ArrayView<int> labels, ArrayView<T> stats, ArrayView<T> gradient, ArrayView<T> anchors,
        ArrayView<T> h, T inverseTau, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var j = Grid.IdxX;
        var label = labels[j];
        var negatives = stats[j];
        var weight = stats[count + j];
        var share = stats[2 * count + j];
        var factor = gradient[0] * inverseTau / R.Max(anchors[0], T.One);
        for (var i = ChannelLoop.First; i < count; i += ChannelLoop.Step)
        {
            var s = similarities[j * count + i] * inverseTau;
            var value = T.Zero;
            if (labels[i] != label && labels[i] >= 0 && label >= 0)
                value = stats[count + i] * R.Exp(s - stats[i]) + weight * R.Exp(s - negatives);
            else if (labels[i] == label && label >= 0 && i != j)
                value = -(stats[2 * count + i] * Sigmoid<T, R>(stats[i] - s) + share * Sigmoid<T, R>(negatives - s));
            h[j * count + i] = value * factor;
        }
    }

    // Without anchors the total is 0, and so is the mean.
    internal static void MeanKernel<T, R>(ArrayView<T> total, ArrayView<T> anchors, ArrayView<T> loss)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        loss[0] = total[0] / R.Max(anchors[0], T.One);
    }

    /// <summary>The loss of each anchor.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="similarities">[count, count], products of unit vectors, symmetric.</param>
    /// <param name="labels">[count].</param>
    /// <param name="stats">[StatRows, count], receives what backward needs.</param>
    /// <param name="losses">[count], receives the mean over an anchor's positives; 0 without any.</param>
    /// <param name="isAnchor">[count], receives 1 where an anchor has positives, else 0.</param>
    /// <param name="tau">The temperature.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> similarities, ArrayView<int> labels, ArrayView<T> stats, ArrayView<T> losses, ArrayView<T> isAnchor,
        double tau)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var count = labels.IntLength;
        if (host.UsesBlocks)
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int>(
                ForwardRowKernel<T, R>))(
                WarpRows.Config(host, count), similarities, labels, stats, losses, isAnchor, R.FromDouble(1 / tau), count);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int>(
                ForwardKernel<T, R>))(host.Linear(count), similarities, labels, stats, losses, isAnchor, R.FromDouble(1 / tau), count);
    }

    /// <summary>loss[0] = total[0] / anchors[0], or 0 where there are no anchors.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="total">One element: the sum of the anchors' losses.</param>
    /// <param name="anchors">One element: the number of anchors with positives.</param>
    /// <param name="loss">One element.</param>
    public static void Mean<T, R>(KernelHost host, ArrayView<T> total, ArrayView<T> anchors, ArrayView<T> loss)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>>(MeanKernel<T, R>))(
            host.Linear(1), total, anchors, loss);

    /// <summary>The matrix H that gives the embeddings' gradient as the product H E.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="similarities">As in forward.</param>
    /// <param name="labels">As in forward.</param>
    /// <param name="stats">From forward.</param>
    /// <param name="gradient">One element: the gradient of the loss.</param>
    /// <param name="anchors">One element: the number of anchors with positives.</param>
    /// <param name="h">[count, count], receives H.</param>
    /// <param name="tau">The temperature.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> similarities, ArrayView<int> labels, ArrayView<T> stats, ArrayView<T> gradient,
        ArrayView<T> anchors, ArrayView<T> h, double tau)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int>(BackwardKernel<T, R>))(
            ChannelLoop.Config(host, labels.IntLength, labels.IntLength), similarities, labels, stats, gradient, anchors, h,
            R.FromDouble(1 / tau), labels.IntLength);
}
