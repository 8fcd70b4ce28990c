using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>How a convolution's kernel moves over the image, for rows (H) and columns (W).</summary>
public sealed record Conv2dOptions
{
    /// <summary>Input pixels from an output pixel to the next.</summary>
    public (int H, int W) Stride { get; init; } = (1, 1);

    /// <summary>Zeros on each side of the image.</summary>
    public (int H, int W) Padding { get; init; } = (0, 0);

    /// <summary>Input pixels from a kernel element to the next.</summary>
    public (int H, int W) Dilation { get; init; } = (1, 1);

    /// <summary>
    /// Equal parts of the channels, each of which sees only its own part of the input; depth-wise convolution where there are as many as
    /// channels.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>The same numbers for rows and columns.</summary>
    /// <param name="stride">Input pixels from an output pixel to the next.</param>
    /// <param name="padding">Zeros on each side of the image.</param>
    /// <param name="dilation">Input pixels from a kernel element to the next.</param>
    public static Conv2dOptions Square(int stride, int padding, int dilation) => new()
    {
        Stride = (stride, stride),
        Padding = (padding, padding),
        Dilation = (dilation, dilation),
    };

    /// <summary>The window of a kernel, checked against the image.</summary>
    /// <param name="op">The operation, for messages.</param>
    /// <param name="x">The image's shape, [N, H, W, C].</param>
    /// <param name="weight">The weight's shape, [kH, kW, ..].</param>
    /// <exception cref="ArgumentException">A stride or dilation is below 1, or a padding below 0.</exception>
    /// <exception cref="ShapeException">The kernel is empty or larger than the padded image.</exception>
    internal ConvolutionWindow Window(string op, Shape x, Shape weight)
    {
        if (Stride.H < 1 || Stride.W < 1) throw new ArgumentException($"{op}: the stride must be at least 1; got {Stride}.");
        if (Padding.H < 0 || Padding.W < 0) throw new ArgumentException($"{op}: the padding must not be negative; got {Padding}.");
        if (Dilation.H < 1 || Dilation.W < 1) throw new ArgumentException($"{op}: the dilation must be at least 1; got {Dilation}.");
        if (weight.Length == 0 || x.Length == 0)
            throw new ShapeException(op, "x and weight must have elements", ("x", x), ("weight", weight));
        var window = new ConvolutionWindow(weight[0], weight[1], Stride.H, Stride.W, Padding.H, Padding.W, Dilation.H, Dilation.W);
        if (window.OutputH(x[1]) < 1 || window.OutputW(x[2]) < 1)
        {
            throw new ShapeException(
                op, $"the kernel with dilation {Dilation} must fit the image with padding {Padding}", ("x", x), ("weight", weight));
        }
        return window;
    }
}
