using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>A residual connection with a learned factor per channel and a drawn one per sample: VAN's, in one pass each way.</summary>
public static class ScaledResidual
{
    private const string Op = "ScaledResidual";

    /// <summary>x[n, ..., c] + drop[n] * scale[c] * branch[n, ..., c].</summary>
    /// <param name="x">[N, ..., C], Float32 or Float64.</param>
    /// <param name="branch">Of x's shape, dtype and device.</param>
    /// <param name="scale">[C], the layer scale.</param>
    /// <param name="drop">[N], the drop-path factors, a constant; all 1 if null.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">drop requires a gradient.</exception>
    public static Tensor Apply(Tensor x, Tensor branch, Tensor scale, Tensor? drop = null)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, branch, scale))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x, branch, scale], t => Apply(t[0]!, t[1]!, t[2]!, drop));
        OpCheck.SameDevice(Op, x, branch, scale, drop);
        OpCheck.SameDType(Op, x, branch, scale, drop);
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.NotEmpty(Op, "x", x, axes: 1);
        if (branch.Shape != x.Shape)
            throw new ShapeException(Op, "x and branch must have one shape", ("x", x.Shape), ("branch", branch.Shape));
        if (scale.Shape != new Shape(x.C))
            throw new ShapeException(Op, "scale must hold one factor for each channel of x, [C]", ("x", x.Shape), ("scale", scale.Shape));
        if (drop is not null)
        {
            if (drop.Shape != new Shape(x.N))
                throw new ShapeException(Op, "drop must hold one factor for each sample of x, [N]", ("x", x.Shape), ("drop", drop.Shape));
            ElementwiseCheck.NotDifferentiable(Op, "drop", drop);
        }
        // Without drop-path the whole batch is one sample with the factor 1.
        drop ??= Tensor.Full(new Shape(1), 1, x.DType, x.Device);
        return x.DType == DType.Float64 ? Run<double, Real64>(x, branch, scale, drop) : Run<float, Real32>(x, branch, scale, drop);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor branch, Tensor scale, Tensor drop)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var host = x.Device.Kernels;
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ScaledResidualKernels.Forward<T, R>(host, x.View<T>(), branch.View<T>(), scale.View<T>(), drop.View<T>(), y.View<T>());
        return Autograd.Record(Op, y, [x, branch, scale], Backward, branch, scale, drop);

        Tensor?[] Backward(Tensor g)
        {
            if (!branch.RequiresGrad && !scale.RequiresGrad) return [g, null, null];
            var dbranch = Tensor.Empty(branch.Shape, branch.DType, branch.Device);
            var dscale = Tensor.Empty(scale.Shape, scale.DType, scale.Device);
            var samples = drop.Count;
            var length = ScaledResidualKernels.WorkspaceLength(samples, g.Count / samples / g.C, g.C);
            using var workspace = Tensor.Empty(new Shape(length), g.DType, g.Device);
            ScaledResidualKernels.Backward<T, R>(
                host, g.View<T>(), branch.View<T>(), scale.View<T>(), drop.View<T>(), workspace.View<T>(), dbranch.View<T>(),
                dscale.View<T>());
            return [g, dbranch, dscale];
        }
    }
}
