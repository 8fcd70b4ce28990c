using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The sum of all elements, in a fixed order.</summary>
public static class Sum
{
    /// <summary>The sum of all elements; 0 where there are none.</summary>
    /// <param name="x">Any shape, floating-point.</param>
    /// <returns>[1].</returns>
    public static Tensor Apply(Tensor x) => ScaledSum("Sum", x, 1);

    /// <summary>The sums over some axes.</summary>
    /// <param name="x">Any shape, floating-point.</param>
    /// <param name="axes">The axes to add over.</param>
    /// <param name="keepAxes">Whether these axes stay, with an extent of 1.</param>
    /// <returns>x's shape without the axes, or with 1 in their place.</returns>
    /// <exception cref="ShapeException">x does not have an axis, or one is given twice.</exception>
    public static Tensor Apply(Tensor x, Index[] axes, bool keepAxes = false) => OverAxes("Sum", x, axes, keepAxes);

    internal static Tensor OverAxes(string op, Tensor x, Index[] axes, bool keepAxes)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(op, PrecisionRule.Wide, [x], t => OverAxes(op, t[0]!, axes, keepAxes));
        OpCheck.FloatingPoint(op, "x", x);
        var numbers = Array.ConvertAll(axes, axis => Axes.Find(op, x, axis));
        if (numbers.Distinct().Count() < numbers.Length)
            throw new ShapeException(op, $"the axes [{string.Join(", ", axes)}] must differ", ("x", x.Shape));
        var source = x.Shape;
        var sum = Axes.Sum(x, numbers);
        var kept = sum.Shape;
        Shape result = keepAxes ? kept : [.. source.Where((_, axis) => !numbers.Contains(axis))];
        return Autograd.Record(op, sum.Share(result), [x], g => [Axes.Repeat(g.Share(kept), source)]);
    }

    internal static Tensor ScaledSum(string op, Tensor x, double factor)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(op, PrecisionRule.Wide, [x], t => ScaledSum(op, t[0]!, factor));
        OpCheck.FloatingPoint(op, "x", x);
        return x.DType == DType.Float64 ? Run<double, Real64>(op, x, factor) : Run<float, Real32>(op, x, factor);
    }

    private static Tensor Run<T, R>(string op, Tensor x, double factor)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (shape, host) = (x.Shape, x.Device.Kernels);
        var sum = Tensor.Zeros([1], x.DType, x.Device);
        if (x.Length > 0)
        {
            using var workspace = Tensor.Empty([FlatReduction.WorkspaceLength(x.Count)], x.DType, x.Device);
            FlatReduction.Sum<T, R>(host, x.View<T>(), workspace.View<T>(), sum.View<T>());
            ElementwiseKernels.Scale(host, sum.View<T>(), R.FromDouble(factor), sum.View<T>());
        }
        return Autograd.Record(op, sum, [x], g =>
        {
            var dx = Tensor.Empty(shape, g.DType, g.Device);
            if (dx.Length > 0) FillKernels.FromElement(host, g.View<T>(), R.FromDouble(factor), dx.View<T>());
            return [dx];
        });
    }
}
