namespace IlgpuSeg.Ops;

/// <summary>The mean of all elements, summed in a fixed order.</summary>
public static class Mean
{
    /// <summary>The mean of all elements.</summary>
    /// <param name="x">Any shape with at least one element, floating-point.</param>
    /// <returns>[1].</returns>
    /// <exception cref="ShapeException">x is empty.</exception>
    public static Tensor Apply(Tensor x)
    {
        if (x.Length == 0)
            throw new ShapeException("Mean", "x must hold at least one element", ("x", x.Shape));
        return Sum.ScaledSum("Mean", x, 1.0 / x.Length);
    }
}
