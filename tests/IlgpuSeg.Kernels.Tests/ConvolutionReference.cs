namespace IlgpuSeg.Kernels.Tests;

/// <summary>The definitions, as loops in double precision.</summary>
internal static class ConvolutionReference
{
    public static double[] Product(double[] a, double[] b, int m, int n, int k, bool transposedA, bool transposedB)
    {
        var c = new double[m * n];
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
                for (var t = 0; t < k; t++)
                    c[i * n + j] += (transposedA ? a[t * m + i] : a[i * k + t]) * (transposedB ? b[j * k + t] : b[t * n + j]);
        return c;
    }

    public static double[] Forward(double[] x, double[] w, double[]? bias, ConvolutionShape s)
    {
        var y = new double[s.OutputLength];
        for (var o = 0; o < y.Length; o++) y[o] = bias is null ? 0 : bias[o % s.OutChannels];
        ForEachProduct(s, (ix, iw, iy) => y[iy] += x[ix] * w[iw]);
        return y;
    }

    public static double[] DataGradient(double[] dy, double[] w, ConvolutionShape s)
    {
        var dx = new double[s.InputLength];
        ForEachProduct(s, (ix, iw, iy) => dx[ix] += dy[iy] * w[iw]);
        return dx;
    }

    public static double[] WeightGradient(double[] x, double[] dy, ConvolutionShape s)
    {
        var dw = new double[s.WeightLength];
        ForEachProduct(s, (ix, iw, iy) => dw[iw] += x[ix] * dy[iy]);
        return dw;
    }

    public static double[] ColumnSums(double[] x, int columns)
    {
        var sums = new double[columns];
        for (var i = 0; i < x.Length; i++) sums[i % columns] += x[i];
        return sums;
    }

    public static double[] DepthwiseForward(double[] x, double[] w, double[]? bias, DepthwiseShape s)
    {
        var y = new double[s.OutputLength];
        for (var o = 0; o < y.Length; o++) y[o] = bias is null ? 0 : bias[o % s.Channels];
        ForEachDepthwiseProduct(s, (ix, iw, iy) => y[iy] += x[ix] * w[iw]);
        return y;
    }

    public static double[] DepthwiseDataGradient(double[] dy, double[] w, DepthwiseShape s)
    {
        var dx = new double[s.InputLength];
        ForEachDepthwiseProduct(s, (ix, iw, iy) => dx[ix] += dy[iy] * w[iw]);
        return dx;
    }

    public static double[] DepthwiseWeightGradient(double[] x, double[] dy, DepthwiseShape s)
    {
        var dw = new double[s.WeightLength];
        ForEachDepthwiseProduct(s, (ix, iw, iy) => dw[iw] += x[ix] * dy[iy]);
        return dw;
    }

    /// <summary>Visits (input element, weight element, output element) of every product of a convolution.</summary>
    private static void ForEachProduct(ConvolutionShape s, Action<int, int, int> visit)
    {
        ForEachTap(s.Batch, s.Height, s.Width, s.Window, (inPixel, tap, outPixel) =>
        {
            for (var i = 0; i < s.InChannels; i++)
                for (var o = 0; o < s.OutChannels; o++)
                    visit(inPixel * s.InChannels + i, (tap * s.InChannels + i) * s.OutChannels + o, outPixel * s.OutChannels + o);
        });
    }

    private static void ForEachDepthwiseProduct(DepthwiseShape s, Action<int, int, int> visit)
    {
        ForEachTap(s.Batch, s.Height, s.Width, s.Window, (inPixel, tap, outPixel) =>
        {
            for (var c = 0; c < s.Channels; c++)
                visit(inPixel * s.Channels + c, tap * s.Channels + c, outPixel * s.Channels + c);
        });
    }

    /// <summary>Visits (input pixel, tap, output pixel) of a window, where the input pixel lies inside the image.</summary>
    private static void ForEachTap(int batch, int height, int width, ConvolutionWindow w, Action<int, int, int> visit)
    {
        var (outH, outW) = (w.OutputH(height), w.OutputW(width));
        for (var n = 0; n < batch; n++)
            for (var oy = 0; oy < outH; oy++)
                for (var ox = 0; ox < outW; ox++)
                    for (var ky = 0; ky < w.KernelH; ky++)
                        for (var kx = 0; kx < w.KernelW; kx++)
                        {
                            var iy = oy * w.StrideH + ky * w.DilationH - w.PaddingH;
                            var ix = ox * w.StrideW + kx * w.DilationW - w.PaddingW;
                            if (iy >= 0 && iy < height && ix >= 0 && ix < width)
                                visit((n * height + iy) * width + ix, ky * w.KernelW + kx, (n * outH + oy) * outW + ox);
                        }
    }
}
