using IlgpuSeg.Ops;

namespace IlgpuSeg;

/// <content>
/// Arithmetic and the operations of everyday use, all differentiable; the rest lives in <see cref="Ops"/>. Two operands broadcast to a common
/// shape as NumPy's do: extents, counted from the last axis, are equal or 1.
/// </content>
public sealed partial class Tensor
{
    /// <summary>a + b, element by element.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor operator +(Tensor a, Tensor b) => Broadcast("Add", a, b, Add.Apply);

    /// <summary>a - b, element by element.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor operator -(Tensor a, Tensor b) => Broadcast("Subtract", a, b, Subtract.Apply);

    /// <summary>a * b, element by element; <see cref="MatMul"/> is the product of matrices.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor operator *(Tensor a, Tensor b) => Broadcast("Multiply", a, b, Multiply.Apply);

    /// <summary>a / b, element by element.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor operator /(Tensor a, Tensor b) => Broadcast("Divide", a, b, Divide.Apply);

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor x) => Scale.Apply(x, -1);

    /// <summary>x + constant.</summary>
    public static Tensor operator +(Tensor x, double constant) => Shift.Apply(x, constant);

    /// <summary>constant + x.</summary>
    public static Tensor operator +(double constant, Tensor x) => Shift.Apply(x, constant);

    /// <summary>x - constant.</summary>
    public static Tensor operator -(Tensor x, double constant) => Shift.Apply(x, -constant);

    /// <summary>constant - x.</summary>
    public static Tensor operator -(double constant, Tensor x) => Shift.Apply(Scale.Apply(x, -1), constant);

    /// <summary>x * factor.</summary>
    public static Tensor operator *(Tensor x, double factor) => Scale.Apply(x, factor);

    /// <summary>factor * x.</summary>
    public static Tensor operator *(double factor, Tensor x) => Scale.Apply(x, factor);

    /// <summary>x / divisor, computed as the product with its reciprocal.</summary>
    public static Tensor operator /(Tensor x, double divisor) => Scale.Apply(x, 1 / divisor);

    /// <summary>numerator / x.</summary>
    public static Tensor operator /(double numerator, Tensor x) => Reciprocal.Apply(x, numerator);

    /// <summary>The matrix product: [M, K] with [K, N], or a batch [B, M, K] with [B, K, N].</summary>
    /// <exception cref="ShapeException">The ranks, batches or inner extents do not fit.</exception>
    public Tensor MatMul(Tensor other) => Ops.MatMul.Apply(this, other);

    /// <summary>The elements with two axes exchanged; the last two by default.</summary>
    /// <exception cref="ShapeException">The tensor does not have the axes.</exception>
    public Tensor Transpose(Index? axis0 = null, Index? axis1 = null) => Ops.Transpose.Apply(this, axis0, axis1);

    /// <summary>The elements repeated along axes of extent 1 and new first axes, to a given shape.</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor Expand(Shape shape) => Ops.Expand.Apply(this, shape);

    /// <summary>The sum of all elements, [1].</summary>
    public Tensor Sum() => Ops.Sum.Apply(this);

    /// <summary>The sums over some axes, which are left out of the shape.</summary>
    /// <exception cref="ShapeException">The tensor does not have an axis, or one is given twice.</exception>
    public Tensor Sum(params Index[] axes) => Ops.Sum.Apply(this, axes);

    /// <summary>The mean of all elements, [1].</summary>
    /// <exception cref="ShapeException">There are none.</exception>
    public Tensor Mean() => Ops.Mean.Apply(this);

    /// <summary>The means over some axes, which are left out of the shape.</summary>
    /// <exception cref="ShapeException">The tensor does not have an axis, one is given twice, or there is nothing to average.</exception>
    public Tensor Mean(params Index[] axes) => Ops.Mean.Apply(this, axes);

    /// <summary>e to the power of each element.</summary>
    public Tensor Exp() => Ops.Exp.Apply(this);

    /// <summary>The natural logarithm of each element.</summary>
    public Tensor Log() => Ops.Log.Apply(this);

    /// <summary>The square root of each element.</summary>
    public Tensor Sqrt() => Ops.Sqrt.Apply(this);

    /// <summary>Each element to the power of a constant.</summary>
    public Tensor Pow(double exponent) => Power.Apply(this, exponent);

    /// <summary>The logistic function of each element.</summary>
    public Tensor Sigmoid() => Ops.Sigmoid.Apply(this);

    /// <summary>The hyperbolic tangent of each element.</summary>
    public Tensor Tanh() => Ops.Tanh.Apply(this);

    /// <summary>max(x, 0).</summary>
    public Tensor Relu() => Ops.Relu.Apply(this);

    /// <summary>The Gaussian error linear unit, exact.</summary>
    public Tensor Gelu() => Ops.Gelu.Apply(this);

    /// <summary>Softmax over the last axis.</summary>
    /// <exception cref="ShapeException">The tensor has no element.</exception>
    public Tensor Softmax() => Ops.Softmax.Apply(this);

    /// <summary>The logarithm of softmax over the last axis.</summary>
    /// <exception cref="ShapeException">The tensor has no element.</exception>
    public Tensor LogSoftmax() => Ops.LogSoftmax.Apply(this);

    private static Tensor Broadcast(string op, Tensor a, Tensor b, Func<Tensor, Tensor, Tensor> apply)
    {
        OpCheck.SameDevice(op, a, b);
        OpCheck.SameDType(op, a, b);
        if (a.Shape == b.Shape) return apply(a, b);
        var common = Ops.Expand.Common(op, a.Shape, b.Shape);
        return apply(Ops.Expand.Apply(a, common), Ops.Expand.Apply(b, common));
    }
}
