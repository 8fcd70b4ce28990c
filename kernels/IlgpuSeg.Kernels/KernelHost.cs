using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels;

/// <summary>How matrix products and convolutions are cut.</summary>
public enum ProductTiles
{
    /// <summary>A few rows by one or two vectors of columns, in registers: for CPUs.</summary>
    Vectors,

    /// <summary>Block tiles in shared memory, register tiles in each thread: for GPUs.</summary>
    Blocks,
}

/// <summary>Which convolutions of 3 x 3 with stride 1 go by minimal filtering.</summary>
public enum MinimalFiltering
{
    /// <summary>None.</summary>
    Nowhere,

    /// <summary>On CPUs those that are shorter that way.</summary>
    WhereItPays,

    /// <summary>All, for tests.</summary>
    Everywhere,
}

/// <summary>
/// What a launcher needs of an accelerator: its loaded kernels and launch shapes that suit it. One per accelerator.
/// </summary>
/// <param name="accelerator">The accelerator on which kernels are loaded; the caller keeps ownership.</param>
public sealed class KernelHost(Accelerator accelerator)
{
    /// <summary>Threads of a group on a GPU: enough warps to hide latency, few enough for many registers each.</summary>
    private const int GpuGroupSize = 128;

    // Keyed by the identity of the loading lambda: C# creates a static lambda once per generic instantiation, so the
    // reference stands for (kernel method, type arguments) and a lookup needs no hashing of names.
    private readonly ConcurrentDictionary<Delegate, Delegate> loaded = new(ReferenceKey.Instance);

    /// <summary>The accelerator that runs the kernels.</summary>
    public Accelerator Accelerator { get; } = accelerator;

    /// <summary>
    /// Threads of a group that run along consecutive channels or elements: a SIMD vector on the CPU, a few warps on a GPU.
    /// </summary>
    public int Lanes { get; } = accelerator.AcceleratorType == AcceleratorType.CPU ? accelerator.WarpSize : GpuGroupSize;

    /// <summary>
    /// Threads of a group of the products in registers: the CPU's widest vector, which needs as many columns to be full. A multiple of the
    /// warp's size, and <see cref="Lanes"/> on a GPU. Follows from the accelerator unless it is set.
    /// </summary>
    public int ProductLanes { get; init; } = accelerator.AcceleratorType == AcceleratorType.CPU ? CpuVectors.Lanes(accelerator) : GpuGroupSize;

    /// <summary>
    /// Blocks of lanes that a group of those products computes at most, 2 or 4: a CPU of such wide vectors has registers for the sums of four.
    /// Follows from the accelerator unless it is set.
    /// </summary>
    public int ProductBlocks { get; init; } =
        accelerator.AcceleratorType == AcceleratorType.CPU && CpuVectors.Lanes(accelerator) > accelerator.WarpSize ? 4 : 2;

    /// <summary>How products are cut; follows from the accelerator unless it is set.</summary>
    public ProductTiles Products { get; init; } = accelerator.AcceleratorType == AcceleratorType.CPU ? ProductTiles.Vectors : ProductTiles.Blocks;

    /// <summary>Whether reductions and maps take their GPU's form too; goes with <see cref="Products"/>.</summary>
    internal bool UsesBlocks => Products == ProductTiles.Blocks;

    /// <summary>Which convolutions go by minimal filtering, with fewer multiplications and more additions (Winograd.cs).</summary>
    public MinimalFiltering MinimalFiltering { get; init; } = MinimalFiltering.WhereItPays;

    /// <summary>The multiprocessors that larger tiles should suffice for; the accelerator's unless it is set.</summary>
    public int Multiprocessors { get; init; } = accelerator.NumMultiprocessors;

    /// <summary>
    /// Whether products of floats may round their operands to tf32 (10 bits of fraction) where that is faster. Off unless it is set: float
    /// means float. (PyTorch has the same switch, on for convolutions and off for matrix products.)
    /// </summary>
    public bool AllowTf32 { get; set; }

    /// <summary>
    /// Whether products of floats may run in tf32 now: <see cref="AllowTf32"/> unless this thread is within <see cref="AllowingTf32"/>, or within
    /// <see cref="FactorsFitTf32"/>.
    /// </summary>
    internal bool Tf32Now => (Tf32OfThread ?? AllowTf32) || factorsFitTf32;

    [ThreadStatic]
    private static bool factorsFitTf32;

    [ThreadStatic]
    private static bool? allowsTf32;

    /// <summary>What <see cref="AllowingTf32"/> says for this thread; null outside of it.</summary>
    public static bool? Tf32OfThread => allowsTf32;

    /// <summary>
    /// Says for this thread's products on all devices, until the result is disposed, whether they may round their operands to tf32 as
    /// <see cref="AllowTf32"/> describes: runs of different precisions can share a device.
    /// </summary>
    /// <param name="allow">Whether they may.</param>
    public static IDisposable AllowingTf32(bool allow)
    {
        var before = allowsTf32;
        allowsTf32 = allow;
        return new Restoring(() => allowsTf32 = before);
    }

    /// <summary>
    /// Says that the operands of this thread's products are tf32 numbers until the result is disposed (such as those widened from bfloat16):
    /// tf32 then loses nothing, so that products may use it.
    /// </summary>
    public static IDisposable FactorsFitTf32()
    {
        var before = factorsFitTf32;
        factorsFitTf32 = true;
        return new Restoring(() => factorsFitTf32 = before);
    }

    /// <summary>Whether the accelerator has the instructions of <see cref="TensorCore"/>; kernels that use them run everywhere, but slowly.</summary>
    public bool HasTensorCores { get; init; } = TensorCore.IsNative(accelerator);

    /// <summary>Whether products of tensors stored in bfloat16 have kernels of their own here, on tensor cores.</summary>
    public bool MultipliesBFloat16 => Products == ProductTiles.Blocks && HasTensorCores;

    /// <summary>Loads a kernel at its first use and returns its launcher.</summary>
    /// <typeparam name="TLauncher">The launcher's delegate type, as <see cref="KernelLoaders"/> returns it.</typeparam>
    /// <param name="load">A <b>static</b> lambda that loads the kernel; its identity is the cache's key.</param>
    public TLauncher Load<TLauncher>(Func<Accelerator, TLauncher> load)
        where TLauncher : Delegate
    {
        if (loaded.TryGetValue(load, out var launcher))
            return Unsafe.As<TLauncher>(launcher);
        return (TLauncher)loaded.GetOrAdd(load, load(Accelerator));
    }

    /// <summary>The launch of one thread per element of a flat array.</summary>
    /// <param name="count">The number of elements; at least 1.</param>
    public KernelConfig Linear(int count) => new(Blocks(count, Lanes), Lanes);

    /// <summary>
    /// The launch of one group per row and block of channels: the grid is (rows, ceil(channels / lanes)), so a kernel finds
    /// its row in Grid.IdxX and its channel in Grid.IdxY * Group.DimX + Group.IdxX.
    /// </summary>
    /// <param name="rows">Rows (pixels, or tiles of pixels); at least 1.</param>
    /// <param name="channels">Channels; at least 1.</param>
    public KernelConfig Rows(int rows, int channels) =>
        new(new Index3D(rows, Blocks(channels, Lanes), 1), new Index3D(Lanes, 1, 1));

    /// <summary>ceil(count / size).</summary>
    public static int Blocks(int count, int size) => (int)(((long)count + size - 1) / size);

    /// <summary>Waits until everything launched so far has run.</summary>
    public void Synchronize() => Accelerator.Synchronize();

    private sealed class Restoring(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }

    private sealed class ReferenceKey : IEqualityComparer<Delegate>
    {
        public static readonly ReferenceKey Instance = new();

        public bool Equals(Delegate? x, Delegate? y) => ReferenceEquals(x, y);

        public int GetHashCode(Delegate obj) => RuntimeHelpers.GetHashCode(obj);
    }
}
