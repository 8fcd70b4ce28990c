using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Layers;

/// <summary>A depth-wise convolution that keeps the size: [N, H, W, C] -> [N, H, W, C], with bias.</summary>
public sealed class DepthwiseConv2d : Module
{
    private readonly int kernel;
    private readonly int padding;
    private readonly int dilation;
    private readonly Tensor weight;
    private readonly Tensor bias;

    /// <summary>A depth-wise convolution with weights N(0, sqrt(2 / (k * k))) (fan_out divided by the groups) and bias 0.</summary>
    /// <param name="build">Device, type and generator.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="kernel">The side of the square kernel; odd.</param>
    /// <param name="dilation">The distance of the taps.</param>
    public DepthwiseConv2d(Builder build, int channels, int kernel, int dilation = 1)
    {
        (this.kernel, this.dilation, padding) = (kernel, dilation, kernel / 2 * dilation);
        weight = AddParameter(
            "weight", build.Normal(Math.Sqrt(2.0 / (kernel * kernel)), kernel, kernel, channels), WeightLayout.DepthwiseConvolution);
        bias = AddParameter("bias", build.Constant(0, channels));
    }

    /// <summary>Convolves every channel with its own kernel.</summary>
    /// <param name="x">[N, H, W, C].</param>
    /// <param name="activation">What follows, in the same pass.</param>
    public Tensor Forward(Tensor x, FusedActivation activation = FusedActivation.None) => HasForwardHooks
        ? FusedEpilogue.Activate(activation).Compose(WithHooks(input => Convolve(input, FusedActivation.None), x))
        : Convolve(x, activation);

    private Tensor Convolve(Tensor x, FusedActivation activation) =>
        Ops.DepthwiseConv2d.Apply(x, weight, bias, Ops.Conv2dOptions.Square(stride: 1, padding, dilation), activation);

    /// <summary>The output's shape; counts the layer.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        trace.Add($"DW {kernel}x{kernel}{(dilation > 1 ? $" d{dilation}" : "")}", this, x,
            macs: (double)x.Length * kernel * kernel, extraOps: x.Length);
        return x;
    }
}
