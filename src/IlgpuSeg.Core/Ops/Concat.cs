using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Concatenation along the last axis.</summary>
public static class Concat
{
    private const string Op = "Concat";

    /// <summary>The operands' channels one after the other.</summary>
    /// <param name="xs">At least one tensor [..., C_i], equal in all axes but the last, of one dtype and device.</param>
    /// <returns>[..., sum of C_i].</returns>
    /// <exception cref="ArgumentException">No operand.</exception>
    /// <exception cref="ShapeException">The operands differ in another axis.</exception>
    public static Tensor Apply(params Tensor[] xs)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, xs))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, xs, t => Apply(t!));
        if (xs.Length == 0) throw new ArgumentException($"{Op}: needs at least one operand.");
        OpCheck.SameDevice(Op, xs);
        OpCheck.SameDType(Op, xs);
        OpCheck.FloatingPoint(Op, "x0", xs[0]);
        for (var i = 0; i < xs.Length; i++) OpCheck.NotEmpty(Op, $"x{i}", xs[i], axes: 1);
        if (Array.Exists(xs, x => x.Shape.Rank != xs[0].Shape.Rank || x.Shape.With(^1, 0) != xs[0].Shape.With(^1, 0)))
            throw new ShapeException(Op, "all axes but the last must agree", [.. xs.Select((x, i) => ($"x{i}", x.Shape))]);
        return xs[0].DType == DType.Float64 ? Run<double>(xs) : Run<float>(xs);
    }

    private static Tensor Run<T>(Tensor[] operands)
        where T : unmanaged
    {
        Tensor[] xs = [.. operands];
        var first = xs[0];
        var total = xs.Sum(x => x.C);
        var rows = first.Count / first.C;
        var y = Tensor.Empty(first.Shape.With(^1, total), first.DType, first.Device);
        var offset = 0;
        foreach (var x in xs)
        {
            ConcatKernels.Insert(x.Device.Kernels, x.View<T>(), y.View<T>(), rows, x.C, total, offset);
            offset += x.C;
        }
        return Autograd.Record(Op, y, xs, g => Split<T>(g, xs));
    }

    private static Tensor?[] Split<T>(Tensor g, Tensor[] xs)
        where T : unmanaged
    {
        var gradients = new Tensor?[xs.Length];
        var offset = 0;
        for (var i = 0; i < xs.Length; i++)
        {
            var x = xs[i];
            if (x.RequiresGrad)
            {
                gradients[i] = Tensor.Empty(x.Shape, x.DType, x.Device);
                ConcatKernels.Extract(x.Device.Kernels, g.View<T>(), gradients[i]!.View<T>(), x.Count / x.C, x.C, g.C, offset);
            }
            offset += x.C;
        }
        return gradients;
    }
}
