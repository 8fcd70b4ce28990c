// Convolutions of 3 x 3 with stride 1 by minimal filtering, F(2 x 2, 3 x 3): 4 multiplications for each pixel of the result and pair of channels
// instead of 9 (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016, section 4.1). For CPUs, which the multiplications bound.
//
//   tile of 2 x 2 pixels of y = A' (sum over i of (G w[i] G') . (B' x[i] B)) A      x: the 4 x 4 pixels that it sees, . element by element
//
//        | 1  0 -1  0 |         | 1    0    0  |
//   B' = | 0  1  1  0 |     G = | 1/2  1/2 1/2 |     A' = | 1  1  1  0 |
//        | 0 -1  1  0 |         | 1/2 -1/2 1/2 |          | 0  1 -1 -1 |
//        | 0  1  0 -1 |         | 0    0    1  |
//
// Each of the 16 places is a product of matrices of its own, [tiles, inputs] by [inputs, outputs], one batch of them. The data gradient is the same
// with the weight turned by half a turn and its channels exchanged.
//
// Memory: tiles go through the workspace in chunks that stay in the second-level caches: x is read from there 4 times, the transformed tiles (4 times x, 4
//   times y) are written and read once. There is no copy with a border.
// Accumulation: in T, over the inputs, i ascending; the transforms add 16 numbers (x), 9 (w) and 16 (sums). In float that loses less than sums nine times as
//   long do: 9.8e-7 beside 2.6e-6 of the largest result, 512 channels of numbers between -1 and 1 (WinogradTests).
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Convolutions by minimal filtering.</summary>
internal static partial class Winograd
{
    // Grid: (weight's rows, blocks of columns). u[place][i][o] = G w[:, :, i, o] G'; turned: of w[2 - ky, 2 - kx, i, o].
    internal static void WeightKernel<T, R>(ArrayView<T> w, ArrayView<T> u, int inputs, int outputs, int turned)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var tap = inputs * outputs;
        var first = turned != 0 ? 8 * tap : 0;
        var step = turned != 0 ? -tap : tap;
        var half = R.FromDouble(0.5);
        for (var o = ChannelLoop.First; o < outputs; o += ChannelLoop.Step)
        {
            var i = Grid.IdxX * outputs + o;
            var g = first + i;
            for (var line = 0; line < 4; line++)
            {
                T a = WeightLine(w, g, 3 * step, line, half), b = WeightLine(w, g + step, 3 * step, line, half),
                    c = WeightLine(w, g + 2 * step, 3 * step, line, half);
                var to = 4 * line * tap + i;
                u[to] = a;
                u[to + tap] = (a + b + c) * half;
                u[to + 2 * tap] = (a - b + c) * half;
                u[to + 3 * tap] = c;
            }
        }
    }

    /// <summary>An element of G times a column of the weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T WeightLine<T>(ArrayView<T> w, int at, int row, int line, T half)
        where T : unmanaged, INumber<T>
    {
        T a = w[at], b = w[at + row], c = w[at + 2 * row];
        if (line == 0) return a;
        if (line == 1) return (a + b + c) * half;
        return line == 2 ? (a - b + c) * half : c;
    }

    // Grid: (tiles, blocks of channels). v[place][tile][c] = B' x B.
    internal static void InputKernel<T>(ArrayView<T> x, ArrayView<T> v, WinogradShape s)
        where T : unmanaged, INumber<T>
    {
        var (n, top, left) = Place(s);
        top -= s.Top;
        left -= s.Left;
        var row = s.Width * s.Channels;
        var from = (n * s.Height + top) * row + left * s.Channels;
        var to = Grid.IdxX * s.Channels;
        if (top >= 0 && left >= 0 && top + 4 <= s.Height && left + 4 <= s.Width)
        {
            for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
            {
                var i = from + c;
                StoreTile(
                    v, to + c, s.PlaceStride, Column(x[i], x[i + row], x[i + 2 * row], x[i + 3 * row]),
                    Column(x[i + s.Channels], x[i + row + s.Channels], x[i + 2 * row + s.Channels], x[i + 3 * row + s.Channels]),
                    Column(x[i + 2 * s.Channels], x[i + row + 2 * s.Channels], x[i + 2 * row + 2 * s.Channels], x[i + 3 * row + 2 * s.Channels]),
                    Column(x[i + 3 * s.Channels], x[i + row + 3 * s.Channels], x[i + 2 * row + 3 * s.Channels], x[i + 3 * row + 3 * s.Channels]));
            }
            return;
        }
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            StoreTile(
                v, to + c, s.PlaceStride, BorderColumn(x, from + c, row, top, left, s), BorderColumn(x, from + c + s.Channels, row, top, left + 1, s),
                BorderColumn(x, from + c + 2 * s.Channels, row, top, left + 2, s), BorderColumn(x, from + c + 3 * s.Channels, row, top, left + 3, s));
        }
    }

    /// <summary>The image of the group's tile, and its first pixel in the result.</summary>
    private static (int Image, int Top, int Left) Place(WinogradShape s)
    {
        var tile = s.FirstTile + Grid.IdxX;
        var line = tile / s.TilesX;
        var image = line / s.TilesY;
        return (image, 2 * (line - image * s.TilesY), 2 * (tile - line * s.TilesX));
    }

    // A column of pixels of which some may lie outside of the image, times B'.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tile4<T> BorderColumn<T>(ArrayView<T> x, int i, int row, int top, int left, WinogradShape s)
        where T : unmanaged, INumber<T>
    {
        T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero;
        if (left >= 0 && left < s.Width)
        {
            if (top >= 0 && top < s.Height) a = x[i];
            if (top + 1 >= 0 && top + 1 < s.Height) b = x[i + row];
            if (top + 2 >= 0 && top + 2 < s.Height) c = x[i + 2 * row];
            if (top + 3 >= 0 && top + 3 < s.Height) d = x[i + 3 * row];
        }
        return Column(a, b, c, d);
    }

    /// <summary>B' times a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tile4<T> Column<T>(T a, T b, T c, T d)
        where T : unmanaged, INumber<T> => Tile4.Of(a - c, b + c, c - b, b - d);

    /// <summary>The four columns times B, each place in its matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTile<T>(ArrayView<T> v, int to, int place, Tile4<T> a, Tile4<T> b, Tile4<T> c, Tile4<T> d)
        where T : unmanaged, INumber<T>
    {
        StoreLine(v, to, place, Column(a.V0, b.V0, c.V0, d.V0));
        StoreLine(v, to + 4 * place, place, Column(a.V1, b.V1, c.V1, d.V1));
        StoreLine(v, to + 8 * place, place, Column(a.V2, b.V2, c.V2, d.V2));
        StoreLine(v, to + 12 * place, place, Column(a.V3, b.V3, c.V3, d.V3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLine<T>(ArrayView<T> v, int to, int place, Tile4<T> line)
        where T : unmanaged, INumber<T>
    {
        v[to] = line.V0;
        v[to + place] = line.V1;
        v[to + 2 * place] = line.V2;
        v[to + 3 * place] = line.V3;
    }

    // Grid: (tiles, blocks of channels). y = epilogue(A' m A + bias).
    internal static void OutputKernel<T, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue>(ArrayView<T> m, ArrayView<T> bias, ArrayView<T> y, WinogradShape s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var (n, top, left) = Place(s);
        var row = s.Width * s.Channels;
        var to = (n * s.Height + top) * row + left * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var from = Grid.IdxX * s.Channels + c;
            Tile2<T> p = Sums(m, from, s.PlaceStride), q = Sums(m, from + 4 * s.PlaceStride, s.PlaceStride),
                r = Sums(m, from + 8 * s.PlaceStride, s.PlaceStride), t = Sums(m, from + 12 * s.PlaceStride, s.PlaceStride);
            var b = T.Zero;
            if (s.HasBias != 0) b = bias[c];
            var column = Epilogue.Column<T, TEpilogue>(e, c);
            y[to + c] = Epilogue.Value<T, TEpilogue>(e, column, to + c, p.V0 + q.V0 + r.V0 + b);
            if (left + 1 < s.Width)
                y[to + s.Channels + c] = Epilogue.Value<T, TEpilogue>(e, column, to + s.Channels + c, p.V1 + q.V1 + r.V1 + b);
            if (top + 1 >= s.Height) continue;
            y[to + row + c] = Epilogue.Value<T, TEpilogue>(e, column, to + row + c, q.V0 - r.V0 - t.V0 + b);
            if (left + 1 < s.Width)
                y[to + row + s.Channels + c] = Epilogue.Value<T, TEpilogue>(e, column, to + row + s.Channels + c, q.V1 - r.V1 - t.V1 + b);
        }
    }

    /// <summary>A row of sums times A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tile2<T> Sums<T>(ArrayView<T> m, int from, int place)
        where T : unmanaged, INumber<T>
    {
        T a = m[from], b = m[from + place], c = m[from + 2 * place], d = m[from + 3 * place];
        Tile2<T> sums;
        sums.V0 = a + b + c;
        sums.V1 = b - c - d;
        return sums;
    }

    private struct Tile2<T>
        where T : unmanaged
    {
        public T V0;
        public T V1;
    }

    /// <summary>Elements of workspace that <see cref="Run"/> needs.</summary>
    public static long Workspace(KernelHost host, in WinogradConvolution convolution, bool turned) =>
        convolution.Length + Gemm.Workspace(host, convolution.Product(convolution.ChunkTiles), Weight(convolution, turned), WinogradConvolution.Places);

    /// <summary>y = epilogue(convolution(x) + bias).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[Batch, Height, Width, Inputs].</param>
    /// <param name="weight">[3, 3, Inputs, Outputs]; turned: [3, 3, Outputs, Inputs].</param>
    /// <param name="bias">[Outputs], or an empty view.</param>
    /// <param name="y">[Batch, OutHeight, OutWidth, Outputs].</param>
    /// <param name="workspace">At least <see cref="Workspace"/> elements.</param>
    /// <param name="convolution">The sizes.</param>
    /// <param name="turned">Whether taps count from the last, and the weight's inputs are its columns: the data gradient.</param>
    /// <param name="epilogue">What the epilogue reads.</param>
    public static void Run<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, ArrayView<T> workspace,
        in WinogradConvolution convolution, bool turned, EpilogueOperands<T> epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var (u, v, m, panels) = Parts(workspace, convolution);
        var (rows, columns) = turned ? (convolution.Outputs, convolution.Inputs) : (convolution.Inputs, convolution.Outputs);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int, int>(WeightKernel<T, R>))(
            ChannelLoop.Config(host, rows, columns), weight, u, rows, columns, turned ? 1 : 0);

        epilogue = epilogue.Complete("convolution", TEpilogue.Uses, convolution.Outputs, y.Length, y);
        var right = Weight(convolution, turned);
        for (var first = 0; first < convolution.Tiles; first += convolution.ChunkTiles)
        {
            var tiles = Math.Min(convolution.ChunkTiles, convolution.Tiles - first);
            TransformPixels(host, x, v, convolution, first, tiles);
            Gemm.Run<T, R>(
                host, v, u, ArrayView<T>.Empty, m, panels, convolution.Product(tiles), right, WinogradConvolution.Places, packed: first > 0);
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, WinogradShape, EpilogueOperands<T>>(
                OutputKernel<T, TEpilogue>))(
                ChannelLoop.Config(host, tiles, convolution.Outputs), m, bias.Length != 0 ? bias : y, y,
                convolution.Output(first, bias.Length != 0), epilogue);
        }
    }

    private static void TransformPixels<T>(
        KernelHost host, ArrayView<T> x, ArrayView<T> v, in WinogradConvolution convolution, int first, int tiles)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WinogradShape>(InputKernel<T>))(
            ChannelLoop.Config(host, tiles, convolution.Inputs), x, v, convolution.Input(first));

    /// <summary>The transformed weight (or its sums), a chunk's transformed pixels of x, those of y, and what products need.</summary>
    private static (ArrayView<T> Weight, ArrayView<T> Inputs, ArrayView<T> Outputs, ArrayView<T> Panels) Parts<T>(
        ArrayView<T> workspace, in WinogradConvolution convolution)
        where T : unmanaged, INumber<T>
    {
        var inputs = WinogradConvolution.Places * convolution.InputStride;
        var outputs = WinogradConvolution.Places * convolution.OutputStride;
        var first = convolution.WeightLength;
        return (
            workspace.SubView(0, first), workspace.SubView(first, inputs), workspace.SubView(first + inputs, outputs),
            workspace.After(first + inputs + outputs));
    }

    private static GemmRight Weight(in WinogradConvolution convolution, bool turned) =>
        GemmRight.Matrix(convolution.Inputs, convolution.Outputs, turned, convolution.Inputs * convolution.Outputs);
}
