using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Convolutions: any window, and the windows that have kernels of their own.</summary>
internal static class ConvolutionCases
{
    // Sums of up to 640 products in single precision, over the window and channels or over all pixels.
    private const double Tolerance = 4e-6;

    public static IEnumerable<OpCase> All =>
    [
        Convolution("Conv2d.Apply", "", draw => Dense(draw, Window.Any(draw))),
        Convolution("Conv2d.Apply", "1x1", draw => Dense(draw, Window.Square(1, 1, 0, 1))),
        Convolution("Conv2d.Apply", "3x3", draw => Dense(draw, Window.Square(3, draw.Pick("stride", 1, 2), 1, 1))),
        Convolution("DepthwiseConv2d.Apply", "", draw => Depthwise(draw, Window.Any(draw))),
        Convolution("DepthwiseConv2d.Apply", "3x3", draw => Depthwise(draw, Window.Square(3, 1, 1, 1))),
        Convolution("DepthwiseConv2d.Apply", "5x5", draw => Depthwise(draw, Window.Square(5, 1, 2, 1))),
        Convolution("DepthwiseConv2d.Apply", "7x7, dilation 3", draw => Depthwise(draw, Window.Square(7, 1, 9, 3))),
    ];

    private static OpCase Convolution(string op, string variant, Func<CaseDraw, Func<Tensor[], Tensor>> draw) =>
        new(op, draw) { Variant = variant, FloatTolerance = Tolerance, FloatGradientTolerance = Tolerance };

    private static Func<Tensor[], Tensor> Dense(CaseDraw draw, Window window)
    {
        var image = window.Image(draw, largeChannels: 40);
        var channels = draw.Extent("cout", 9, 40);
        var bias = draw.Flag("bias");
        draw.Parameter("x", image);
        draw.Parameter("weight", new Shape(window.Height, window.Width, image[3], channels));
        draw.Parameter("bias", new Shape(channels));
        return t => Conv2d.Apply(t[0], t[1], bias ? t[2] : null, window.Options);
    }

    private static Func<Tensor[], Tensor> Depthwise(CaseDraw draw, Window window)
    {
        var image = window.Image(draw, largeChannels: 70);
        var bias = draw.Flag("bias");
        draw.Parameter("x", image);
        draw.Parameter("weight", new Shape(window.Height, window.Width, image[3]));
        draw.Parameter("bias", new Shape(image[3]));
        return t => DepthwiseConv2d.Apply(t[0], t[1], bias ? t[2] : null, window.Options);
    }

    /// <summary>A kernel's extents and how it moves.</summary>
    private sealed record Window(int Height, int Width, Conv2dOptions Options)
    {
        public static Window Square(int kernel, int stride, int padding, int dilation) =>
            new(kernel, kernel, Conv2dOptions.Square(stride, padding, dilation));

        public static Window Any(CaseDraw draw) => new(draw.Between("kh", 1, 4), draw.Between("kw", 1, 4), new Conv2dOptions
        {
            Stride = (draw.Between("sh", 1, 3), draw.Between("sw", 1, 3)),
            Padding = (draw.Between("ph", 0, 2), draw.Between("pw", 0, 2)),
            Dilation = (draw.Between("dh", 1, 3), draw.Between("dw", 1, 3)),
        });

        /// <summary>An image that the window fits, its smallest a single position.</summary>
        public Shape Image(CaseDraw draw, int largeChannels)
        {
            var n = draw.Extent("n", 3, 3);
            var h = Smallest(Height, Options.Padding.H, Options.Dilation.H) - 1 + draw.Extent("h", 5, 27);
            var w = Smallest(Width, Options.Padding.W, Options.Dilation.W) - 1 + draw.Extent("w", 5, 27);
            return new Shape(n, h, w, draw.Extent("c", 5, largeChannels));
        }

        private static int Smallest(int kernel, int padding, int dilation) => Math.Max(1, (kernel - 1) * dilation + 1 - 2 * padding);
    }
}
