// Mean and variance of each channel of [rows, channels] for GPUs, in two stages (ColumnBlock.cs).
//
// 1. A thread takes four channels of every slots-th row of its chunk, four rows at a time: their mean, the squared deviations from it, and Chan,
//    Golub and LeVeque's update of what it has. The group's mean is that of the slots' means; each slot's squares move to it
//    (+ n (mean - group's mean)^2), then they are added.
// 2. 64 threads for each channel share out the chunks, and merge them in the same way, in double.
//
// Memory: x is read once; partial results are [2, chunks, channels]. Accumulation: in T in the first stage, in double in the second, in an order that
// follows from the shape alone; the variance is never a difference of large sums.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Mean and sum of squared deviations of each of a thread's four columns, over as many rows.</summary>
internal struct ColumnMoments<T>
    where T : unmanaged
{
    public Tile4<T> Mean, Squares;
    public T Count;
}

/// <summary>The batch's statistics by groups that share out rows: the GPU's form of <see cref="BatchNormKernels.BatchStatistics"/>.</summary>
internal static class BatchNormBlock
{
    private const int Slots = ColumnBlockSums.FinishSlots;

    internal static void MomentsKernel<T, R, TLoad>(ArrayView<T> x, ArrayView<Tile4<T>> quads, ArrayView<T> partials, ColumnCut cut)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TLoad : struct, IColumnLoad
    {
        var sharedMeans = SharedMemory.Allocate<T>(4 * ColumnBlock.Threads);
        var sharedSquares = SharedMemory.Allocate<T>(4 * ColumnBlock.Threads);
        var p = ColumnBlock.Place<TLoad>(cut);
        var left = cut.Columns - p.Column;
        var rowStep = p.Step * cut.Columns;
        ColumnMoments<T> m;
        m.Mean = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        m.Squares = m.Mean;
        m.Count = T.Zero;
        var r = p.Row;
        var at = r * cut.Columns + p.Column;
        for (; r + 3 * p.Step < p.End; r += 4 * p.Step)
        {
            var x0 = TLoad.Load(x, quads, at, p.ColumnStep, left);
            var x1 = TLoad.Load(x, quads, at + rowStep, p.ColumnStep, left);
            var x2 = TLoad.Load(x, quads, at + 2 * rowStep, p.ColumnStep, left);
            var x3 = TLoad.Load(x, quads, at + 3 * rowStep, p.ColumnStep, left);
            m = Merge<T, R>(m, OfFour<T, R>(x0, x1, x2, x3));
            at += 4 * rowStep;
        }
        for (; r < p.End; r += p.Step)
        {
            ColumnMoments<T> one;
            one.Mean = TLoad.Load(x, quads, at, p.ColumnStep, left);
            one.Squares = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
            one.Count = T.One;
            m = Merge<T, R>(m, one);
            at += rowStep;
        }
        Combine<T, R, TLoad>(sharedMeans, sharedSquares, m, p, partials, cut);
    }

    // Merges the chunks and moves the running statistics. Grid: blocks of channels.
    internal static void MergeKernel<T, R>(
        ArrayView<T> partials, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> runningMean, ArrayView<T> runningVar,
        double momentum, double eps, ColumnCut cut)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shared = SharedMemory.Allocate<double>(ColumnBlock.Threads);
        var sharedSquares = SharedMemory.Allocate<double>(ColumnBlock.Threads);
        var slot = ColumnBlockSums.FinishSlot;
        var c = ColumnBlockSums.FinishColumn;
        var total = 0.0;
        if (c < cut.Columns)
        {
            // Four loads on their way at once: a group has few chunks, and waiting for each is all that it would do.
            var k = slot;
            for (; k + 3 * Slots < cut.Chunks; k += 4 * Slots)
            {
                var m0 = partials[k * cut.Columns + c];
                var m1 = partials[(k + Slots) * cut.Columns + c];
                var m2 = partials[(k + 2 * Slots) * cut.Columns + c];
                var m3 = partials[(k + 3 * Slots) * cut.Columns + c];
                total += R.ToDouble(m0) * RowsOf(cut, k) + R.ToDouble(m1) * RowsOf(cut, k + Slots);
                total += R.ToDouble(m2) * RowsOf(cut, k + 2 * Slots) + R.ToDouble(m3) * RowsOf(cut, k + 3 * Slots);
            }
            for (; k < cut.Chunks; k += Slots)
                total += R.ToDouble(partials[k * cut.Columns + c]) * RowsOf(cut, k);
        }
        total = ColumnBlockSums.CombineFinish(shared, total) / cut.Rows;
        var squares = 0.0;
        if (c < cut.Columns)
        {
            for (var k = slot; k < cut.Chunks; k += Slots)
            {
                var delta = R.ToDouble(partials[k * cut.Columns + c]) - total;
                squares += R.ToDouble(partials[(cut.Chunks + k) * cut.Columns + c]) + delta * delta * RowsOf(cut, k);
            }
        }
        squares = ColumnBlockSums.CombineFinish(sharedSquares, squares);
        if (slot != 0 || c >= cut.Columns) return;
        mean[c] = R.FromDouble(total);
        inverseDeviation[c] = R.FromDouble(Real64.Rsqrt(squares / cut.Rows + eps));
        runningMean[c] = R.FromDouble((1.0 - momentum) * R.ToDouble(runningMean[c]) + momentum * total);
        runningVar[c] = R.FromDouble((1.0 - momentum) * R.ToDouble(runningVar[c]) + momentum * (squares / (cut.Rows - 1)));
    }

    private static void Combine<T, R, TLoad>(
        ArrayView<T> sharedMeans, ArrayView<T> sharedSquares, ColumnMoments<T> m, ColumnPlace p, ArrayView<T> partials, ColumnCut cut)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TLoad : struct, IColumnLoad
    {
        var sum = ColumnBlock.Combine(sharedMeans, p, cut.Lanes, Scale(m.Mean, m.Count));
        var first = Grid.IdxX * cut.ChunkRows;
        var share = T.One / R.FromInt(cut.Rows - first < cut.ChunkRows ? cut.Rows - first : cut.ChunkRows);
        var lane = Group.IdxX & (cut.Lanes - 1);
        // The tree leaves the sums with slot 0, for all slots to read.
        Group.Barrier();
        var mean = Scale(Tile4.Load(sharedMeans, 4 * lane), share);
        var squares = ColumnBlock.Combine(
            sharedSquares, p, cut.Lanes,
            Tile4.Of(
                Moved<T, R>(m.Squares.V0, m.Mean.V0 - mean.V0, m.Count), Moved<T, R>(m.Squares.V1, m.Mean.V1 - mean.V1, m.Count),
                Moved<T, R>(m.Squares.V2, m.Mean.V2 - mean.V2, m.Count), Moved<T, R>(m.Squares.V3, m.Mean.V3 - mean.V3, m.Count)));
        if (p.Slot == 0)
        {
            ColumnBlock.Store(partials, Grid.IdxX, p, cut.Columns, mean);
            ColumnBlock.Store(partials, Grid.DimX + Grid.IdxX, p, cut.Columns, squares);
        }
    }

    private static double RowsOf(ColumnCut cut, int chunk)
    {
        var first = chunk * cut.ChunkRows;
        return cut.Rows - first < cut.ChunkRows ? cut.Rows - first : cut.ChunkRows;
    }

    private static T Moved<T, R>(T squares, T distance, T count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => R.Fma(distance * count, distance, squares);

    private static Tile4<T> Scale<T>(Tile4<T> x, T factor)
        where T : unmanaged, INumber<T> => Tile4.Of(x.V0 * factor, x.V1 * factor, x.V2 * factor, x.V3 * factor);

    /// <summary>The moments of four rows.</summary>
    private static ColumnMoments<T> OfFour<T, R>(Tile4<T> x0, Tile4<T> x1, Tile4<T> x2, Tile4<T> x3)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        ColumnMoments<T> m;
        m.Count = R.FromInt(4);
        m.Mean = Scale(Tile4.Add(Tile4.Add(x0, x1), Tile4.Add(x2, x3)), R.FromDouble(0.25));
        m.Squares = Tile4.Of(
            Squares<T, R>(x0.V0, x1.V0, x2.V0, x3.V0, m.Mean.V0), Squares<T, R>(x0.V1, x1.V1, x2.V1, x3.V1, m.Mean.V1),
            Squares<T, R>(x0.V2, x1.V2, x2.V2, x3.V2, m.Mean.V2), Squares<T, R>(x0.V3, x1.V3, x2.V3, x3.V3, m.Mean.V3));
        return m;
    }

    private static T Squares<T, R>(T x0, T x1, T x2, T x3, T mean)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (d0, d1, d2, d3) = (x0 - mean, x1 - mean, x2 - mean, x3 - mean);
        return R.Fma(d0, d0, R.Fma(d1, d1, R.Fma(d2, d2, d3 * d3)));
    }

    private static ColumnMoments<T> Merge<T, R>(ColumnMoments<T> m, ColumnMoments<T> other)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var count = m.Count + other.Count;
        var share = other.Count / count;
        var weight = m.Count * share;
        var d = Tile4.Of(
            other.Mean.V0 - m.Mean.V0, other.Mean.V1 - m.Mean.V1, other.Mean.V2 - m.Mean.V2, other.Mean.V3 - m.Mean.V3);
        m.Squares = Tile4.Add(m.Squares, Tile4.Of(
            Moved<T, R>(other.Squares.V0, d.V0, weight), Moved<T, R>(other.Squares.V1, d.V1, weight),
            Moved<T, R>(other.Squares.V2, d.V2, weight), Moved<T, R>(other.Squares.V3, d.V3, weight)));
        m.Mean = Tile4.Fma<T, R>(share, d, m.Mean);
        m.Count = count;
        return m;
    }

    /// <summary>Mean and 1 / deviation of each channel; moves the running ones. As <see cref="BatchNormKernels.BatchStatistics"/>.</summary>
    public static void Statistics<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> workspace, ArrayView<T> mean, ArrayView<T> inverseDeviation,
        ArrayView<T> runningMean, ArrayView<T> runningVar, double momentum, double eps, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var cut = ColumnBlock.Cut(rows, channels);
        if (ColumnBlock.TakesQuads(channels, x))
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<T>, ColumnCut>(MomentsKernel<T, R, TogetherLoad>))(
                ColumnBlock.Config(cut), default, ColumnBlock.Quads(x), workspace, cut);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<T>, ColumnCut>(MomentsKernel<T, R, ApartLoad>))(
                ColumnBlock.Config(cut), x, default, workspace, cut);
        Merge<T, R>(host, workspace, mean, inverseDeviation, runningMean, runningVar, momentum, eps, cut);
    }

    /// <summary>The second stage: the statistics from those of the chunks, [2, chunks, channels].</summary>
    internal static void Merge<T, R>(
        KernelHost host, ArrayView<T> partials, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> runningMean,
        ArrayView<T> runningVar, double momentum, double eps, in ColumnCut cut)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, double, double, ColumnCut>(
            MergeKernel<T, R>))(
            ColumnBlockSums.FinishConfig(cut.Columns), partials, mean, inverseDeviation, runningMean, runningVar, momentum, eps, cut);
}
