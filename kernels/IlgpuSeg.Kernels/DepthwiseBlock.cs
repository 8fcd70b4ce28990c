// The depth-wise convolution of stride 1 with 3, 5 or 7 columns and its gradients, for GPUs.
//
// Work: a thread has four channels, which it reads and writes at once (16 bytes), and four columns, one dilation apart. Threads run along the channels, then
//   along the tiles, so that no lane is idle however few channels there are.
//
//     forward            4 x 4 outputs: every row of the input that they share is read once, 4 + K - 1 columns of it, into registers, and then added to
//                        each of the four output rows that it reaches
//     weight gradient    over the lines of a part, four pixels at a time: dy once for all rows of the kernel that the thread has (three of a kernel
//                        with three columns, else one), x 4 + K - 1 columns of each row; all loads of a step are under way together
//
//                        loads per output of      3 x 3    5 x 5    7 x 7      (DepthwiseConvolutionLines.cs, and per pixel of the gradient
//     forward            x                        2.25     4        6.25        4.5, 10, 17.5; of x and dy together 6, 10, 14)
//     weight gradient    x and dy                 5.5      15       24.5        with the overlap of neighbouring steps in the first-level cache; from
//                                                                               farther away 4, 10 and 14
//
// Memory: as above; y is written once. Columns outside the image count as zeros. No workspace but the gradient's parts.
// Accumulation: in T; forward ky, kx ascending from the bias, the bits of DepthwiseConvolutionLines.cs; gradient in the order of the lines, each residue
// of the dilation from left to right. The parts are added in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Four channels of the columns that four pixels reach.</summary>
internal struct ColumnWindow<T>
    where T : unmanaged
{
    public Tile4<T> X0, X1, X2, X3, X4, X5, X6, X7, X8, X9;
}

/// <summary>Four channels of a kernel's row.</summary>
internal struct TapRow<T>
    where T : unmanaged
{
    public Tile4<T> W0, W1, W2, W3, W4, W5, W6;
}

/// <summary>Depth-wise convolution by tiles of four channels, rows and columns.</summary>
internal static class DepthwiseBlock
{
    /// <summary>Rows, and columns, of a thread's outputs.</summary>
    private const int Side = 4;

    private const int Threads = 128;

    /// <summary>Threads that a multiprocessor should get; with fewer in all, smaller tiles spread better.</summary>
    private const int ThreadsPerMultiprocessor = 256;

    internal static void ForwardKernel<T, [CataloguedWith(typeof(Real32))] R, K, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue>(
        ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, int tiles, int tileRows, DepthwiseArguments s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
        where TEpilogue : struct, IEpilogue<T>
    {
        var sums = SharedMemory.Allocate<T>(Side * Side * 4 * Threads);
        var quads = s.Channels >> 2;
        var thread = Grid.IdxX * Group.DimX + Group.IdxX;
        var tile = thread / quads;
        if (tile >= tiles) return;
        var quad = thread - tile * quads;
        var line = tile / s.Tiles;
        var ox = First(tile - line * s.Tiles, s.DilationW);
        var n = line / tileRows;
        var oy = First(line - n * tileRows, s.DilationH);
        if (ox >= s.OutWidth || oy >= s.OutHeight) return;
        var start = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if (s.HasBias != 0) start = Tile4.Load(bias, 4 * quad);
        var r0 = Tile4.Rows(start);
        var r1 = r0;
        var r2 = r0;
        var r3 = r0;
        var weightStep = s.Reversed != 0 ? -quads : quads;
        for (var r = 0; r < s.KernelH + Side - 1; r++)
        {
            var iy = oy - s.PaddingH + r * s.DilationH;
            if ((uint)iy >= (uint)s.Height) continue;
            var window = Load<T, K>(x, (n * s.Height + iy) * s.Width, ox - s.PaddingW, quad, quads, s);
            if (r < s.KernelH) r0 = Row<T, R, K>(r0, window, weight, WeightRow(r, quad, quads, s), weightStep);
            if (r >= 1 && r - 1 < s.KernelH) r1 = Row<T, R, K>(r1, window, weight, WeightRow(r - 1, quad, quads, s), weightStep);
            if (r >= 2 && r - 2 < s.KernelH) r2 = Row<T, R, K>(r2, window, weight, WeightRow(r - 2, quad, quads, s), weightStep);
            if (r >= 3) r3 = Row<T, R, K>(r3, window, weight, WeightRow(r - 3, quad, quads, s), weightStep);
        }
        var first = (n * s.OutHeight + oy) * s.OutWidth + ox;
        if (TEpilogue.IsIdentity)
        {
            StoreRow(y, first, ox, quad, quads, r0, s);
            var down = s.DilationH * s.OutWidth;
            if (oy + s.DilationH < s.OutHeight) StoreRow(y, first + down, ox, quad, quads, r1, s);
            if (oy + 2 * s.DilationH < s.OutHeight) StoreRow(y, first + 2 * down, ox, quad, quads, r2, s);
            if (oy + 3 * s.DilationH < s.OutHeight) StoreRow(y, first + 3 * down, ox, quad, quads, r3, s);
        }
        else
        {
            // One copy of the epilogue for four channels, not sixteen: the sums pass through the group's memory, every thread's its own.
            Keep(sums, 0, r0);
            Keep(sums, Side, r1);
            Keep(sums, 2 * Side, r2);
            Keep(sums, 3 * Side, r3);
            StoreAll<T, TEpilogue>(y, sums, first, ox, oy, quad, quads, e, s);
        }
    }

    // Grid: X = threads for the channels' quads and the kernel's groups of rows, Y = parts of the output's lines.
    internal static void WeightKernel<T, [CataloguedWith(typeof(Real32))] R, K>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> parts, int lines, int linesPerPart, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
    {
        var quads = s.Channels >> 2;
        var thread = Grid.IdxX * Group.DimX + Group.IdxX;
        var ky = thread / quads;
        var quad = thread - ky * quads;
        ky *= K.GradientRows;
        if (ky >= s.KernelH) return;
        var t0 = Zero<T>();
        var t1 = t0;
        var t2 = t0;
        var last = (Grid.IdxY + 1) * linesPerPart < lines ? (Grid.IdxY + 1) * linesPerPart : lines;
        for (var line = Grid.IdxY * linesPerPart; line < last; line++)
        {
            var n = line / s.OutHeight;
            var iy = line - n * s.OutHeight - s.PaddingH + ky * s.DilationH;
            var row = (n * s.Height + iy) * s.Width;
            var down = s.DilationH * s.Width;
            for (var phase = 0; phase < s.DilationW; phase++)
            {
                for (var ox = phase; ox < s.OutWidth; ox += Side * s.DilationW)
                {
                    var g = Gradients(dy, line * s.OutWidth + ox, ox, quad, quads, s);
                    if ((uint)iy < (uint)s.Height)
                        t0 = Taps<T, R, K>(t0, Load<T, K>(x, row, ox - s.PaddingW, quad, quads, s), g);
                    if (K.GradientRows == 3)
                    {
                        if ((uint)(iy + s.DilationH) < (uint)s.Height)
                            t1 = Taps<T, R, K>(t1, Load<T, K>(x, row + down, ox - s.PaddingW, quad, quads, s), g);
                        if ((uint)(iy + 2 * s.DilationH) < (uint)s.Height)
                            t2 = Taps<T, R, K>(t2, Load<T, K>(x, row + 2 * down, ox - s.PaddingW, quad, quads, s), g);
                    }
                }
            }
        }
        var to = (Grid.IdxY * s.KernelH + ky) * s.KernelW * quads + quad;
        StoreTaps<T, K>(parts, to, quads, t0);
        if (K.GradientRows == 3)
        {
            if (ky + 1 < s.KernelH) StoreTaps<T, K>(parts, to + s.KernelW * quads, quads, t1);
            if (ky + 2 < s.KernelH) StoreTaps<T, K>(parts, to + 2 * s.KernelW * quads, quads, t2);
        }
    }

    /// <summary>Whether these kernels take a convolution. In double the tiles would not fit the registers.</summary>
    public static bool Takes<T>(KernelHost host, in DepthwiseArguments s, int batch, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c)
        where T : unmanaged =>
        host.UsesBlocks && typeof(T) == typeof(float) && DepthwiseLines.Takes(s) && (s.Channels & 3) == 0
        && IsAligned(a) && IsAligned(b) && IsAligned(c)
        && (long)batch * TileRows(s) * TileColumns(s) * (s.Channels / 4) >= (long)host.Multiprocessors * ThreadsPerMultiprocessor;

    /// <summary>Launches the forward kernel.</summary>
    public static void Forward<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, DepthwiseArguments s,
        EpilogueOperands<T> epilogue, int batch)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        s.Tiles = TileColumns(s);
        var rows = TileRows(s);
        var tiles = Gemm.Elements("the grid of a depth-wise convolution", batch, rows, s.Tiles);
        var config = new KernelConfig(KernelHost.Blocks(Gemm.Elements("the grid of a depth-wise convolution", tiles, s.Channels / 4), Threads), Threads);
        var kernel = s.KernelW switch
        {
            3 => LoadForward<T, R, Columns3, TEpilogue>(host),
            5 => LoadForward<T, R, Columns5, TEpilogue>(host),
            _ => LoadForward<T, R, Columns7, TEpilogue>(host),
        };
        kernel(config, x, weight, bias, y, tiles, rows, s, epilogue);
    }

    /// <summary>Launches the weight gradient's kernel.</summary>
    public static void WeightGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> parts, int count, int lines, int linesPerPart, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = s.KernelW == 3 ? Columns3.GradientRows : Columns7.GradientRows;
        var threads = KernelHost.Blocks(s.KernelH, rows) * (s.Channels / 4);
        var config = new KernelConfig(new Index3D(KernelHost.Blocks(threads, Threads), count, 1), new Index3D(Threads, 1, 1));
        var kernel = s.KernelW switch
        {
            3 => LoadWeight<T, R, Columns3>(host),
            5 => LoadWeight<T, R, Columns5>(host),
            _ => LoadWeight<T, R, Columns7>(host),
        };
        kernel(config, x, dy, parts, lines, linesPerPart, s);
    }

    /// <summary>Where a tile's outputs begin: tiles follow each other within a dilation, then by blocks of four dilations.</summary>
    private static int First(int tile, int dilation) => tile + tile / dilation * (Side - 1) * dilation;

    private static int TileColumns(in DepthwiseArguments s) => KernelHost.Blocks(s.OutWidth, Side * s.DilationW) * s.DilationW;

    private static int TileRows(in DepthwiseArguments s) => KernelHost.Blocks(s.OutHeight, Side * s.DilationH) * s.DilationH;

    private static bool IsAligned<T>(ArrayView<T> view)
        where T : unmanaged => view.LoadEffectiveAddressAsPtr() % (4 * Interop.SizeOf<T>()) == 0;

    /// <summary>The quad of a kernel's row with which the columns begin.</summary>
    private static int WeightRow(int ky, int quad, int quads, DepthwiseArguments s) =>
        (s.Reversed != 0 ? (s.KernelH - ky) * s.KernelW - 1 : ky * s.KernelW) * quads + quad;

    /// <summary>The columns of a row from ix on that four pixels reach; zero outside the image.</summary>
    private static ColumnWindow<T> Load<T, K>(ArrayView<T> x, int row, int ix, int quad, int quads, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where K : struct, IColumns
    {
        var step = s.DilationW * quads;
        var at = (row + ix) * quads + quad;
        var d = s.DilationW;
        ColumnWindow<T> w;
        w.X0 = Column(x, at, ix, s.Width);
        w.X1 = Column(x, at + step, ix + d, s.Width);
        w.X2 = Column(x, at + 2 * step, ix + 2 * d, s.Width);
        w.X3 = Column(x, at + 3 * step, ix + 3 * d, s.Width);
        w.X4 = Column(x, at + 4 * step, ix + 4 * d, s.Width);
        w.X5 = Column(x, at + 5 * step, ix + 5 * d, s.Width);
        w.X6 = w.X5;
        w.X7 = w.X5;
        w.X8 = w.X5;
        w.X9 = w.X5;
        if (K.Count > 3)
        {
            w.X6 = Column(x, at + 6 * step, ix + 6 * d, s.Width);
            w.X7 = Column(x, at + 7 * step, ix + 7 * d, s.Width);
        }
        if (K.Count > 5)
        {
            w.X8 = Column(x, at + 8 * step, ix + 8 * d, s.Width);
            w.X9 = Column(x, at + 9 * step, ix + 9 * d, s.Width);
        }
        return w;
    }

    private static Tile4<T> Column<T>(ArrayView<T> x, int quad, int ix, int width)
        where T : unmanaged, INumber<T>
    {
        var values = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if ((uint)ix < (uint)width) values = Tile4.Load(x, 4 * quad);
        return values;
    }

    /// <summary>Four pixels of dy; zero beyond the line's end.</summary>
    private static Square4<T> Gradients<T>(ArrayView<T> dy, int pixel, int ox, int quad, int quads, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
    {
        var at = pixel * quads + quad;
        var step = s.DilationW * quads;
        Square4<T> g;
        g.R0 = Column(dy, at, ox, s.OutWidth);
        g.R1 = Column(dy, at + step, ox + s.DilationW, s.OutWidth);
        g.R2 = Column(dy, at + 2 * step, ox + 2 * s.DilationW, s.OutWidth);
        g.R3 = Column(dy, at + 3 * step, ox + 3 * s.DilationW, s.OutWidth);
        return g;
    }

    /// <summary>Four outputs of a row with a row of the kernel added.</summary>
    private static Square4<T> Row<T, R, K>(Square4<T> sums, ColumnWindow<T> x, ArrayView<T> weight, int at, int step)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
    {
        sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * at), x.X0, x.X1, x.X2, x.X3);
        sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + step)), x.X1, x.X2, x.X3, x.X4);
        sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + 2 * step)), x.X2, x.X3, x.X4, x.X5);
        if (K.Count > 3)
        {
            sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + 3 * step)), x.X3, x.X4, x.X5, x.X6);
            sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + 4 * step)), x.X4, x.X5, x.X6, x.X7);
        }
        if (K.Count > 5)
        {
            sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + 5 * step)), x.X5, x.X6, x.X7, x.X8);
            sums = Pixels<T, R>(sums, Tile4.Load(weight, 4 * (at + 6 * step)), x.X6, x.X7, x.X8, x.X9);
        }
        return sums;
    }

    private static Square4<T> Pixels<T, R>(Square4<T> sums, Tile4<T> w, Tile4<T> x0, Tile4<T> x1, Tile4<T> x2, Tile4<T> x3)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        sums.R0 = Products<T, R>(x0, w, sums.R0);
        sums.R1 = Products<T, R>(x1, w, sums.R1);
        sums.R2 = Products<T, R>(x2, w, sums.R2);
        sums.R3 = Products<T, R>(x3, w, sums.R3);
        return sums;
    }

    /// <summary>The gradients of a kernel's row with four pixels added.</summary>
    private static TapRow<T> Taps<T, R, K>(TapRow<T> sums, ColumnWindow<T> x, Square4<T> g)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
    {
        sums.W0 = Tap<T, R>(sums.W0, g, x.X0, x.X1, x.X2, x.X3);
        sums.W1 = Tap<T, R>(sums.W1, g, x.X1, x.X2, x.X3, x.X4);
        sums.W2 = Tap<T, R>(sums.W2, g, x.X2, x.X3, x.X4, x.X5);
        if (K.Count > 3)
        {
            sums.W3 = Tap<T, R>(sums.W3, g, x.X3, x.X4, x.X5, x.X6);
            sums.W4 = Tap<T, R>(sums.W4, g, x.X4, x.X5, x.X6, x.X7);
        }
        if (K.Count > 5)
        {
            sums.W5 = Tap<T, R>(sums.W5, g, x.X5, x.X6, x.X7, x.X8);
            sums.W6 = Tap<T, R>(sums.W6, g, x.X6, x.X7, x.X8, x.X9);
        }
        return sums;
    }

    private static Tile4<T> Tap<T, R>(Tile4<T> sum, Square4<T> g, Tile4<T> x0, Tile4<T> x1, Tile4<T> x2, Tile4<T> x3)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Products<T, R>(x3, g.R3, Products<T, R>(x2, g.R2, Products<T, R>(x1, g.R1, Products<T, R>(x0, g.R0, sum))));

    private static Tile4<T> Products<T, R>(Tile4<T> a, Tile4<T> b, Tile4<T> sum)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Tile4.Of(R.Fma(a.V0, b.V0, sum.V0), R.Fma(a.V1, b.V1, sum.V1), R.Fma(a.V2, b.V2, sum.V2), R.Fma(a.V3, b.V3, sum.V3));

    private static TapRow<T> Zero<T>()
        where T : unmanaged, INumber<T>
    {
        TapRow<T> t;
        t.W0 = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        t.W1 = t.W0;
        t.W2 = t.W0;
        t.W3 = t.W0;
        t.W4 = t.W0;
        t.W5 = t.W0;
        t.W6 = t.W0;
        return t;
    }

    private static void StoreTaps<T, K>(ArrayView<T> parts, int at, int quads, TapRow<T> t)
        where T : unmanaged
        where K : struct, IColumns
    {
        Tile4.Store(parts, 4 * at, t.W0);
        Tile4.Store(parts, 4 * (at + quads), t.W1);
        Tile4.Store(parts, 4 * (at + 2 * quads), t.W2);
        if (K.Count > 3)
        {
            Tile4.Store(parts, 4 * (at + 3 * quads), t.W3);
            Tile4.Store(parts, 4 * (at + 4 * quads), t.W4);
        }
        if (K.Count > 5)
        {
            Tile4.Store(parts, 4 * (at + 5 * quads), t.W5);
            Tile4.Store(parts, 4 * (at + 6 * quads), t.W6);
        }
    }

    private static void StoreRow<T>(ArrayView<T> y, int pixel, int ox, int quad, int quads, Square4<T> row, DepthwiseArguments s)
        where T : unmanaged
    {
        var d = s.DilationW;
        var at = pixel * quads + quad;
        Tile4.Store(y, 4 * at, row.R0);
        if (ox + d < s.OutWidth) Tile4.Store(y, 4 * (at + d * quads), row.R1);
        if (ox + 2 * d < s.OutWidth) Tile4.Store(y, 4 * (at + 2 * d * quads), row.R2);
        if (ox + 3 * d < s.OutWidth) Tile4.Store(y, 4 * (at + 3 * d * quads), row.R3);
    }

    private static void Keep<T>(ArrayView<T> sums, int first, Square4<T> row)
        where T : unmanaged
    {
        KeepPixel(sums, first, row.R0);
        KeepPixel(sums, first + 1, row.R1);
        KeepPixel(sums, first + 2, row.R2);
        KeepPixel(sums, first + 3, row.R3);
    }

    private static void KeepPixel<T>(ArrayView<T> sums, int pixel, Tile4<T> values)
        where T : unmanaged => Tile4.Store(sums, 4 * (pixel * Threads + Group.IdxX), values);

    private static void StoreAll<T, TEpilogue>(
        ArrayView<T> y, ArrayView<T> sums, int first, int ox, int oy, int quad, int quads, EpilogueOperands<T> e, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var c0 = Epilogue.Column<T, TEpilogue>(e, 4 * quad);
        var c1 = Epilogue.Column<T, TEpilogue>(e, 4 * quad + 1);
        var c2 = Epilogue.Column<T, TEpilogue>(e, 4 * quad + 2);
        var c3 = Epilogue.Column<T, TEpilogue>(e, 4 * quad + 3);
        for (var p = 0; p < Side * Side; p++)
        {
            var row = p / Side * s.DilationH;
            var column = (p & (Side - 1)) * s.DilationW;
            if (oy + row >= s.OutHeight || ox + column >= s.OutWidth) continue;
            var at = 4 * ((first + row * s.OutWidth + column) * quads + quad);
            var sum = Tile4.Load(sums, 4 * (p * Threads + Group.IdxX));
            Tile4.Store(y, at, Tile4.Of(
                Epilogue.Value<T, TEpilogue>(e, c0, at, sum.V0), Epilogue.Value<T, TEpilogue>(e, c1, at + 1, sum.V1),
                Epilogue.Value<T, TEpilogue>(e, c2, at + 2, sum.V2), Epilogue.Value<T, TEpilogue>(e, c3, at + 3, sum.V3)));
        }
    }

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments, EpilogueOperands<T>>
        LoadForward<T, R, K, TEpilogue>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
        where TEpilogue : struct, IEpilogue<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments,
            EpilogueOperands<T>>(ForwardKernel<T, R, K, TEpilogue>));

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments> LoadWeight<T, R, K>(
        KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments>(
            WeightKernel<T, R, K>));
}
