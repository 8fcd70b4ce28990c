using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Layers;

/// <summary>A convolution [N, H, W, Cin] -> [N, H', W', Cout].</summary>
public sealed class Conv2d : Module
{
    private readonly int kernel;
    private readonly int stride;
    private readonly int padding;
    private readonly Tensor weight;
    private readonly Tensor? bias;

    /// <summary>A convolution with weights N(0, sqrt(2 / fan_out)), fan_out = k * k * out (the network description, "Init"), and bias 0.</summary>
    /// <param name="build">Device, type and generator.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">The side of the square kernel.</param>
    /// <param name="stride">The stride on both axes.</param>
    /// <param name="padding">Zeros around the image.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="deviation">The standard deviation of the initial weights, where it is another than the above.</param>
    public Conv2d(
        Builder build, int inputs, int outputs, int kernel = 1, int stride = 1, int padding = 0, bool bias = true, double? deviation = null)
    {
        (this.kernel, this.stride, this.padding) = (kernel, stride, padding);
        var sigma = deviation ?? Math.Sqrt(2.0 / (kernel * kernel * outputs));
        weight = AddParameter("weight", build.Normal(sigma, kernel, kernel, inputs, outputs), WeightLayout.Convolution);
        if (bias) this.bias = AddParameter("bias", build.Constant(0, outputs));
    }

    /// <summary>Convolves.</summary>
    public Tensor Forward(Tensor x) => WithHooks(Convolve, x);

    /// <summary>Convolves and does what follows.</summary>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="epilogue">What follows, element by element.</param>
    public Tensor Forward(Tensor x, FusedEpilogue epilogue) => HasForwardHooks
        ? epilogue.Compose(Forward(x))
        : Ops.Conv2d.Apply(x, weight, bias, Ops.Conv2dOptions.Square(stride, padding, dilation: 1), epilogue);

    /// <summary>The output's shape; counts the layer.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        int h = (x[1] + 2 * padding - kernel) / stride + 1, w = (x[2] + 2 * padding - kernel) / stride + 1;
        Shape y = [x[0], h, w, weight.Shape[3]];
        trace.Add($"Conv {kernel}x{kernel}{(stride > 1 ? $" s{stride}" : "")}", this, y,
            macs: (double)y.Length * kernel * kernel * x[3], extraOps: bias is null ? 0 : y.Length);
        return y;
    }

    private Tensor Convolve(Tensor x) => Ops.Conv2d.Apply(x, weight, bias, stride, padding);
}
