using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Launches matrix products on tensor cores.</summary>
internal static class TensorProduct
{
    /// <summary>Whether a product of operands in memory that <see cref="GemmTensor"/> can copy may be computed there.</summary>
    public static bool Takes<T>(ArrayView<T> a, ArrayView<T> b, in GemmShape shape, in GemmRight right, in GemmBlocks blocks, int perCopy)
        where T : unmanaged =>
        (blocks.DepthFirstA != 0 || blocks.DepthFirstB == 0) && BlockProduct.TakesGroups(perCopy, a, b, shape, right, blocks);

    /// <summary>Whether C's elements of an even and the next column always lie together at a multiple of their size.</summary>
    public static bool TakesPairs<T>(ArrayView<T> c, in GemmShape s)
        where T : unmanaged =>
        ((s.Columns | s.CStart | s.COuter | s.CMid | s.CInner | s.CBatch) & 1) == 0
        && c.LoadEffectiveAddressAsPtr() % (2 * Unsafe.SizeOf<T>()) == 0;

    /// <summary>C = epilogue((C +) A B (+ bias)) with floats rounded to tf32; T is float, the views are complete and checked.</summary>
    public static void RunTf32<T, TEpilogue>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, in GemmShape shape, in GemmRight right,
        in GemmBlocks blocks, EpilogueOperands<T> e, int batches)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T> =>
        Tf32Epilogue<TEpilogue>.Run(
            host, a.Cast<uint>(), b.Cast<uint>(), bias.Cast<float>(), c.Cast<uint>(), shape, right, blocks,
            new(e.Scale.Cast<float>(), e.Shift.Cast<float>(), e.Other.Cast<float>(), e.OtherScale.Cast<float>()), batches);

    /// <summary>The same for operands of any type that tensor cores multiply.</summary>
    public static void Run<TEpilogue, TOperand, TResult>(
        KernelHost host, ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape shape, GemmRight right,
        GemmBlocks blocks, EpilogueOperands<float> e, int batches)
        where TEpilogue : struct, IEpilogue<float>
        where TOperand : struct, ITensorOperand
        where TResult : struct, ITensorResult
    {
        blocks.PairsC = TakesPairs(c, shape) ? 1 : 0;
        if (blocks.DepthFirstA == 0)
            RunTiled<TEpilogue, TOperand, LeftTransposed, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else if (blocks.DepthFirstB == 0)
            RunTiled<TEpilogue, TOperand, RowMajor, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else
            RunTiled<TEpilogue, TOperand, RightTransposed, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
    }

    private static void RunTiled<TEpilogue, TOperand, TLayout, TResult>(
        KernelHost host, ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape shape, GemmRight right,
        GemmBlocks blocks, EpilogueOperands<float> e, int batches)
        where TEpilogue : struct, IEpilogue<float>
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TResult : struct, ITensorResult
    {
        if (Suits<TOperand, TLayout, LargeTensorTile>(host, shape, batches))
            Launch<TEpilogue, TOperand, TLayout, LargeTensorTile, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else if (Suits<TOperand, TLayout, MediumTensorTile>(host, shape, batches))
            Launch<TEpilogue, TOperand, TLayout, MediumTensorTile, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else if (Suits<TOperand, TLayout, TallTensorTile>(host, shape, batches))
            Launch<TEpilogue, TOperand, TLayout, TallTensorTile, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else if (Suits<TOperand, TLayout, WideTensorTile>(host, shape, batches))
            Launch<TEpilogue, TOperand, TLayout, WideTensorTile, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
        else
            Launch<TEpilogue, TOperand, TLayout, SmallTensorTile, TResult>(host, a, b, bias, c, shape, right, blocks, e, batches);
    }

    /// <summary>Whether the device can hold a tile, and is filled by as many of them as there are.</summary>
    private static bool Suits<TOperand, TLayout, TTile>(KernelHost host, in GemmShape shape, int batches)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile =>
        (shape.Rows > TTile.Rows / 2 || TTile.Rows == SmallTensorTile.Rows)
        && (shape.Columns > TTile.Columns / 2 || TTile.Columns == SmallTensorTile.Columns)
        && (long)KernelHost.Blocks(shape.Rows, TTile.Rows) * KernelHost.Blocks(shape.Columns, TTile.Columns) * batches
            >= host.Multiprocessors
        && SharedWords<TOperand, TLayout, TTile>() * sizeof(uint) <= host.Accelerator.MaxSharedMemoryPerGroup;

    /// <summary>The same with a tile of one's choice.</summary>
    internal static void Launch<TEpilogue, TOperand, TLayout, TTile, TResult>(
        KernelHost host, ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape shape, GemmRight right,
        GemmBlocks blocks, EpilogueOperands<float> e, int batches)
        where TEpilogue : struct, IEpilogue<float>
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
        where TResult : struct, ITensorResult
    {
        blocks.TileColumns = KernelHost.Blocks(shape.Columns, TTile.Columns);
        var groups = Gemm.Elements("the grid of a product", KernelHost.Blocks(shape.Rows, TTile.Rows), blocks.TileColumns);
        var config = new KernelConfig(
            new Index3D(groups, 1, batches), new Index3D(TTile.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<uint>(SharedWords<TOperand, TLayout, TTile>()));
        host.Load(static d => d.LoadStreamKernel<ArrayView<uint>, ArrayView<uint>, ArrayView<float>, ArrayView<uint>, GemmShape, GemmRight, GemmBlocks,
            EpilogueOperands<float>>(
            GemmTensor.ProductKernel<TEpilogue, TOperand, TLayout, TTile, TResult>, new KernelSpecialization(TTile.Threads, TTile.GroupsPerMultiprocessor)))(
            config, a, b, bias, c, shape, right, blocks, e);
    }

    private static int SharedWords<TOperand, TLayout, TTile>()
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile =>
        TTile.Stages
        * (TensorStaging.Words(TLayout.DepthFirstA, TTile.Rows, TOperand.Shift) + TensorStaging.Words(TLayout.DepthFirstB, TTile.Columns, TOperand.Shift));

    /// <summary>
    /// From an epilogue of "T, which is float" to one of float: a fact that a generic method cannot state, so the method is closed once
    /// per epilogue while running.
    /// </summary>
    private static class Tf32Epilogue<TEpilogue>
    {
        public static readonly Runner Run = typeof(TensorProduct).GetMethod(nameof(TensorProduct.Run))!
            .MakeGenericMethod(typeof(TEpilogue), typeof(Tf32Operand), typeof(FloatResult)).CreateDelegate<Runner>();
    }

    private delegate void Runner(
        KernelHost host, ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape shape, GemmRight right,
        GemmBlocks blocks, EpilogueOperands<float> e, int batches);
}
