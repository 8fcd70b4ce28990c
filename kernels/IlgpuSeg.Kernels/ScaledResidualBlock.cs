// The gradients of a scaled residual connection for GPUs: dbranch = dy * scale * drop in the pass that sums dy * branch * drop over rows.
//
// Memory and cut as in ColumnBlockSums.cs; a chunk lies within a sample. Accumulation: in T in a chunk, in an order that follows from the shape alone.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The backward pass of <see cref="ScaledResidualKernels"/> by groups that share out rows.</summary>
internal static class ScaledResidualBlock
{
    // Grid: (chunks of a sample's rows, blocks of channels, samples); partials are [samples, chunks, channels].
    internal static void BackwardKernel<T, R, TLoad>(
        ArrayView<T> dy, ArrayView<T> branch, ArrayView<T> dbranch, ArrayView<Tile4<T>> dyQuads, ArrayView<Tile4<T>> branchQuads,
        ArrayView<Tile4<T>> dbranchQuads, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> partials, ColumnCut cut)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TLoad : struct, IColumnLoad
    {
        var shared = SharedMemory.Allocate<T>(4 * ColumnBlock.Threads);
        var p = ColumnBlock.Place<TLoad>(cut);
        var left = cut.Columns - p.Column;
        var rowStep = p.Step * cut.Columns;
        var share = drop[Grid.IdxZ];
        var factor = Scale(ApartLoad.Read(scale, p.Column, p.ColumnStep, left), share);
        var sum = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        var r = p.Row;
        var at = (Grid.IdxZ * cut.Rows + r) * cut.Columns + p.Column;
        for (; r + 3 * p.Step < p.End; r += 4 * p.Step)
        {
            var g0 = TLoad.Load(dy, dyQuads, at, p.ColumnStep, left);
            var g1 = TLoad.Load(dy, dyQuads, at + rowStep, p.ColumnStep, left);
            var g2 = TLoad.Load(dy, dyQuads, at + 2 * rowStep, p.ColumnStep, left);
            var g3 = TLoad.Load(dy, dyQuads, at + 3 * rowStep, p.ColumnStep, left);
            var b0 = TLoad.Load(branch, branchQuads, at, p.ColumnStep, left);
            var b1 = TLoad.Load(branch, branchQuads, at + rowStep, p.ColumnStep, left);
            var b2 = TLoad.Load(branch, branchQuads, at + 2 * rowStep, p.ColumnStep, left);
            var b3 = TLoad.Load(branch, branchQuads, at + 3 * rowStep, p.ColumnStep, left);
            TLoad.Store(dbranch, dbranchQuads, at, p.ColumnStep, left, Multiply(g0, factor));
            TLoad.Store(dbranch, dbranchQuads, at + rowStep, p.ColumnStep, left, Multiply(g1, factor));
            TLoad.Store(dbranch, dbranchQuads, at + 2 * rowStep, p.ColumnStep, left, Multiply(g2, factor));
            TLoad.Store(dbranch, dbranchQuads, at + 3 * rowStep, p.ColumnStep, left, Multiply(g3, factor));
            sum = Fma<T, R>(g3, b3, Fma<T, R>(g2, b2, Fma<T, R>(g1, b1, Fma<T, R>(g0, b0, sum))));
            at += 4 * rowStep;
        }
        for (; r < p.End; r += p.Step)
        {
            var g0 = TLoad.Load(dy, dyQuads, at, p.ColumnStep, left);
            var b0 = TLoad.Load(branch, branchQuads, at, p.ColumnStep, left);
            TLoad.Store(dbranch, dbranchQuads, at, p.ColumnStep, left, Multiply(g0, factor));
            sum = Fma<T, R>(g0, b0, sum);
            at += rowStep;
        }
        sum = ColumnBlock.Combine(shared, p, cut.Lanes, Scale(sum, share));
        if (p.Slot == 0) ColumnBlock.Store(partials, Grid.IdxZ * Grid.DimX + Grid.IdxX, p, cut.Columns, sum);
    }

    private static Tile4<T> Scale<T>(Tile4<T> x, T factor)
        where T : unmanaged, INumber<T> => Tile4.Of(x.V0 * factor, x.V1 * factor, x.V2 * factor, x.V3 * factor);

    private static Tile4<T> Multiply<T>(Tile4<T> a, Tile4<T> b)
        where T : unmanaged, INumber<T> => Tile4.Of(a.V0 * b.V0, a.V1 * b.V1, a.V2 * b.V2, a.V3 * b.V3);

    private static Tile4<T> Fma<T, R>(Tile4<T> a, Tile4<T> b, Tile4<T> sum)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => Tile4.Of(
        R.Fma(a.V0, b.V0, sum.V0), R.Fma(a.V1, b.V1, sum.V1), R.Fma(a.V2, b.V2, sum.V2), R.Fma(a.V3, b.V3, sum.V3));

    /// <summary>The gradient of branch, and partial sums of the scale's; as <see cref="ScaledResidualKernels.Backward"/>.</summary>
    /// <returns>How many rows of partial sums, [channels] each, the workspace holds.</returns>
    public static int Backward<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> branch, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> workspace,
        ArrayView<T> dbranch, int sampleRows)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (samples, channels) = (drop.IntLength, scale.IntLength);
        var cut = ColumnBlock.Cut(sampleRows, channels);
        var config = ColumnBlock.Config(cut, samples);
        if (ColumnBlock.TakesQuads(channels, dy, branch, dbranch))
            host.Load(static d => Load<T, R, TogetherLoad>(d))(
                config, default, default, default, ColumnBlock.Quads(dy), ColumnBlock.Quads(branch), ColumnBlock.Quads(dbranch), scale, drop,
                workspace, cut);
        else
            host.Load(static d => Load<T, R, ApartLoad>(d))(
                config, dy, branch, dbranch, default, default, default, scale, drop, workspace, cut);
        return samples * cut.Chunks;
    }

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>,
        ArrayView<T>, ArrayView<T>, ArrayView<T>, ColumnCut> Load<T, R, TLoad>(Accelerator device)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TLoad : struct, IColumnLoad =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>,
            ArrayView<T>, ArrayView<T>, ArrayView<T>, ColumnCut>(BackwardKernel<T, R, TLoad>);
}
