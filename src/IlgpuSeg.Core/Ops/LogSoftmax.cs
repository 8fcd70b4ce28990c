namespace IlgpuSeg.Ops;

/// <summary>The logarithm of softmax over the last axis, computed without the softmax, whose small values would lose their logarithm.</summary>
public static class LogSoftmax
{
    /// <summary>x - log sum exp(x), over each row.</summary>
    /// <param name="x">[..., K], floating-point, K at least 1.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ShapeException">x has no axis or an empty last one.</exception>
    public static Tensor Apply(Tensor x) => RowSoftmax.Apply("LogSoftmax", x, logarithm: true);
}
