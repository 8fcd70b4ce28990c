namespace IlgpuSeg.Kernels;

/// <summary>How a kernel window moves over an image: extents, steps and borders, rows first.</summary>
/// <param name="KernelH">Rows of the kernel.</param>
/// <param name="KernelW">Columns of the kernel.</param>
/// <param name="StrideH">Input rows from an output row to the next.</param>
/// <param name="StrideW">Input columns from an output column to the next.</param>
/// <param name="PaddingH">Rows of zeros above and below the image.</param>
/// <param name="PaddingW">Columns of zeros left and right of the image.</param>
/// <param name="DilationH">Input rows from a kernel row to the next.</param>
/// <param name="DilationW">Input columns from a kernel column to the next.</param>
public readonly record struct ConvolutionWindow(
    int KernelH, int KernelW, int StrideH, int StrideW, int PaddingH, int PaddingW, int DilationH, int DilationW)
{
    /// <summary>Kernel elements.</summary>
    public int Taps => KernelH * KernelW;

    /// <summary>Rows of the output, floor((height + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; 0 if the window does not fit.</summary>
    /// <param name="height">Rows of the image.</param>
    public int OutputH(int height) => Extent(height, KernelH, StrideH, PaddingH, DilationH);

    /// <summary>Columns of the output.</summary>
    /// <param name="width">Columns of the image.</param>
    public int OutputW(int width) => Extent(width, KernelW, StrideW, PaddingW, DilationW);

    /// <summary>Whether every output pixel is a function of the input pixel at its place.</summary>
    public bool IsPointwise => Taps == 1 && StrideH == 1 && StrideW == 1 && PaddingH == 0 && PaddingW == 0;

    /// <summary>Requires positive kernels, strides and dilations, and paddings that are not negative.</summary>
    /// <exception cref="ArgumentException">A number is out of its range; the message names it.</exception>
    public void Validate()
    {
        if (KernelH < 1 || KernelW < 1) throw new ArgumentException($"A kernel of {KernelH} x {KernelW} has no elements.");
        if (StrideH < 1 || StrideW < 1) throw new ArgumentException($"The stride must be at least 1; got {StrideH} x {StrideW}.");
        if (PaddingH < 0 || PaddingW < 0) throw new ArgumentException($"The padding must not be negative; got {PaddingH} x {PaddingW}.");
        if (DilationH < 1 || DilationW < 1) throw new ArgumentException($"The dilation must be at least 1; got {DilationH} x {DilationW}.");
    }

    private static int Extent(int size, int kernel, int stride, int padding, int dilation)
    {
        var room = (long)size + 2L * padding - (long)dilation * (kernel - 1) - 1;
        return room < 0 ? 0 : (int)Math.Min(room / stride + 1, int.MaxValue);
    }
}

/// <summary>The sizes of a convolution of [Batch, Height, Width, InChannels] with [kH, kW, InChannels / Groups, OutChannels].</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="InChannels">Channels of the input.</param>
/// <param name="OutChannels">Channels of the output.</param>
/// <param name="Window">The kernel's extents and steps.</param>
/// <param name="Groups">Equal parts of the channels, each of which sees only its own part of the input.</param>
public readonly record struct ConvolutionShape(
    int Batch, int Height, int Width, int InChannels, int OutChannels, ConvolutionWindow Window, int Groups = 1)
{
    /// <summary>Rows of an output image.</summary>
    public int OutHeight => Window.OutputH(Height);

    /// <summary>Columns of an output image.</summary>
    public int OutWidth => Window.OutputW(Width);

    /// <summary>Pixels of all output images.</summary>
    public int OutPixels => Batch * OutHeight * OutWidth;

    /// <summary>Elements of the input.</summary>
    public int InputLength => Batch * Height * Width * InChannels;

    /// <summary>Elements of the output.</summary>
    public int OutputLength => OutPixels * OutChannels;

    /// <summary>Input channels of a group.</summary>
    public int GroupInChannels => InChannels / Groups;

    /// <summary>Output channels of a group.</summary>
    public int GroupOutChannels => OutChannels / Groups;

    /// <summary>Elements of the weight.</summary>
    public int WeightLength => Window.Taps * GroupInChannels * OutChannels;

    /// <summary>Requires a valid window, a non-empty output, and arrays that 32-bit indices reach.</summary>
    /// <exception cref="ArgumentException">A size is out of its range; the message names it.</exception>
    public void Validate()
    {
        ValidateImages();
        Gemm.Elements("the weight of a convolution", Window.KernelH, Window.KernelW, GroupInChannels, OutChannels);
    }

    /// <summary>The checks that do not concern the weight.</summary>
    internal void ValidateImages()
    {
        Window.Validate();
        if (Batch < 1 || InChannels < 1 || OutChannels < 1)
        {
            throw new ArgumentException(
                $"A convolution needs images and channels; got {Batch} images, {InChannels} to {OutChannels} channels.");
        }
        if (Groups < 1 || InChannels % Groups != 0 || OutChannels % Groups != 0)
        {
            throw new ArgumentException(
                $"A convolution's groups must divide its channels; got {Groups} groups, {InChannels} to {OutChannels} channels.");
        }
        if (OutHeight < 1 || OutWidth < 1)
        {
            throw new ArgumentException(
                $"A kernel of {Window.KernelH} x {Window.KernelW} (dilation {Window.DilationH} x {Window.DilationW}, padding "
                + $"{Window.PaddingH} x {Window.PaddingW}) does not fit an image of {Height} x {Width}.");
        }
        Gemm.Elements("the input of a convolution", Batch, Height, Width, InChannels);
        Gemm.Elements("the output of a convolution", Batch, OutHeight, OutWidth, OutChannels);
    }
}
