using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The exchange of two axes.</summary>
public static class Transpose
{
    private const string Op = "Transpose";

    /// <summary>y[.., j, .., i, ..] = x[.., i, .., j, ..]: the elements are copied into the new order.</summary>
    /// <param name="x">Any shape that has both axes, floating-point.</param>
    /// <param name="axis0">An axis; the last but one if not given.</param>
    /// <param name="axis1">Another; the last if not given.</param>
    /// <returns>x's shape with both extents exchanged.</returns>
    /// <exception cref="ShapeException">x does not have the axes.</exception>
    public static Tensor Apply(Tensor x, Index? axis0 = null, Index? axis1 = null)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, axis0, axis1));
        OpCheck.FloatingPoint(Op, "x", x);
        if (x.Shape.Rank < 2) throw new ShapeException(Op, "x must have at least two axes", ("x", x.Shape));
        var (a, b) = (Axes.Find(Op, x, axis0 ?? ^2), Axes.Find(Op, x, axis1 ?? ^1));
        return a == b ? x.Reshape(x.Shape) : Exchanged(x, Math.Min(a, b), Math.Max(a, b));
    }

    private static Tensor Exchanged(Tensor x, int first, int second) => Autograd.Record(
        Op, x.DType == DType.Float64 ? Run<double>(x, first, second) : Run<float>(x, first, second), [x],
        g => [g.DType == DType.Float64 ? Run<double>(g, first, second) : Run<float>(g, first, second)]);

    private static Tensor Run<T>(Tensor x, int first, int second)
        where T : unmanaged, INumber<T>
    {
        var dims = x.Shape.ToArray();
        var pair = new AxisPair(
            Axes.Product(dims[..first]), dims[first], Axes.Product(dims[(first + 1)..second]), dims[second], Axes.Product(dims[(second + 1)..]));
        (dims[first], dims[second]) = (dims[second], dims[first]);
        var y = Tensor.Empty(dims, x.DType, x.Device);
        if (y.Length > 0) AxisKernels.Exchange(x.Device.Kernels, x.View<T>(), y.View<T>(), pair);
        return y;
    }
}
