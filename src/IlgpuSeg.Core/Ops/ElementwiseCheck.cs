namespace IlgpuSeg.Ops;

/// <summary>The shape rule of element-wise operations with two operands.</summary>
internal static class ElementwiseCheck
{
    /// <summary>Requires floating-point operands of one shape, dtype and device.</summary>
    public static void SameShape(string op, Tensor a, Tensor b)
    {
        OpCheck.SameDevice(op, a, b);
        OpCheck.SameDType(op, a, b);
        OpCheck.FloatingPoint(op, "a", a);
        if (a.Shape != b.Shape)
            throw new ShapeException(op, "both operands must have one shape", ("a", a.Shape), ("b", b.Shape));
    }

    /// <summary>Requires a floating-point operand and a factor of the given shape, on one device.</summary>
    public static void Factor(string op, Tensor x, string name, Tensor factor, string rule, Shape expected)
    {
        OpCheck.SameDevice(op, x, factor);
        OpCheck.SameDType(op, x, factor);
        OpCheck.FloatingPoint(op, "x", x);
        if (factor.Shape != expected)
            throw new ShapeException(op, rule, ("x", x.Shape), (name, factor.Shape));
    }

    /// <summary>Refuses a factor that wants a gradient which the operation does not compute.</summary>
    /// <exception cref="ArgumentException">The factor requires a gradient.</exception>
    public static void NotDifferentiable(string op, string name, Tensor factor)
    {
        if (factor.RequiresGrad)
            throw new ArgumentException($"{op}: {name} is drawn, not learned, and has no gradient; it must not require one.");
    }
}
