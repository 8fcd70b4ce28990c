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
        if (typeof(T) == typeof(float) && host.Tf32Now && host.HasTensorCores && TensorProduct.Takes(a, b, shape, right, blocks, 4))
        {
            TensorProduct.RunTf32<T, TEpilogue>(host, a, b, bias, c, shape, right, blocks, epilogue, batches);
            return;
        }
        blocks.QuadsA = blocks.DepthFirstA == 0 && TakesGroupsA(4, a, shape, blocks) ? 1 : 0;
        blocks.QuadsB = blocks.DepthFirstB == 0 && TakesGroupsB(4, b, shape, right, blocks) ? 1 : 0;
        if (Unsafe.SizeOf<T>() == sizeof(float) && FillsDevice(host, shape, batches))
        {
            blocks.TileColumns = KernelHost.Blocks(shape.Columns, GemmBlock.Large);
            host.Load(static d => d.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape, GemmRight, GemmBlocks,
                EpilogueOperands<T>>(GemmBlock.LargeKernel<T, R, TEpilogue>))(
                Config(shape.Rows, GemmBlock.Large, blocks.TileColumns, batches), a, b, bias, c, shape, right, blocks, epilogue);
        }
        else
        {
            blocks.TileColumns = KernelHost.Blocks(shape.Columns, GemmBlock.Small);
            host.Load(static d => d.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape, GemmRight, GemmBlocks,
                EpilogueOperands<T>>(GemmBlock.SmallKernel<T, R, TEpilogue>))(
                Config(shape.Rows, GemmBlock.Small, blocks.TileColumns, batches), a, b, bias, c, shape, right, blocks, epilogue);
        }
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

    /// <summary>Whether so many (a power of two) neighbours of either operand always lie together at a multiple of their size.</summary>
    internal static bool TakesGroups<T>(int size, ArrayView<T> a, ArrayView<T> b, in GemmShape s, in GemmRight right, in GemmBlocks blocks)
        where T : unmanaged => TakesGroupsA(size, a, s, blocks) && TakesGroupsB(size, b, s, right, blocks);

    // A group along the rows must not leave the inner part of a row's index, nor C.
    private static bool TakesGroupsA<T>(int size, ArrayView<T> a, in GemmShape s, in GemmBlocks blocks)
        where T : unmanaged =>
        (blocks.DepthFirstA != 0
            ? AreMultiples(size, s.AInner, blocks.RunLength, s.Depth, s.Split, s.DepthStart, s.DepthCount)
            : s.AInner == 1 && AreMultiples(size, s.AStep, s.RowsInner, s.Rows))
        && AreMultiples(size, s.AStart, s.AOuter, s.AMid, s.SegmentOuter, s.SegmentInner, s.ABatch) && IsAligned(size, a);

    private static bool TakesGroupsB<T>(int size, ArrayView<T> b, in GemmShape s, in GemmRight right, in GemmBlocks blocks)
        where T : unmanaged =>
        (blocks.DepthFirstB != 0
            ? AreMultiples(size, right.Column, blocks.RunLength, s.Depth, s.Split, s.DepthStart, s.DepthCount)
            : right.Column == 1 && AreMultiples(size, right.Inner, s.Columns))
        && AreMultiples(size, right.Start, right.Outer, right.Mid, right.Batch) && IsAligned(size, b);

    private static bool AreMultiples(int size, params ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
            if ((number & (size - 1)) != 0) return false;
        return true;
    }

    private static bool IsAligned<T>(int size, ArrayView<T> view)
        where T : unmanaged => view.LoadEffectiveAddressAsPtr() % (size * Unsafe.SizeOf<T>()) == 0;

    internal static bool FillsDevice(KernelHost host, in GemmShape shape, int batches) =>
        shape.Rows > GemmBlock.Small && shape.Columns > GemmBlock.Small
        && (long)KernelHost.Blocks(shape.Rows, GemmBlock.Large) * KernelHost.Blocks(shape.Columns, GemmBlock.Large) * batches
            >= (long)host.Multiprocessors * TilesPerMultiprocessor;
}
