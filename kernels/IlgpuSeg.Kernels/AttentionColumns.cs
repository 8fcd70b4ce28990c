// Where a lane's columns lie in the kernels of attention with a query (key) per lane, and what fills and empties them.
//
// A block of columns is [channels, lanes]: a thread runs down the channels of its own position while neighbouring lanes use neighbouring
// memory. It is contiguous: a plain transpose's rows would lie a power of two apart and fall into the same cache sets.
//
// Where threads share out channels, all of them run through all rounds and those beyond the last channel do nothing: a loop that they left one by
// one would have the CPU's compiler emit every kernel twice, for full and for partial vectors, which are then more variables than .NET's compiler tracks.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Columns of a launch over (samples, shares of an image's positions); callable inside kernels.</summary>
internal static class AttentionColumns
{
    // Groups of a launch on a CPU: enough to keep its cores evenly busy, few enough that what each group computes for itself is little.
    private const int CpuGroups = 32;

    // Of a small map for the same reason: blocks of a group at least.
    private const int CpuBlocks = 4;

    /// <summary>The first block of the calling group's share.</summary>
    public static int First(int positions) => Grid.IdxY * Blocks(positions) / Grid.DimY;

    /// <summary>The end of the calling group's share.</summary>
    public static int End(int positions) => (Grid.IdxY + 1) * Blocks(positions) / Grid.DimY;

    /// <summary>Positions of a block.</summary>
    public static int Count(int block, int positions) => Smaller(Group.DimX, positions - block * Group.DimX);

    /// <summary>The calling thread's position, counted over all samples; beyond the last one, that.</summary>
    public static int Row(int block, int positions) => Grid.IdxX * positions + Smaller(block * Group.DimX + Group.IdxX, positions - 1);

    /// <summary>Whether the calling thread's position is one of its own, not the last one's repetition.</summary>
    public static bool Owns(int block, int positions) => block * Group.DimX + Group.IdxX < positions;

    /// <summary>The calling thread's first column in a workspace of so many channels for each group.</summary>
    public static int Workspace(int channels) => (Grid.IdxX * Grid.DimY + Grid.IdxY) * channels * Group.DimX + Group.IdxX;

    /// <summary>The start of a block in a map of blocks.</summary>
    public static int KeptBlock(int block, int positions, int channels) => (Grid.IdxX * Blocks(positions) + block) * channels * Group.DimX;

    /// <summary>The calling thread's column in a map of blocks.</summary>
    public static int Kept(int block, int positions, int channels) => KeptBlock(block, positions, channels) + Group.IdxX;

    /// <summary>A row into the calling thread's column.</summary>
    public static void Load<T>(ArrayView<T> columns, int column, ArrayView<T> x, int row, int channels)
        where T : unmanaged
    {
        for (var c = 0; c < channels; c++) columns[column + c * Group.DimX] = x[row + c];
    }

    /// <summary>A row minus means into the calling thread's column.</summary>
    public static void LoadCentered<T>(ArrayView<T> columns, int column, ArrayView<T> x, int row, ArrayView<T> means, int mean, int channels)
        where T : unmanaged, INumber<T>
    {
        for (var c = 0; c < channels; c++) columns[column + c * Group.DimX] = x[row + c] - means[mean + c];
    }

    /// <summary>Zeros into the calling thread's column.</summary>
    public static void Clear<T>(ArrayView<T> columns, int column, int channels)
        where T : unmanaged, INumber<T>
    {
        for (var c = 0; c < channels; c++) columns[column + c * Group.DimX] = T.Zero;
    }

    /// <summary>Rows of a block from its columns, lanes along the channels; behind a barrier.</summary>
    /// <param name="y">The map of rows.</param>
    /// <param name="row">The block's first row.</param>
    /// <param name="count">Its rows.</param>
    /// <param name="columns">Blocks of columns.</param>
    /// <param name="block">The block's first element.</param>
    /// <param name="channels">Channels.</param>
    public static void Store<T>(ArrayView<T> y, int row, int count, ArrayView<T> columns, int block, int channels)
        where T : unmanaged
    {
        for (var r = 0; r < count; r++)
        {
            for (var at = 0; at < channels; at += Group.DimX)
            {
                var c = at + Group.IdxX;
                if (c < channels) y[(row + r) * channels + c] = columns[block + c * Group.DimX + r];
            }
        }
    }

    /// <summary>The launch over (samples, shares of an image's positions).</summary>
    public static KernelConfig Config(KernelHost host, int samples, int positions) =>
        new(new Index3D(samples, Shares(host, samples, positions), 1), new Index3D(host.Lanes, 1, 1));

    /// <summary>Groups that share out an image's positions.</summary>
    public static int Shares(KernelHost host, int samples, int positions)
    {
        var blocks = KernelHost.Blocks(positions, host.Lanes);
        return host.Accelerator.AcceleratorType == AcceleratorType.CPU ? Math.Min(KernelHost.Blocks(blocks, CpuBlocks), KernelHost.Blocks(CpuGroups, samples)) : blocks;
    }

    private static int Blocks(int positions) => (positions + Group.DimX - 1) / Group.DimX;

    private static int Smaller(int a, int b) => a < b ? a : b;
}
