namespace IlgpuSeg.Ops;

/// <summary>Softmax over the last axis: y = exp(x) / sum exp(x), computed stably.</summary>
public static class Softmax
{
    /// <summary>Each row's exponentials, divided by their sum.</summary>
    /// <param name="x">[..., K], floating-point, K at least 1.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ShapeException">x has no axis or an empty last one.</exception>
    public static Tensor Apply(Tensor x) => RowSoftmax.Apply("Softmax", x, logarithm: false);
}
