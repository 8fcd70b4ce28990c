namespace IlgpuSeg.Nn.Layers;

/// <summary>A fully connected layer: [..., In] -> [..., Out].</summary>
public sealed class Linear : Module
{
    private readonly Tensor weight;
    private readonly Tensor? bias;

    /// <summary>A layer with weights N(0, sqrt(2 / In)) (He et al., for ReLU) and bias 0.</summary>
    /// <param name="build">Device, type and generator.</param>
    /// <param name="inputs">In.</param>
    /// <param name="outputs">Out.</param>
    /// <param name="bias">Whether there is a bias.</param>
    public Linear(Builder build, int inputs, int outputs, bool bias = true)
    {
        weight = AddParameter("weight", build.Normal(Math.Sqrt(2.0 / inputs), inputs, outputs), WeightLayout.Linear);
        if (bias) this.bias = AddParameter("bias", build.Constant(0, outputs));
    }

    /// <summary>x weight + bias.</summary>
    /// <param name="x">[..., In].</param>
    /// <returns>[..., Out].</returns>
    /// <exception cref="ShapeException">The last axis of x is not In.</exception>
    public Tensor Forward(Tensor x) => WithHooks(Multiply, x);

    private Tensor Multiply(Tensor x)
    {
        var (inputs, outputs) = (weight.Shape[0], weight.Shape[1]);
        if (x.Shape.Rank == 0 || x.C != inputs)
            throw new ShapeException("Linear", "the last axis of x must be In", ("x", x.Shape), ("weight [In, Out]", weight.Shape));
        using var scope = new TensorScope();
        // The 1x1 convolution of single pixels adds the bias in the same pass.
        var pixels = x.Reshape(x.Count / inputs, 1, 1, inputs);
        var y = Ops.Conv2d.Apply(pixels, weight.Reshape(1, 1, inputs, outputs), bias);
        return scope.Keep(y.Reshape(x.Shape.With(^1, outputs)));
    }
}
