using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Launches matrix products (see <see cref="GemmShape"/> for what counts as one).</summary>
public static class Gemm
{
    /// <summary>
    /// Products of at least this many rows lay B out in panels first; with fewer the copy costs more than the better access saves.
    /// </summary>
    private const int RowsWorthPacking = 192;

    /// <summary>The same where B's rows are so long that its elements of one column compete for few places in the caches.</summary>
    private const int RowsWorthPackingLongRows = 96;

    /// <summary>Columns from which on <see cref="RowsWorthPackingLongRows"/> holds.</summary>
    private const int LongRow = 1024;

    /// <summary>Elements of B that are taken to stay in the second-level cache while A and C pass by.</summary>
    private const int CachedRight = 1 << 16;

    /// <summary>The depth of a part, if a deep product is launched in parts.</summary>
    private const int PartDepth = 512;

    /// <summary>Elements of A that are taken to stay in the second-level cache while B's panels pass by.</summary>
    private const int CachedLeft = 1 << 17;

    /// <summary>Elements of workspace that a product needs; 0 if it can read B in place.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The product; B's strides are not read.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="batches">Products, or splits of one product, computed at once.</param>
    /// <exception cref="ArgumentException">The workspace would exceed 2^31 elements.</exception>
    public static int Workspace(KernelHost host, in GemmShape shape, in GemmRight right, int batches)
    {
        if (host.Products == ProductTiles.Blocks || !NeedsPanels(host, shape, right)) return 0;
        var width = PanelWidth(host, shape.Columns);
        var panels = KernelHost.Blocks(shape.Columns, width);
        return Elements("the workspace of a product", PackedBatches(shape, right, batches), panels, shape.Depth, width);
    }

    /// <summary>C (+)= A B (+ bias).</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="a">The left operand.</param>
    /// <param name="b">The right operand.</param>
    /// <param name="bias">One element per column, or an empty view.</param>
    /// <param name="c">The result.</param>
    /// <param name="workspace">At least <see cref="Workspace"/> elements.</param>
    /// <param name="shape">The product; B's strides and HasBias are filled in here.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="batches">Products (or splits, if <see cref="GemmShape.Split"/> is set): the third grid axis.</param>
    /// <param name="packed">Whether <paramref name="workspace"/> holds B's panels from an earlier call already.</param>
    /// <exception cref="ArgumentException">The workspace or the bias is too short.</exception>
    public static void Run<T, R>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, ArrayView<T> workspace,
        GemmShape shape, in GemmRight right, int batches = 1, bool packed = false)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Run<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(host, a, b, bias, c, workspace, shape, right, default, batches, packed);

    /// <summary>C = epilogue((C +) A B (+ bias)).</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="a">The left operand.</param>
    /// <param name="b">The right operand.</param>
    /// <param name="bias">One element per column, or an empty view.</param>
    /// <param name="c">The result.</param>
    /// <param name="workspace">At least <see cref="Workspace"/> elements.</param>
    /// <param name="shape">The product; B's strides and HasBias are filled in here.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="epilogue">What the epilogue reads; its other tensor is laid out as <paramref name="c"/> and at least as long.</param>
    /// <param name="batches">Products (or splits, if <see cref="GemmShape.Split"/> is set): the third grid axis.</param>
    /// <param name="packed">Whether <paramref name="workspace"/> holds B's panels from an earlier call already.</param>
    /// <exception cref="ArgumentException">The workspace, the bias or an operand of the epilogue is too short.</exception>
    public static void Run<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, ArrayView<T> workspace,
        GemmShape shape, in GemmRight right, EpilogueOperands<T> epilogue, int batches = 1, bool packed = false)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        if (shape.Rows == 0 || shape.Columns == 0 || batches == 0) return;
        var needed = Workspace(host, shape, right, batches);
        Require("product", "workspace", workspace.Length, needed);
        var constants = shape.Columns + (batches - 1) * shape.ColumnBatch;
        if (bias.Length != 0) Require("product", "bias", bias.Length, constants);

        if (host.Products == ProductTiles.Blocks)
        {
            RunBlocks<T, R, TEpilogue>(host, a, b, bias, c, shape, right, epilogue, batches);
            return;
        }
        var (lanes, width) = (PanelLanes(host, shape.Columns), PanelWidth(host, shape.Columns));
        var panels = KernelHost.Blocks(shape.Columns, width);
        if (needed > 0)
        {
            var copies = PackedBatches(shape, right, batches);
            if (!packed) GemmPack.Pack(host, b, workspace, right, shape.Columns, shape.Depth, lanes, width / lanes, copies);
            b = workspace;
            shape.BStep = width;
            shape.BPanel = shape.Depth * width;
            shape.BBatch = copies > 1 ? panels * shape.BPanel : 0;
        }
        else
        {
            b = b.SubView(right.Start);
            shape.BStep = right.Inner;
            shape.BPanel = width;
            shape.BBatch = right.Batch;
        }
        shape.HasBias = bias.Length != 0 ? 1 : 0;
        // An absent bias still needs a valid view as argument; the kernel does not read it.
        if (bias.Length == 0) bias = c;
        epilogue = epilogue.Complete("product", TEpilogue.Uses, constants, c.Length, c);

        shape.Panels = panels;
        var part = DepthPart(ref shape, width);
        for (; shape.DepthStart + part < shape.Depth; shape.DepthStart += part, shape.Continues = 1)
        {
            shape.DepthCount = part;
            LaunchTiles<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(host, a, b, bias, c, shape, epilogue, lanes, width, batches);
        }
        if (shape.Continues != 0) shape.DepthCount = shape.Depth - shape.DepthStart;
        LaunchTiles<T, R, TEpilogue>(host, a, b, bias, c, shape, epilogue, lanes, width, batches);
    }

    private static void LaunchTiles<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape shape, EpilogueOperands<T> epilogue,
        int lanes, int width, int batches)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var tiles = KernelHost.Blocks(shape.Rows, GemmTile.Rows);
        shape.TilesPerBlock = TilesPerBlock(shape, tiles, width);
        var groups = Elements("the grid of a product", KernelHost.Blocks(tiles, shape.TilesPerBlock), shape.Panels, shape.TilesPerBlock);
        var launch = new KernelConfig(new Index3D(groups, 1, batches), new Index3D(lanes, 1, 1));
        if (width == 4 * lanes)
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape, EpilogueOperands<T>>(
                GemmTile.BroadKernel<T, R, TEpilogue>))(launch, a, b, bias, c, shape, epilogue);
        }
        else if (width == 2 * lanes)
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape, EpilogueOperands<T>>(
                GemmTile.WideKernel<T, R, TEpilogue>))(launch, a, b, bias, c, shape, epilogue);
        }
        else
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape, EpilogueOperands<T>>(
                GemmTile.NarrowKernel<T, R, TEpilogue>))(launch, a, b, bias, c, shape, epilogue);
        }
    }

    /// <summary>C = (C +) A B (+ bias) of bfloat16 operands on tensor cores, with sums and result in float.</summary>
    /// <param name="host">The device's kernels; without tensor cores the same kernels run, slowly.</param>
    /// <param name="a">The left operand.</param>
    /// <param name="b">The right operand.</param>
    /// <param name="bias">One element per column, or an empty view.</param>
    /// <param name="c">The result.</param>
    /// <param name="shape">The product; B's strides and HasBias are filled in here.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="batches">Products (or splits, if <see cref="GemmShape.Split"/> is set): the third grid axis.</param>
    /// <returns>False, and nothing done, if some eight neighbours of an operand do not lie together at a multiple of 16 bytes.</returns>
    /// <exception cref="ArgumentException">The bias is too short.</exception>
    public static bool RunBFloat16(
        KernelHost host, ArrayView<BFloat16> a, ArrayView<BFloat16> b, ArrayView<float> bias, ArrayView<float> c, GemmShape shape,
        in GemmRight right, int batches = 1)
    {
        return TensorProduct.Takes(a, b, shape, right, BlockProduct.Blocks(shape, right), 8)
            && RunBFloat16<FloatResult>(host, a, b, bias, c.Cast<uint>(), shape, right, batches);
    }

    /// <summary>C = A B (+ bias) of bfloat16 operands on tensor cores, with sums in float, rounded to bfloat16.</summary>
    /// <param name="host">The device's kernels; without tensor cores the same kernels run, slowly.</param>
    /// <param name="a">The left operand.</param>
    /// <param name="b">The right operand.</param>
    /// <param name="bias">One element per column, or an empty view.</param>
    /// <param name="c">The result.</param>
    /// <param name="shape">The product, which must not add to what C holds; B's strides and HasBias are filled in here.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="batches">Products: the third grid axis.</param>
    /// <returns>
    /// False, and nothing done, if some eight neighbours of an operand do not lie together at a multiple of 16 bytes, or some pair of the result's not at
    /// a multiple of 4.
    /// </returns>
    /// <exception cref="ArgumentException">The bias is too short.</exception>
    public static bool RunBFloat16(
        KernelHost host, ArrayView<BFloat16> a, ArrayView<BFloat16> b, ArrayView<float> bias, ArrayView<BFloat16> c, GemmShape shape,
        in GemmRight right, int batches = 1) =>
        TensorProduct.Takes(a, b, shape, right, BlockProduct.Blocks(shape, right), 8) && TensorProduct.TakesPairs(c, shape)
        && RunBFloat16<BFloat16Result>(host, a, b, bias, c.Cast<uint>(), shape, right, batches);

    private static bool RunBFloat16<TResult>(
        KernelHost host, ArrayView<BFloat16> a, ArrayView<BFloat16> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape shape,
        in GemmRight right, int batches)
        where TResult : struct, ITensorResult
    {
        if (shape.Rows == 0 || shape.Columns == 0 || batches == 0) return true;
        if (bias.Length != 0) Require("product", "bias", bias.Length, shape.Columns + (batches - 1) * shape.ColumnBatch);
        shape.HasBias = bias.Length != 0 ? 1 : 0;
        // What is absent still needs a valid view as argument; the kernel does not read it.
        var any = c.Cast<float>();
        TensorProduct.Run<ActivationEpilogue<float, IdentityActivation<float>>, BFloat16Operand, TResult>(
            host, a.Cast<uint>(), b.Cast<uint>(), bias.Length != 0 ? bias : any, c, shape, right, BlockProduct.Blocks(shape, right),
            new(any, any, any, any), batches);
        return true;
    }

    private static void RunBlocks<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape shape, in GemmRight right,
        EpilogueOperands<T> epilogue, int batches)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        shape.HasBias = bias.Length != 0 ? 1 : 0;
        BlockProduct.Run<T, R, TEpilogue>(
            host, a, b, bias.Length != 0 ? bias : c, c, shape, right,
            epilogue.Complete("product", TEpilogue.Uses, shape.Columns, c.Length, c), batches);
    }

    // While all of B stays in the cache, taking all panels of a row tile in turn reads A once and writes C in order. Else a block of
    // tiles whose part of A stays there takes one panel after the other.
    private static int TilesPerBlock(in GemmShape shape, int tiles, int width) =>
        RightStaysCached(shape, width) ? 1 : Math.Clamp(CachedLeft / GemmTile.Rows / DepthOf(shape), 1, tiles);

    private static bool RightStaysCached(in GemmShape shape, int width) => (long)DepthOf(shape) * shape.Panels * width <= CachedRight;

    /// <summary>The depth of a launch, but at least 1.</summary>
    private static int DepthOf(in GemmShape shape) => Math.Max(1, Math.Min(shape.DepthCount, shape.Depth));

    // Each block of tiles takes all of B through the caches. Over a part of the depth a block has more tiles, so B passes less often, but C
    // twice more for each further part: the depth of a part, or all of it, whichever moves less.
    private static int DepthPart(ref GemmShape shape, int width)
    {
        if (shape.Accumulate != 0 || shape.Split != 0 || shape.DepthStart != 0 || shape.DepthCount < shape.Depth) return shape.Depth;
        var plain = shape.SegmentLength >= shape.Depth;
        var part = plain ? PartDepth : Math.Max(1, PartDepth / shape.SegmentLength) * shape.SegmentLength;
        if (part >= shape.Depth || Moved(shape, part, width) >= Moved(shape, shape.Depth, width)) return shape.Depth;
        if (plain)
        {
            shape.SegmentInner = part * shape.AStep;
            shape.SegmentLength = part;
            shape.SegmentsInner = KernelHost.Blocks(shape.Depth, part);
        }
        return part;
    }

    /// <summary>Elements of B and C for each column that pass beside the first reading and writing of C.</summary>
    private static long Moved(GemmShape shape, int part, int width)
    {
        shape.DepthCount = part;
        var tiles = KernelHost.Blocks(shape.Rows, GemmTile.Rows);
        long passes = RightStaysCached(shape, width) ? 1 : KernelHost.Blocks(tiles, TilesPerBlock(shape, tiles, width));
        return (passes * shape.Depth) + (2L * (KernelHost.Blocks(shape.Depth, part) - 1) * shape.Rows);
    }

    /// <summary>The product of extents, if 32-bit indices reach it.</summary>
    /// <exception cref="ArgumentException">There are more than 2^31 - 1 elements.</exception>
    internal static int Elements(string what, params ReadOnlySpan<int> extents)
    {
        long product = 1;
        foreach (var extent in extents)
        {
            product *= extent;
            if (product > int.MaxValue)
                throw new ArgumentException($"{what} would have more than {int.MaxValue:N0} elements, which kernels cannot index.");
        }
        return (int)product;
    }

    /// <summary>Refuses a view that is too short.</summary>
    /// <exception cref="ArgumentException">The view is too short.</exception>
    internal static void Require(string kernel, string name, long length, long needed)
    {
        if (length < needed)
            throw new ArgumentException($"The {kernel} needs {needed:N0} elements of {name} but got {length:N0}.");
    }

    /// <summary>Threads of a group: the widest vector, unless a narrower one suffices for all columns.</summary>
    private static int PanelLanes(KernelHost host, int columns) => columns <= host.Lanes ? host.Lanes : host.ProductLanes;

    /// <summary>Two blocks of lanes, unless one suffices for all columns; or four, unless more lanes would stay empty.</summary>
    private static int PanelWidth(KernelHost host, int columns)
    {
        var lanes = PanelLanes(host, columns);
        if (columns <= lanes) return lanes;
        var fillsFour = KernelHost.Blocks(columns, 4 * lanes) * 2 == KernelHost.Blocks(columns, 2 * lanes);
        return host.ProductBlocks == 4 && fillsFour ? 4 * lanes : 2 * lanes;
    }

    // B can be read in place if its columns are contiguous and fill the panels (so that no lane reads beyond a row), and its rows have
    // one stride.
    private static bool NeedsPanels(KernelHost host, in GemmShape shape, in GemmRight right)
    {
        var width = PanelWidth(host, shape.Columns);
        var plain = right.Column == 1 && shape.Columns % width == 0 && shape.Depth <= right.DepthInner;
        return !plain || shape.Rows >= (shape.Columns >= LongRow ? RowsWorthPackingLongRows : RowsWorthPacking);
    }

    private static int PackedBatches(in GemmShape shape, in GemmRight right, int batches) =>
        shape.Split == 0 && right.Batch != 0 ? batches : 1;
}
