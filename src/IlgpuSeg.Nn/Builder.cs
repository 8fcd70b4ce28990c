namespace IlgpuSeg.Nn;

/// <summary>What the construction of modules needs: where, in which precision, and the random numbers of the initial weights.</summary>
/// <param name="Device">Where parameters live.</param>
/// <param name="DType">Their element type.</param>
/// <param name="Random">The generator of initial weights, drop-path and dropout.</param>
public sealed record Builder(Device Device, DType DType, Philox Random)
{
    /// <summary>Whether initial weights are drawn; where a weight file or nothing follows, zeros do.</summary>
    public bool Draws { get; init; } = true;

    /// <summary>A tensor of one value.</summary>
    public Tensor Constant(double value, params int[] shape) => Tensor.Full(shape, value, DType, Device);

    /// <summary>A tensor of normal samples with mean 0.</summary>
    public Tensor Normal(double deviation, params int[] shape) => Draws
        ? Tensor.Generate(shape, () => Random.NextNormal() * deviation, DType, Device)
        : Constant(0, shape);
}
