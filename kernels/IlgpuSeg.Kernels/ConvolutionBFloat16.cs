// The convolution and its gradients on tensors stored in bfloat16, on tensor cores: the products of Convolution.cs and ConvolutionGradient.cs.
//
// Memory: images, weights and results in 16 bits, the bordered copy too; the parts of the weight's gradient in float.
// Accumulation: exact products, sums in float (see GemmTensor.cs), rounded once where the result is bfloat16; the splits of dw are added in double.
using ILGPU;

namespace IlgpuSeg.Kernels;

public static partial class Convolution
{
    /// <summary>Channels that are copied at once: those of a group must be a multiple.</summary>
    private const int ChannelsAtOnce = 8;

    /// <summary>
    /// Whether the convolution and its gradients run on tensors in bfloat16: the device has tensor cores, and channels come in eights. Tensors must
    /// begin at multiples of 16 bytes.
    /// </summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The convolution's sizes.</param>
    public static bool TakesBFloat16(KernelHost host, in ConvolutionShape shape) =>
        host.MultipliesBFloat16 && shape.GroupInChannels % ChannelsAtOnce == 0 && shape.GroupOutChannels % ChannelsAtOnce == 0;

    /// <summary>Elements of the bordered copy that the convolution and the weight's gradient need.</summary>
    /// <param name="shape">The convolution's sizes.</param>
    public static int InputBorderLength(in ConvolutionShape shape) => Border(shape).Length;

    /// <summary>Elements of the bordered copy that the data gradient needs.</summary>
    /// <param name="shape">The convolution's sizes.</param>
    public static int OutputBorderLength(in ConvolutionShape shape) => OutputBorder(shape).Length;

    /// <summary>The convolution of bfloat16 tensors, where <see cref="TakesBFloat16"/> holds.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="bias">[Cout], or an empty view.</param>
    /// <param name="y">The result, [N, outH, outW, Cout].</param>
    /// <param name="workspace">At least <see cref="InputBorderLength"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, a view is too short or does not begin at a multiple of 16 bytes.</exception>
    public static void ForwardBFloat16(
        KernelHost host, ArrayView<BFloat16> x, ArrayView<BFloat16> weight, ArrayView<float> bias, ArrayView<BFloat16> y,
        ArrayView<BFloat16> workspace, in ConvolutionShape shape)
    {
        shape.Validate();
        Check("convolution", x.Length, weight.Length, y.Length, workspace.Length, InputBorderLength(shape), shape);
        var pad = Border(shape);
        Require(Gemm.RunBFloat16(
            host, Bordered(host, pad, x, workspace), weight, bias, y.SubView(0, shape.OutputLength), Patches(shape, pad), Weight(shape), shape.Groups));
    }

    /// <summary>The gradient with respect to the input, rounded to bfloat16, where <see cref="TakesBFloat16"/> holds.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="dx">The result, [N, H, W, Cin].</param>
    /// <param name="workspace">At least <see cref="OutputBorderLength"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, a view is too short or does not begin at a multiple of 16 bytes.</exception>
    public static void DataGradientBFloat16(
        KernelHost host, ArrayView<BFloat16> dy, ArrayView<BFloat16> weight, ArrayView<BFloat16> dx, ArrayView<BFloat16> workspace,
        in ConvolutionShape shape)
    {
        foreach (var (image, phase, right) in Phases(host, dy, weight.Length, dx.Length, workspace, shape))
            Require(Gemm.RunBFloat16(host, image, weight, ArrayView<float>.Empty, dx, phase, right, shape.Groups));
    }

    /// <summary>The gradient with respect to the input in float, where <see cref="TakesBFloat16"/> holds.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="dx">The result, [N, H, W, Cin].</param>
    /// <param name="workspace">At least <see cref="OutputBorderLength"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, a view is too short or does not begin at a multiple of 16 bytes.</exception>
    public static void DataGradientBFloat16(
        KernelHost host, ArrayView<BFloat16> dy, ArrayView<BFloat16> weight, ArrayView<float> dx, ArrayView<BFloat16> workspace,
        in ConvolutionShape shape)
    {
        foreach (var (image, phase, right) in Phases(host, dy, weight.Length, dx.Length, workspace, shape))
            Require(Gemm.RunBFloat16(host, image, weight, ArrayView<float>.Empty, dx, phase, right, shape.Groups));
    }

    /// <summary>The products of a data gradient, after the check and the copy of what they read.</summary>
    private static List<(ArrayView<BFloat16> Image, GemmShape Phase, GemmRight Right)> Phases(
        KernelHost host, ArrayView<BFloat16> dy, long weight, long dx, ArrayView<BFloat16> workspace, in ConvolutionShape shape)
    {
        shape.Validate();
        Check("convolution's data gradient", dx, weight, dy.Length, workspace.Length, OutputBorderLength(shape), shape);
        var pad = OutputBorder(shape);
        var image = Bordered(host, pad, dy, workspace);
        List<(ArrayView<BFloat16>, GemmShape, GemmRight)> phases = [];
        for (var py = 0; py < Math.Min(shape.Window.StrideH, shape.Height); py++)
        {
            for (var px = 0; px < Math.Min(shape.Window.StrideW, shape.Width); px++)
                phases.Add((image, Phase(shape, pad, py, px, out var right), right));
        }
        return phases;
    }

    /// <summary>Floats that the weight's gradient of bfloat16 tensors needs for its parts.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The convolution's sizes.</param>
    public static int WeightGradientParts(KernelHost host, in ConvolutionShape shape)
    {
        PatchesTransposed(host, shape, Border(shape), out var splits);
        return splits > 1 ? splits * shape.WeightLength : 0;
    }

    /// <summary>The gradient with respect to the weight, where <see cref="TakesBFloat16"/> holds.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="dw">The result, [kH, kW, Cin / groups, Cout].</param>
    /// <param name="parts">At least <see cref="WeightGradientParts"/> elements.</param>
    /// <param name="workspace">At least <see cref="InputBorderLength"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, a view is too short or does not begin at a multiple of 16 bytes.</exception>
    public static void WeightGradientBFloat16(
        KernelHost host, ArrayView<BFloat16> x, ArrayView<BFloat16> dy, ArrayView<float> dw, ArrayView<float> parts, ArrayView<BFloat16> workspace,
        in ConvolutionShape shape)
    {
        shape.Validate();
        Check("convolution's weight gradient", x.Length, dw.Length, dy.Length, workspace.Length, InputBorderLength(shape), shape);
        Gemm.Require("convolution's weight gradient", "parts", parts.Length, WeightGradientParts(host, shape));
        var pad = Border(shape);
        var image = Bordered(host, pad, x, workspace);
        var product = PatchesTransposed(host, shape, pad, out var splits);
        product.DepthCount = product.Split;
        for (var group = 0; group < shape.Groups; group++)
        {
            product.AStart = group * shape.GroupInChannels;
            product.CStart = group * shape.GroupOutChannels;
            Require(Gemm.RunBFloat16(host, image, dy, ArrayView<float>.Empty, splits > 1 ? parts : dw, product, Pixels(shape, group), splits));
        }
        if (splits > 1) ColumnReduction.Finish<float, Real32>(host, parts, dw, splits, shape.WeightLength);
    }

    /// <summary>The images with their border. Pairs of channels are moved as the bits of floats, which copies leave as they are.</summary>
    private static ArrayView<BFloat16> Bordered(KernelHost host, ConvolutionPad pad, ArrayView<BFloat16> images, ArrayView<BFloat16> workspace) =>
        pad.IsEmpty
            ? images
            : (pad with { Channels = pad.Channels / 2 }).Apply(host, images.Cast<float>(), workspace.Cast<float>()).Cast<BFloat16>();

    private static void Require(bool done)
    {
        if (!done) throw new ArgumentException("A convolution of bfloat16 tensors needs tensors that begin at multiples of 16 bytes.");
    }
}
