using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>
/// Rows (pixels, or tiles of them) by groups, channels by lanes: a kernel does what all channels of its row share once, then runs
/// <c>for (var c = ChannelLoop.First; c &lt; channels; c += ChannelLoop.Step)</c>. On the CPU a group takes all channels of a row, so that
/// memory is walked in order; a GPU, or a launch of few rows, spreads them over Grid.Y.
/// </summary>
public static class ChannelLoop
{
    // Groups that keep the cores of a CPU evenly busy.
    private const int WantedGroups = 64;

    // Threads of a group that takes several rows.
    private const int SharedThreads = 256;
    private const int MostSharedLanes = 128;

    /// <summary>The calling thread's row; callable inside kernels that <see cref="Shared"/> launches, which guard it themselves.</summary>
    public static int Row => Grid.IdxX * Group.DimY + Group.IdxY;

    /// <summary>The calling thread's first channel; callable inside kernels that <see cref="Config"/> launches.</summary>
    public static int First => Grid.IdxY * Group.DimX + Group.IdxX;

    /// <summary>From one of the thread's channels to its next.</summary>
    public static int Step => Grid.DimY * Group.DimX;

    /// <summary>The launch: the grid's X is the rows, what share of the channels a group takes depends on the device.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="rows">Rows, at least 1; a kernel finds its row in Grid.IdxX.</param>
    /// <param name="channels">Channels, at least 1.</param>
    /// <param name="images">Where rows are counted within an image: images, which a kernel finds in Grid.IdxZ.</param>
    public static KernelConfig Config(KernelHost host, int rows, int channels, int images = 1) =>
        OfLanes(host, rows, channels, images, host.Lanes);

    /// <summary>
    /// The same with the CPU's widest vectors where the channels fill them, for kernels that know nothing of warps and take several rows of channels that lie
    /// a power of two apart: these compete for the same places in the caches, and a vector of a whole line of the cache fetches each line once.
    /// </summary>
    /// <param name="host">Where to run.</param>
    /// <param name="rows">Rows, at least 1; a kernel finds its row in Grid.IdxX.</param>
    /// <param name="channels">Channels, at least 1.</param>
    public static KernelConfig Widest(KernelHost host, int rows, int channels) =>
        OfLanes(host, rows, channels, 1, channels >= host.ProductLanes ? host.ProductLanes : host.Lanes);

    private static KernelConfig OfLanes(KernelHost host, int rows, int channels, int images, int most)
    {
        var warp = host.Accelerator.WarpSize;
        var lanes = Math.Min(most, KernelHost.Blocks(channels, warp) * warp);
        var blocks = KernelHost.Blocks(channels, lanes);
        var wanted = host.Accelerator.AcceleratorType == AcceleratorType.CPU ? KernelHost.Blocks(WantedGroups, rows * images) : blocks;
        return new KernelConfig(new Index3D(rows, Math.Min(blocks, wanted), images), new Index3D(lanes, 1, 1));
    }

    /// <summary>The launch for kernels that find their row in <see cref="Row"/>: on a GPU a group takes as many rows as it has threads for.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="channels">Channels (or quads of them), at least 1.</param>
    public static KernelConfig Shared(KernelHost host, int rows, int channels)
    {
        if (host.Accelerator.AcceleratorType == AcceleratorType.CPU) return Config(host, rows, channels);
        var blocks = KernelHost.Blocks(channels, MostSharedLanes);
        var lanes = KernelHost.Blocks(channels, blocks);
        var groupRows = Math.Min(SharedThreads / lanes, rows);
        return new KernelConfig(new Index3D(KernelHost.Blocks(rows, groupRows), blocks, 1), new Index3D(lanes, groupRows, 1));
    }
}
