// Images with a border of zeros: padded[n, y, x, c] = image[n, y - top, x - left, c], zero outside.
//
// Memory: the image is read once, the padded copy written once. It lets the product's kernel read every patch of a convolution
// without a test; the copy is small beside the products (each element takes part in taps x output channels of them).
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The sizes of a copy with a border; columns and channels are counted together as elements of a row.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PadShape
{
    public int Height;
    public int RowLength;
    public int PaddedHeight;
    public int PaddedRowLength;
    public int Top;
    public int Left;
}

/// <summary>A border of zeros around images.</summary>
internal readonly record struct ConvolutionPad(int Batch, int Height, int Width, int Channels, int Top, int Bottom, int Left, int Right)
{
    /// <summary>Vectors of a row that a thread copies.</summary>
    private const int StepsPerThread = 16;
    private const int BlockStepsPerThread = 4;

    public int PaddedHeight => Height + Top + Bottom;

    public int PaddedWidth => Width + Left + Right;

    /// <summary>Whether there is no border, so that the image can be used as it is.</summary>
    public bool IsEmpty => Top == 0 && Bottom == 0 && Left == 0 && Right == 0;

    /// <summary>Elements of the padded copy; 0 without a border.</summary>
    public int Length => IsEmpty ? 0 : Gemm.Elements("a padded image", Batch, PaddedHeight, PaddedWidth, Channels);

    internal static void PadKernel<T>(ArrayView<T> image, ArrayView<T> padded, PadShape s)
        where T : unmanaged, INumber<T>
    {
        var n = Grid.IdxX / s.PaddedHeight;
        var y = Grid.IdxX - n * s.PaddedHeight - s.Top;
        var inside = y >= 0 && y < s.Height;
        var from = (n * s.Height + y) * s.RowLength - s.Left;
        var to = Grid.IdxX * s.PaddedRowLength;
        var first = Grid.IdxY * StepsPerThread * Group.DimX;
        for (var step = 0; step < StepsPerThread; step++)
        {
            var start = first + step * Group.DimX;
            var i = start + Group.IdxX;
            // All lanes inside the image (the same answer for the whole group), or a test per lane.
            if (inside && start >= s.Left && start + Group.DimX <= s.Left + s.RowLength)
            {
                padded[to + i] = image[from + i];
            }
            else if (i < s.PaddedRowLength)
            {
                var value = T.Zero;
                if (inside && i >= s.Left && i < s.Left + s.RowLength) value = image[from + i];
                padded[to + i] = value;
            }
        }
    }

    // The GPU's form: a thread copies four quads of a padded row, with one load after the other on its way. The shape's lengths count quads.
    internal static void PadBlockKernel<T>(ArrayView<Tile4<T>> image, ArrayView<Tile4<T>> padded, PadShape s)
        where T : unmanaged, INumber<T>
    {
        var n = Grid.IdxX / s.PaddedHeight;
        var y = Grid.IdxX - n * s.PaddedHeight - s.Top;
        var inside = y >= 0 && y < s.Height;
        var from = (n * s.Height + y) * s.RowLength - s.Left;
        var to = Grid.IdxX * s.PaddedRowLength;
        var i = Grid.IdxY * BlockStepsPerThread * Group.DimX + Group.IdxX;
        var a = Quad(image, from, i, inside, s);
        var b = Quad(image, from, i + Group.DimX, inside, s);
        var c = Quad(image, from, i + 2 * Group.DimX, inside, s);
        var d = Quad(image, from, i + 3 * Group.DimX, inside, s);
        if (i < s.PaddedRowLength) padded[to + i] = a;
        if (i + Group.DimX < s.PaddedRowLength) padded[to + i + Group.DimX] = b;
        if (i + 2 * Group.DimX < s.PaddedRowLength) padded[to + i + 2 * Group.DimX] = c;
        if (i + 3 * Group.DimX < s.PaddedRowLength) padded[to + i + 3 * Group.DimX] = d;
    }

    private static Tile4<T> Quad<T>(ArrayView<Tile4<T>> image, int from, int i, bool inside, PadShape s)
        where T : unmanaged, INumber<T>
    {
        var value = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if (inside && i >= s.Left && i < s.Left + s.RowLength) value = image[from + i];
        return value;
    }

    /// <summary>The images with their border: a copy in the workspace, or the images themselves if there is none.</summary>
    public ArrayView<T> Apply<T>(KernelHost host, ArrayView<T> images, ArrayView<T> workspace)
        where T : unmanaged, INumber<T>
    {
        if (IsEmpty) return images;
        var shape = new PadShape
        {
            Height = Height,
            RowLength = Width * Channels,
            PaddedHeight = PaddedHeight,
            PaddedRowLength = PaddedWidth * Channels,
            Top = Top,
            Left = Left * Channels,
        };
        if (host.UsesBlocks && ColumnBlock.TakesQuads(Channels, images, workspace))
        {
            var quads = shape with { RowLength = shape.RowLength / 4, PaddedRowLength = shape.PaddedRowLength / 4, Left = shape.Left / 4 };
            host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, PadShape>(PadBlockKernel<T>))(
                new KernelConfig(
                    new Index3D(Batch * PaddedHeight, KernelHost.Blocks(quads.PaddedRowLength, BlockStepsPerThread * host.Lanes), 1),
                    new Index3D(host.Lanes, 1, 1)),
                ColumnBlock.Quads(images), ColumnBlock.Quads(workspace), quads);
            return workspace.SubView(0, Length);
        }
        var grid = new Index3D(Batch * PaddedHeight, KernelHost.Blocks(shape.PaddedRowLength, StepsPerThread * host.Lanes), 1);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, PadShape>(PadKernel<T>))(
            new KernelConfig(grid, new Index3D(host.Lanes, 1, 1)), images, workspace, shape);
        return workspace.SubView(0, Length);
    }
}
