using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>
/// The disentangled attention as a device computes it: one kernel forward, two backward, a query (key) per lane (Attention.cs) or by block tiles
/// (AttentionBlock.cs).
/// </summary>
public static class AttentionHost
{
    /// <summary>Below any scaled product, and safe to subtract from one in single precision.</summary>
    internal const double Lowest = -1e30;

    /// <summary>Rows of the statistics.</summary>
    public const int StatRows = 3;

    /// <summary>Elements of o.</summary>
    public static int ResultLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged => checked(shape.Samples * Padded<T>(host, shape.Positions) * shape.Channels);

    /// <summary>Elements of the rows that forward keeps.</summary>
    public static int RowsLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged => checked(shape.Samples * Shares<T>(host, shape.Samples, shape.Positions) * AttentionRow.Length(shape));

    /// <summary>Elements of forward's workspace.</summary>
    public static int WorkspaceLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged => AttentionBlock.Takes<T>(host) ? 0 : checked(shape.Samples * Shares<T>(host, shape.Samples, shape.Positions) * host.Lanes * shape.KeyChannels);

    /// <summary>Elements of backward's sums.</summary>
    public static int SumsLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged => checked(
            shape.Samples * (Shares<T>(host, shape.Samples, shape.Positions) + Shares<T>(host, shape.Samples, shape.Keys)) * AttentionTotals.Length(shape));

    /// <summary>Elements of backward's centred queries.</summary>
    public static int CenteredLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged => AttentionBlock.Takes<T>(host) ? 0 : checked(shape.Samples * shape.Positions * shape.KeyChannels);

    /// <summary>Elements of backward's columns.</summary>
    public static int ColumnsLength<T>(KernelHost host, AttentionShape shape)
        where T : unmanaged
    {
        if (AttentionBlock.Takes<T>(host)) return 0;
        var queries = Shares<T>(host, shape.Samples, shape.Positions) * (2 * shape.KeyChannels + shape.Channels);
        var keys = Shares<T>(host, shape.Samples, shape.Keys) * 2 * (shape.KeyChannels + shape.Channels);
        return checked(shape.Samples * host.Lanes * Math.Max(queries, keys));
    }

    /// <summary>y [samples, positions, channels] = gamma * the pairwise term + the unary term, in one launch.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="maps">The operands.</param>
    /// <param name="kept">Receives what backward needs.</param>
    /// <param name="y">Receives the result.</param>
    /// <param name="workspace"><see cref="WorkspaceLength"/> elements.</param>
    /// <param name="scale">The factor of the products before the softmax.</param>
    /// <param name="shape">The extents, each at least 1.</param>
    public static void Forward<T, R>(
        KernelHost host, AttentionMaps<T> maps, AttentionKept<T> kept, ArrayView<T> y, ArrayView<T> workspace, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (AttentionBlock.Takes<T>(host)) AttentionBlock.Forward<T, R>(host, maps, kept, y, scale, shape);
        else AttentionKernels.Forward<T, R>(host, maps, kept, y, workspace, scale, shape);
    }

    /// <summary>All gradients, in two launches.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="maps">The operands.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="kept">From forward; the third row of the statistics is written.</param>
    /// <param name="gradients">Receive the gradients.</param>
    /// <param name="scratch">Workspaces.</param>
    /// <param name="scale">As in forward.</param>
    /// <param name="shape">As in forward.</param>
    public static void Backward<T, R>(
        KernelHost host, AttentionMaps<T> maps, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> gradients, AttentionScratch<T> scratch,
        double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (AttentionBlock.Takes<T>(host)) AttentionBlockBackward.Backward<T, R>(host, maps, dy, kept, gradients, scratch, scale, shape);
        else AttentionBackwardKernels.Backward<T, R>(host, maps, dy, kept, gradients, scratch, scale, shape);
    }

    // Groups that share out a sample's positions; by block tiles an upper bound.
    private static int Shares<T>(KernelHost host, int samples, int positions)
        where T : unmanaged => AttentionBlock.Takes<T>(host)
            ? KernelHost.Blocks(positions, SmallAttentionTile.Size)
            : AttentionColumns.Shares(host, samples, positions);

    private static int Padded<T>(KernelHost host, int positions)
        where T : unmanaged => AttentionBlock.Takes<T>(host) ? positions : KernelHost.Blocks(positions, host.Lanes) * host.Lanes;
}
