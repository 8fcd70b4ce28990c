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

    /// <summary>The means over some axes.</summary>
    /// <param name="x">Any shape, floating-point.</param>
    /// <param name="axes">The axes to average over; together they hold at least one element.</param>
    /// <param name="keepAxes">Whether these axes stay, with an extent of 1.</param>
    /// <returns>x's shape without the axes, or with 1 in their place.</returns>
    /// <exception cref="ShapeException">x does not have an axis, one is given twice, or there is nothing to average.</exception>
    public static Tensor Apply(Tensor x, Index[] axes, bool keepAxes = false)
    {
        var sum = Sum.OverAxes("Mean", x, axes, keepAxes);
        var count = axes.Aggregate(1L, (product, axis) => product * x.Shape[axis]);
        if (count == 0) throw new ShapeException("Mean", "the axes must hold at least one element", ("x", x.Shape));
        return Scale.Apply(sum, 1.0 / count);
    }
}
