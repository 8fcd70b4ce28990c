using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Layers;

/// <summary>Convolution, batch norm, ReLU: the decoder's and the contexts' building block. Children "conv" and "norm".</summary>
public sealed class ConvNormRelu : Module
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d norm;
    private readonly bool relu;

    /// <summary>Builds the block; the convolution keeps the size.</summary>
    /// <param name="build">Device, type and generator.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">1 or 3.</param>
    /// <param name="bias">Whether the convolution has a bias.</param>
    /// <param name="config">The norm's settings.</param>
    /// <param name="relu">Whether the ReLU follows; PPM's branches end with the norm.</param>
    public ConvNormRelu(Builder build, int inputs, int outputs, int kernel, bool bias, NetworkConfig config, bool relu = true)
    {
        this.relu = relu;
        conv = Add("conv", new Conv2d(build, inputs, outputs, kernel, padding: kernel / 2, bias: bias));
        norm = Add("norm", new BatchNorm2d(build, outputs, config.BnMomentum, config.BnEps));
    }

    /// <summary>ReLU(BN(conv(x))), or BN(conv(x)) where there is no ReLU.</summary>
    public Tensor Forward(Tensor x) => WithHooks(Run, x);

    private Tensor Run(Tensor x)
    {
        using var scope = new TensorScope();
        if (norm.Folds) return scope.Keep(conv.Forward(x, norm.FoldWith(relu ? FusedActivation.Relu : FusedActivation.None)));
        var y = conv.Forward(x);
        return scope.Keep(relu ? norm.ForwardRelu(y) : norm.Forward(y));
    }

    /// <summary>The output's shape; counts the layers.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        var y = trace.Child("conv", () => conv.Trace(trace, x));
        trace.Child("norm", () => norm.Trace(trace, y));
        return relu ? trace.Activation("ReLU", y) : y;
    }
}
