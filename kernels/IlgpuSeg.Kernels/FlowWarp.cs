// Flow warp, the alignment of SFNet (Li et al., "Semantic flow for fast and accurate scene parsing"): a map x is sampled
// bilinearly at the points linspace(-1, 1, w) x linspace(-1, 1, h) of the flow's size, moved by flow / (w, h). Points outside x
// are zero; -1 and 1 are the centres of the corner pixels (align_corners = true). Flow channel 0 is x, channel 1 is y.
//
// Memory: a first kernel turns each flow vector into the operand's cell that it points into, and its fractions; forward gathers
// the cell's four corners. The gradient of x is a gather too: the result pixels of each cell are linked into a list in their
// order, and each pixel of x walks the lists of the four cells around it. Blocks of result pixels make their lists apart, one
// thread each; a second kernel chains them. Nothing is added by two threads, so the bits do not depend on the launch. Accumulation: in T, along
// the lists (that is, in the order of the result's pixels) and, for the flow's gradient, along channels in one warp.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The geometry of a flow warp.</summary>
/// <param name="Images">Images.</param>
/// <param name="InHeight">Rows of the warped map x.</param>
/// <param name="InWidth">Columns of x.</param>
/// <param name="OutHeight">Rows of the flow and of the result.</param>
/// <param name="OutWidth">Columns of the flow and of the result.</param>
/// <param name="Channels">Channels of x and of the result.</param>
public readonly record struct WarpShape(int Images, int InHeight, int InWidth, int OutHeight, int OutWidth, int Channels)
{
    /// <summary>Cells of an image: between the pixels of x, with one more around that has corners inside.</summary>
    public int Cells => (InHeight + 1) * (InWidth + 1);

    /// <summary>Pixels of one image of the result.</summary>
    public int OutPixels => OutHeight * OutWidth;
}

/// <summary>Where each flow vector points.</summary>
/// <param name="Cells">[images, OutHeight, OutWidth]: (y + 1) * (InWidth + 1) + x + 1 of the cell's upper left corner, -1 outside.</param>
/// <param name="FractionsX">Of the same shape: how far into the cell, from left to right, 0 to 1.</param>
/// <param name="FractionsY">Of the same shape: how far into the cell, from top to bottom.</param>
public readonly record struct WarpPoints<T>(ArrayView<int> Cells, ArrayView<T> FractionsX, ArrayView<T> FractionsY)
    where T : unmanaged;

/// <summary>Bilinear sampling along a flow.</summary>
public static class FlowWarpKernels
{
    // Result pixels that one thread links, and how many threads do at most: each needs lists of its own. The bits of the result do
    // not depend on either.
    private const int MinLinkBlock = 512;
    private const int MaxLinkBlocks = 32;

    // Grid: (rows of all images, blocks of columns); lanes run along the columns.
    internal static void PointsKernel<T, R>(
        ArrayView<T> flow, ArrayView<int> cells, ArrayView<T> fractionsX, ArrayView<T> fractionsY, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var half = R.FromDouble(0.5);
        var oy = Grid.IdxX % s.OutHeight;
        var line = Linspace<T, R>(oy, s.OutHeight);
        for (var ox = ChannelLoop.First; ox < s.OutWidth; ox += ChannelLoop.Step)
        {
            var p = Grid.IdxX * s.OutWidth + ox;
            var gx = Linspace<T, R>(ox, s.OutWidth) + flow[2 * p] / R.FromInt(s.OutWidth);
            var gy = line + flow[2 * p + 1] / R.FromInt(s.OutHeight);
            var ix = (gx + T.One) * half * R.FromInt(s.InWidth - 1);
            var iy = (gy + T.One) * half * R.FromInt(s.InHeight - 1);
            // False for NaN too, so that no index is ever made of one.
            var inside = ix >= -T.One && ix < R.FromInt(s.InWidth) && iy >= -T.One && iy < R.FromInt(s.InHeight);
            var fx = inside ? R.Floor(ix) : T.Zero;
            var fy = inside ? R.Floor(iy) : T.Zero;
            cells[p] = inside ? (R.ToInt(fy) + 1) * (s.InWidth + 1) + R.ToInt(fx) + 1 : -1;
            fractionsX[p] = inside ? ix - fx : T.Zero;
            fractionsY[p] = inside ? iy - fy : T.Zero;
        }
    }

    // Grid: (pixels of the result, blocks of channels).
    internal static void ForwardKernel<T, R>(
        ArrayView<T> x, ArrayView<int> cells, ArrayView<T> fractionsX, ArrayView<T> fractionsY, ArrayView<T> y, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = Grid.IdxX;
        var cell = cells[p];
        var y0 = cell / (s.InWidth + 1) - 1;
        var x0 = cell % (s.InWidth + 1) - 1;
        var top = cell >= 0 && y0 >= 0;
        var bottom = cell >= 0 && y0 < s.InHeight - 1;
        var left = x0 >= 0;
        var right = x0 < s.InWidth - 1;
        var fx = fractionsX[p];
        var fy = fractionsY[p];
        var origin = ((p / s.OutPixels * s.InHeight + y0) * s.InWidth + x0) * s.Channels;
        var below = s.InWidth * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var at = origin + c;
            var sum = T.Zero;
            if (top && left) sum = (T.One - fx) * (T.One - fy) * x[at];
            if (top && right) sum = R.Fma(fx * (T.One - fy), x[at + s.Channels], sum);
            if (bottom && left) sum = R.Fma((T.One - fx) * fy, x[at + below], sum);
            if (bottom && right) sum = R.Fma(fx * fy, x[at + below + s.Channels], sum);
            y[p * s.Channels + c] = sum;
        }
    }

    // Links the result pixels of each cell, in ascending order, within one block of pixels: heads and tails are
    // [images, blocks, cells], next is [images, pixels]; all hold pixel + 1, with 0 for none (heads start as zeros).
    // Grid: (blocks of blocks, images).
    internal static void LinkKernel(
        ArrayView<int> cells, ArrayView<int> heads, ArrayView<int> tails, ArrayView<int> next, int blocks, int blockLength, WarpShape s)
    {
        var block = Grid.IdxX * Group.DimX + Group.IdxX;
        if (block >= blocks) return;
        var image = Grid.IdxY * s.OutPixels;
        var lists = (Grid.IdxY * blocks + block) * s.Cells;
        var first = block * blockLength;
        var last = first + blockLength < s.OutPixels ? first + blockLength : s.OutPixels;
        // From the last to the first, so that putting each in front leaves an ascending list.
        for (var p = last - 1; p >= first; p--)
        {
            var cell = cells[image + p];
            if (cell >= 0)
            {
                var head = heads[lists + cell];
                next[image + p] = head;
                if (head == 0) tails[lists + cell] = p + 1;
                heads[lists + cell] = p + 1;
            }
        }
    }

    // Chains the blocks' lists of a cell and leaves its first pixel in the first block's head. Grid: (blocks of cells, images).
    internal static void ChainKernel(ArrayView<int> heads, ArrayView<int> tails, ArrayView<int> next, int blocks, WarpShape s)
    {
        var cell = Grid.IdxX * Group.DimX + Group.IdxX;
        if (cell >= s.Cells) return;
        var image = Grid.IdxY * s.OutPixels;
        var head = 0;
        for (var block = blocks - 1; block >= 0; block--)
        {
            var list = (Grid.IdxY * blocks + block) * s.Cells + cell;
            if (heads[list] != 0)
            {
                next[image + tails[list] - 1] = head;
                head = heads[list];
            }
        }
        heads[Grid.IdxY * blocks * s.Cells + cell] = head;
    }

    // Grid: (pixels of x, blocks of channels).
    internal static void GatherKernel<T, R>(
        ArrayView<T> dy, ArrayView<T> fractionsX, ArrayView<T> fractionsY, ArrayView<int> heads, ArrayView<int> next, ArrayView<T> dx,
        int blocks, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var ix = Grid.IdxX - line * s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var lists = image * blocks * s.Cells;
        var pixels = image * s.OutPixels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var corner = 0; corner < 4; corner++)
            {
                // This pixel is the corner (down, right) of the cell.
                var down = corner / 2;
                var right = corner % 2;
                var link = heads[lists + (iy - down + 1) * (s.InWidth + 1) + ix - right + 1];
                while (link != 0)
                {
                    var p = pixels + link - 1;
                    var weightX = right != 0 ? fractionsX[p] : T.One - fractionsX[p];
                    var weightY = down != 0 ? fractionsY[p] : T.One - fractionsY[p];
                    sum = R.Fma(weightX * weightY, dy[p * s.Channels + c], sum);
                    link = next[p];
                }
            }
            dx[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    // One warp per pixel of the result.
    internal static void FlowGradientKernel<T, R>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<int> cells, ArrayView<T> fractionsX, ArrayView<T> fractionsY, ArrayView<T> dflow,
        WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = WarpRows.Row;
        if (p >= s.Images * s.OutPixels) return;
        var cell = cells[p];
        var sumX = T.Zero;
        var sumY = T.Zero;
        if (cell >= 0)
        {
            var fx = fractionsX[p];
            var fy = fractionsY[p];
            var y0 = cell / (s.InWidth + 1) - 1;
            var x0 = cell % (s.InWidth + 1) - 1;
            var origin = ((p / s.OutPixels * s.InHeight + y0) * s.InWidth + x0) * s.Channels;
            var below = s.InWidth * s.Channels;
            for (var c = Warp.LaneIdx; c < s.Channels; c += Warp.WarpSize)
            {
                var at = origin + c;
                var right = at + s.Channels;
                var upperLeft = y0 >= 0 && x0 >= 0 ? x[at] : T.Zero;
                var upperRight = y0 >= 0 && x0 < s.InWidth - 1 ? x[right] : T.Zero;
                var lowerLeft = y0 < s.InHeight - 1 && x0 >= 0 ? x[at + below] : T.Zero;
                var lowerRight = y0 < s.InHeight - 1 && x0 < s.InWidth - 1 ? x[right + below] : T.Zero;
                var g = dy[p * s.Channels + c];
                sumX = R.Fma(g, R.Fma(fy, lowerRight - lowerLeft, (T.One - fy) * (upperRight - upperLeft)), sumX);
                sumY = R.Fma(g, R.Fma(fx, lowerRight - upperRight, (T.One - fx) * (lowerLeft - upperLeft)), sumY);
            }
        }
        sumX = WarpRows.Sum(sumX);
        sumY = WarpRows.Sum(sumY);
        if (Warp.LaneIdx == 0)
        {
            var half = R.FromDouble(0.5);
            dflow[2 * p] = sumX * half * R.FromInt(s.InWidth - 1) / R.FromInt(s.OutWidth);
            dflow[2 * p + 1] = sumY * half * R.FromInt(s.InHeight - 1) / R.FromInt(s.OutHeight);
        }
    }

    /// <summary>Computes where each flow vector points.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="flow">[images, OutHeight, OutWidth, 2].</param>
    /// <param name="points">Written.</param>
    /// <param name="s">The sizes.</param>
    public static void Points<T, R>(KernelHost host, ArrayView<T> flow, WarpPoints<T> points, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, WarpShape>(PointsKernel<T, R>))(
            ChannelLoop.Config(host, s.Images * s.OutHeight, s.OutWidth), flow, points.Cells, points.FractionsX, points.FractionsY, s);

    /// <summary>y = x at the points.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels].</param>
    /// <param name="points">From <see cref="Points"/>.</param>
    /// <param name="y">[images, OutHeight, OutWidth, Channels], written.</param>
    /// <param name="s">The sizes.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, WarpPoints<T> points, ArrayView<T> y, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks && ColumnBlock.TakesQuads(s.Channels, x, y))
            FlowWarpBlock.Forward<T, R>(host, x, points, y, s);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, WarpShape>(
                ForwardKernel<T, R>))(
                ChannelLoop.Config(host, s.Images * s.OutPixels, s.Channels), x, points.Cells, points.FractionsX, points.FractionsY, y, s);
    }

    /// <summary>Elements of the integer workspace that <see cref="Backward"/> needs.</summary>
    public static int WorkspaceLength(WarpShape s) => checked(2 * ListsLength(s) + s.Images * s.OutPixels);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="points">From <see cref="Points"/>.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements, all zero; changed.</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="s">The sizes.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> dy, WarpPoints<T> points, ArrayView<int> workspace, ArrayView<T> dx, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        // On a GPU every cell has one list from the start.
        var blocks = host.UsesBlocks ? 1 : LinkBlocks(s);
        var heads = workspace.SubView(0, ListsLength(s));
        var tails = workspace.SubView(ListsLength(s), ListsLength(s));
        var next = workspace.SubView(2 * ListsLength(s), s.Images * s.OutPixels);
        if (host.UsesBlocks)
        {
            FlowWarpBlock.Link(host, points.Cells, heads, next, s);
        }
        else
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, int, int, WarpShape>(
                LinkKernel))(PerImage(host, blocks, s), points.Cells, heads, tails, next, blocks, LinkBlock(s), s);
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, int, WarpShape>(ChainKernel))(
                PerImage(host, s.Cells, s), heads, tails, next, blocks, s);
        }
        if (host.UsesBlocks && ColumnBlock.TakesQuads(s.Channels, dy, dx))
        {
            FlowWarpBlock.Gather<T, R>(host, dy, points, heads, next, dx, s);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<T>,
            int, WarpShape>(GatherKernel<T, R>))(
            ChannelLoop.Config(host, s.Images * s.InHeight * s.InWidth, s.Channels), dy, points.FractionsX, points.FractionsY, heads, next,
            dx, blocks, s);
    }

    /// <summary>The gradient of the flow.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels], the forward operand.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="points">From <see cref="Points"/>.</param>
    /// <param name="dflow">[images, OutHeight, OutWidth, 2], written.</param>
    /// <param name="s">The sizes.</param>
    public static void FlowGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, WarpPoints<T> points, ArrayView<T> dflow, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            WarpShape>(FlowGradientKernel<T, R>))(
            WarpRows.Config(host, s.Images * s.OutPixels), x, dy, points.Cells, points.FractionsX, points.FractionsY, dflow, s);

    private static int LinkBlock(WarpShape s) => Math.Max(MinLinkBlock, KernelHost.Blocks(s.OutPixels, MaxLinkBlocks));

    private static int LinkBlocks(WarpShape s) => KernelHost.Blocks(s.OutPixels, LinkBlock(s));

    private static int ListsLength(WarpShape s) => checked(s.Images * LinkBlocks(s) * s.Cells);

    private static KernelConfig PerImage(KernelHost host, int count, WarpShape s) =>
        new(new Index3D(KernelHost.Blocks(count, host.Lanes), s.Images, 1), new Index3D(host.Lanes, 1, 1));

    // torch.linspace(-1, 1, count)[i]: counted from the nearer end.
    private static T Linspace<T, R>(int i, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (count == 1) return -T.One;
        var step = (T.One + T.One) / R.FromInt(count - 1);
        return i < count / 2 ? R.Fma(step, R.FromInt(i), -T.One) : R.Fma(-step, R.FromInt(count - 1 - i), T.One);
    }
}
