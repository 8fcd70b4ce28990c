using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Rows of a matrix picked by index.</summary>
public static class GatherRows
{
    private const string Op = "GatherRows";

    /// <summary>y[m] = x[index[m]]; the gradients of a row that is picked several times are added in the order of m.</summary>
    /// <param name="x">[R, C], floating-point.</param>
    /// <param name="index">[M], Int32, each in 0..R-1; repetitions are allowed.</param>
    /// <param name="checkRange">
    /// Whether to read the index back and refuse rows that x does not have; false where they are known to be right and the host should not wait.
    /// </param>
    /// <returns>[M, C].</returns>
    /// <exception cref="ShapeException">The ranks are wrong.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside x.</exception>
    public static Tensor Apply(Tensor x, Tensor index, bool checkRange = true)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, index, checkRange));
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.Int32(Op, "index", index);
        OpCheck.SameDevice(Op, x, index);
        OpCheck.Rank(Op, "x", x, 2);
        OpCheck.Rank(Op, "index", index, 1);
        if (checkRange) CheckRange(x, index);
        return x.DType == DType.Float64 ? Run<double>(x, index) : Run<float>(x, index);
    }

    private static void CheckRange(Tensor x, Tensor index)
    {
        foreach (var row in index.ToArray<int>())
        {
            if (row < 0 || row >= x.Shape[0])
            {
                throw new ArgumentOutOfRangeException(
                    nameof(index), row, $"{Op}: an index lies outside the {x.Shape[0]} rows of x {x.Shape}.");
            }
        }
    }

    private static Tensor Run<T>(Tensor x, Tensor index)
        where T : unmanaged, INumber<T>
    {
        var (source, device) = (x.Shape, x.Device);
        var y = Tensor.Empty([index.Count, x.C], x.DType, device);
        if (y.Length > 0)
            GatherKernels.Forward(device.Kernels, x.View<T>(), index.View<int>(), y.View<T>(), x.C);
        return Autograd.Record(Op, y, [x], g =>
        {
            var dx = Tensor.Zeros(source, g.DType, device);
            if (g.Length == 0) return [dx];
            using var links = Tensor.Empty([2, index.Count], DType.Int32, device);
            GatherKernels.Backward(device.Kernels, g.View<T>(), index.View<int>(), links.View<int>(), dx.View<T>(), source[^1]);
            return [dx];
        }, index);
    }
}
