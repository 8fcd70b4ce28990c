// The weight gradient by the same minimal filtering (Winograd.cs): what is bilinear in weights and pixels, transposed.
//
//   dw = G' (sum over tiles of (A dy A') . (B' x B)) G          dy: the tile's 2 x 2 pixels of the result's gradient
//
//        | 1  0 |
//   A =  | 1  1 |      and G, B as there. Each of the 16 places is a product of its own: [inputs, tiles] by [tiles, outputs].
//        | 1 -1 |
//        | 0 -1 |
//
// Memory: x and dy are transformed (4 times each) in chunks of tiles; the sums, 16/9 of the weight, pass once per chunk.
// Accumulation: in T, over the tiles of a chunk in order, then the chunks in order.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

internal static partial class Winograd
{
    // Grid: (tiles, blocks of channels). v[place][tile][c] = A dy A'; a tile's pixels beyond the image count as zeros.
    internal static void OutputGradientKernel<T>(ArrayView<T> dy, ArrayView<T> v, WinogradShape s)
        where T : unmanaged, INumber<T>
    {
        var (n, top, left) = Place(s);
        var row = s.Width * s.Channels;
        var from = (n * s.Height + top) * row + left * s.Channels;
        var below = top + 1 < s.Height;
        var right = left + 1 < s.Width;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            T a = dy[from + c], b = T.Zero, d = T.Zero, e = T.Zero;
            if (right) b = dy[from + s.Channels + c];
            if (below) d = dy[from + row + c];
            if (below && right) e = dy[from + row + s.Channels + c];
            var to = Grid.IdxX * s.Channels + c;
            StoreLine(v, to, s.PlaceStride, Spread(a, b));
            StoreLine(v, to + 4 * s.PlaceStride, s.PlaceStride, Spread(a + d, b + e));
            StoreLine(v, to + 8 * s.PlaceStride, s.PlaceStride, Spread(a - d, b - e));
            StoreLine(v, to + 12 * s.PlaceStride, s.PlaceStride, Spread(-d, -e));
        }
    }

    /// <summary>A times a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tile4<T> Spread<T>(T a, T b)
        where T : unmanaged, INumber<T> => Tile4.Of(a, a + b, a - b, -b);

    // Grid: (inputs, blocks of outputs). dw[:, :, i, o] = G' sums[:][i][o] G.
    internal static void WeightGradientKernel<T, R>(ArrayView<T> sums, ArrayView<T> dw, int inputs, int outputs)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var tap = inputs * outputs;
        var half = R.FromDouble(0.5);
        for (var o = ChannelLoop.First; o < outputs; o += ChannelLoop.Step)
        {
            var i = Grid.IdxX * outputs + o;
            Tile3<T> a = Taps(sums, i, tap, half), b = Taps(sums, i + 4 * tap, tap, half), c = Taps(sums, i + 8 * tap, tap, half),
                d = Taps(sums, i + 12 * tap, tap, half);
            StoreTaps(dw, i, tap, a.V0 + (b.V0 + c.V0) * half, a.V1 + (b.V1 + c.V1) * half, a.V2 + (b.V2 + c.V2) * half);
            StoreTaps(dw, i + 3 * tap, tap, (b.V0 - c.V0) * half, (b.V1 - c.V1) * half, (b.V2 - c.V2) * half);
            StoreTaps(dw, i + 6 * tap, tap, (b.V0 + c.V0) * half + d.V0, (b.V1 + c.V1) * half + d.V1, (b.V2 + c.V2) * half + d.V2);
        }
    }

    /// <summary>A row of sums times G.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tile3<T> Taps<T>(ArrayView<T> sums, int at, int place, T half)
        where T : unmanaged, INumber<T>
    {
        T b = sums[at + place], c = sums[at + 2 * place];
        var even = (b + c) * half;
        Tile3<T> taps;
        taps.V0 = sums[at] + even;
        taps.V1 = (b - c) * half;
        taps.V2 = even + sums[at + 3 * place];
        return taps;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTaps<T>(ArrayView<T> dw, int to, int tap, T a, T b, T c)
        where T : unmanaged, INumber<T>
    {
        dw[to] = a;
        dw[to + tap] = b;
        dw[to + 2 * tap] = c;
    }

    private struct Tile3<T>
        where T : unmanaged
    {
        public T V0;
        public T V1;
        public T V2;
    }

    /// <summary>Elements of workspace that <see cref="WeightGradient"/> needs.</summary>
    public static long WeightGradientWorkspace(KernelHost host, in WinogradConvolution convolution) =>
        convolution.Length + Gemm.Workspace(
            host, convolution.GradientProduct(convolution.ChunkTiles, first: true), Pixels(convolution, convolution.ChunkTiles), WinogradConvolution.Places);

    /// <summary>The gradient with respect to the weight.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[Batch, Height, Width, Inputs].</param>
    /// <param name="dy">[Batch, OutHeight, OutWidth, Outputs].</param>
    /// <param name="dw">The result, [3, 3, Inputs, Outputs].</param>
    /// <param name="workspace">At least <see cref="WeightGradientWorkspace"/> elements.</param>
    /// <param name="convolution">The sizes.</param>
    public static void WeightGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dw, ArrayView<T> workspace, in WinogradConvolution convolution)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (sums, pixels, gradients, panels) = Parts(workspace, convolution);
        for (var first = 0; first < convolution.Tiles; first += convolution.ChunkTiles)
        {
            var tiles = Math.Min(convolution.ChunkTiles, convolution.Tiles - first);
            TransformPixels(host, x, pixels, convolution, first, tiles);
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WinogradShape>(OutputGradientKernel<T>))(
                ChannelLoop.Config(host, tiles, convolution.Outputs), dy, gradients, convolution.Output(first, hasBias: false));
            Gemm.Run<T, R>(
                host, pixels, gradients, ArrayView<T>.Empty, sums, panels, convolution.GradientProduct(tiles, first == 0), Pixels(convolution, tiles),
                WinogradConvolution.Places);
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(WeightGradientKernel<T, R>))(
            ChannelLoop.Config(host, convolution.Inputs, convolution.Outputs), sums, dw, convolution.Inputs, convolution.Outputs);
    }

    private static GemmRight Pixels(in WinogradConvolution convolution, int tiles) =>
        GemmRight.Matrix(tiles, convolution.Outputs, batch: convolution.OutputStride);
}
