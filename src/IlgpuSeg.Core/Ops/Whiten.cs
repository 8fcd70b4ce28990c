using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Whitening as disentangled non-local attention uses it: every channel of every image minus its own mean over the positions.
/// </summary>
public static class Whiten
{
    private const string Op = "Whiten";

    /// <summary>y[n, p, c] = x[n, p, c] - mean over p of x[n, p, c].</summary>
    /// <param name="x">[N, P, C], floating-point.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ShapeException">x is empty or has other than three axes.</exception>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.Rank(Op, "x", x, 3);
        if (x.Length == 0)
            throw new ShapeException(Op, "x must hold at least one element", ("x", x.Shape));
        var y = Centered(x);
        return Autograd.Record(Op, y, [x], g => [Centered(g)]);
    }

    /// <summary>The map itself. It is a symmetric projection, so it is its own backward.</summary>
    internal static Tensor Centered(Tensor x)
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        if (x.DType == DType.Float64) Center<double, Real64>(x, y);
        else Center<float, Real32>(x, y);
        return y;
    }

    /// <summary>Writes the centred x into y, which may be x.</summary>
    internal static void Center<T, R>(Tensor x, Tensor y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var means = Tensor.Empty([x.N, x.C], x.DType, x.Device);
        PositionKernels.Center<T, R>(x.Device.Kernels, x.View<T>(), means.View<T>(), y.View<T>(), x.N, x.Shape[1], x.C);
    }
}
