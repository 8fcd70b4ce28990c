using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Launches matrix products by block tiles: the GPU's form of <see cref="Gemm"/>.</summary>
internal static class BlockProduct
{
    /// <summary>Larger tiles are taken where there are at least this many of them for each multiprocessor.</summary>
    private const int TilesPerMultiprocessor = 1;

    /// <summary>C = epilogue((C +) A B (+ bias)); the views are complete and checked.</summary>
    public static void Run<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, in GemmShape shape, in GemmRight right,
        EpilogueOperands<T> epilogue, int batches)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var blocks = Blocks(shape, right);
        if (typeof(T) == typeof(float) && host.AllowTf32 && host.HasTensorCores && TensorProduct.Takes(a, b, shape, right, blocks, 4))
        {
            TensorProduct.RunTf32<T, TEpilogue>(host, a, b, bias, c, shape, right, blocks, epilogue, batches);
            return;
        }
        var quads = TakesQuads(a, b, shape, right, blocks);
        if (quads && Unsafe.SizeOf<T>() == sizeof(float) && FillsDevice(host, shape, batches))
        {
            blocks.TileColumns = KernelHost.Blocks(shape.Columns, GemmBlock.Large);
            host.Load(static d => LoadLarge<T, R, TEpilogue>(d))(
                Config(shape.Rows, GemmBlock.Large, blocks.TileColumns, batches), a, b, Quads(a), Quads(b), bias, c, shape, right, blocks, epilogue);
            return;
        }
        blocks.TileColumns = KernelHost.Blocks(shape.Columns, GemmBlock.Small);
        var launch = Config(shape.Rows, GemmBlock.Small, blocks.TileColumns, batches);
        if (quads)
            host.Load(static d => LoadSmall<T, R, TEpilogue, QuadLoad>(d))(launch, a, b, Quads(a), Quads(b), bias, c, shape, right, blocks, epilogue);
        else
            host.Load(static d => LoadSmall<T, R, TEpilogue, SingleLoad>(d))(launch, a, b, default, default, bias, c, shape, right, blocks, epilogue);
    }

    /// <summary>How the depth is cut, and in which direction the operands lie.</summary>
    internal static GemmBlocks Blocks(in GemmShape shape, in GemmRight right) => new()
    {
        RunLength = shape.Depth <= right.DepthInner
            ? shape.SegmentLength
            : (int)BigInteger.GreatestCommonDivisor(shape.SegmentLength, right.DepthInner),
        DepthFirstA = shape.AStep == 1 ? 1 : 0,
        DepthFirstB = right.Inner == 1 && right.Column != 1 ? 1 : 0,
    };

    /// <summary>The launch of one group per tile, columns first.</summary>
    internal static KernelConfig Config(int rows, int tile, int tileColumns, int batches) => new(
        new Index3D(Gemm.Elements("the grid of a product", KernelHost.Blocks(rows, tile), tileColumns), 1, batches),
        new Index3D(GemmStaging.Threads, 1, 1));

    /// <summary>Whether four neighbours of either operand always lie together at a multiple of their size.</summary>
    internal static bool TakesQuads<T>(ArrayView<T> a, ArrayView<T> b, in GemmShape s, in GemmRight right, in GemmBlocks blocks)
        where T : unmanaged => TakesGroups(4, a, b, s, right, blocks);

    /// <summary>Whether so many (a power of two) neighbours of either operand always lie together at a multiple of their size.</summary>
    internal static bool TakesGroups<T>(int size, ArrayView<T> a, ArrayView<T> b, in GemmShape s, in GemmRight right, in GemmBlocks blocks)
        where T : unmanaged
    {
        // A group along the rows must not leave the inner part of a row's index, nor C.
        var alongA = blocks.DepthFirstA != 0
            ? AreMultiples(size, s.AInner, blocks.RunLength, s.Depth, s.Split, s.DepthStart, s.DepthCount)
            : s.AInner == 1 && AreMultiples(size, s.AStep, s.RowsInner, s.Rows);
        var alongB = blocks.DepthFirstB != 0
            ? AreMultiples(size, right.Column, blocks.RunLength, s.Depth, s.Split, s.DepthStart, s.DepthCount)
            : right.Column == 1 && AreMultiples(size, right.Inner, s.Columns);
        return alongA && alongB
            && AreMultiples(
                size, s.AStart, s.AOuter, s.AMid, s.SegmentOuter, s.SegmentInner, s.ABatch, right.Start, right.Outer, right.Mid, right.Batch)
            && IsAligned(size, a) && IsAligned(size, b);
    }

    private static bool AreMultiples(int size, params ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
            if ((number & (size - 1)) != 0) return false;
        return true;
    }

    private static bool IsAligned<T>(int size, ArrayView<T> view)
        where T : unmanaged => view.LoadEffectiveAddressAsPtr() % (size * Unsafe.SizeOf<T>()) == 0;

    private static ArrayView<Tile4<T>> Quads<T>(ArrayView<T> view)
        where T : unmanaged => view.Cast<Tile4<T>>();

    internal static bool FillsDevice(KernelHost host, in GemmShape shape, int batches) =>
        shape.Rows > GemmBlock.Small && shape.Columns > GemmBlock.Small
        && (long)KernelHost.Blocks(shape.Rows, GemmBlock.Large) * KernelHost.Blocks(shape.Columns, GemmBlock.Large) * batches
            >= (long)host.Accelerator.NumMultiprocessors * TilesPerMultiprocessor;

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, ArrayView<T>, GemmShape,
        GemmRight, GemmBlocks, EpilogueOperands<T>> LoadLarge<T, R, TEpilogue>(Accelerator device)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T> =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, ArrayView<T>, GemmShape,
            GemmRight, GemmBlocks, EpilogueOperands<T>>(GemmBlock.LargeKernel<T, R, TEpilogue>);

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, ArrayView<T>, GemmShape,
        GemmRight, GemmBlocks, EpilogueOperands<T>> LoadSmall<T, R, TEpilogue, TLoad>(Accelerator device)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
        where TLoad : struct, IStagingLoad =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, ArrayView<T>, GemmShape,
            GemmRight, GemmBlocks, EpilogueOperands<T>>(GemmBlock.SmallKernel<T, R, TEpilogue, TLoad>);
}
