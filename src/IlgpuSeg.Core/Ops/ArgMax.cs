using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The class of each pixel.</summary>
public static class ArgMax
{
    private const string Op = "ArgMax";

    /// <summary>The index of the largest element along the last axis, the lowest where several are equal. Has no gradient.</summary>
    /// <param name="logits">[N, H, W, K] or any [..., K], floating-point.</param>
    /// <returns>Int32 [N, H, W], the shape without its last axis.</returns>
    /// <exception cref="ShapeException">The tensor has no axis or no element.</exception>
    public static Tensor Apply(Tensor logits)
    {
        OpCheck.FloatingPoint(Op, "logits", logits);
        if (logits.Shape.Rank == 0 || logits.Length == 0)
            throw new ShapeException(Op, "logits must have at least one axis and one element", ("logits", logits.Shape));
        using var single = logits.DType == DType.BFloat16 ? logits.Detach().Cast(DType.Float32) : null;
        logits = single ?? logits;
        var classes = Tensor.Empty(logits.Shape.ToArray()[..^1], DType.Int32, logits.Device);
        if (logits.DType == DType.Float64)
            ArgMaxKernels.Forward(logits.Device.Kernels, logits.View<double>(), classes.View<int>(), logits.C);
        else
            ArgMaxKernels.Forward(logits.Device.Kernels, logits.View<float>(), classes.View<int>(), logits.C);
        return classes;
    }

    /// <summary>
    /// The classes of logits that are up-sampled bilinearly, without storing the up-sampled ones: <see cref="Apply"/> of
    /// <see cref="ResizeBilinear"/>. Has no gradient.
    /// </summary>
    /// <param name="logits">[N, h, w, K], floating-point.</param>
    /// <param name="outHeight">Rows of the result.</param>
    /// <param name="outWidth">Columns of the result.</param>
    /// <param name="alignCorners">Which of PyTorch's two definitions of the up-sampling.</param>
    /// <returns>Int32 [N, outHeight, outWidth].</returns>
    /// <exception cref="ShapeException">The logits are no images, or a size is below 1.</exception>
    public static Tensor Upsampled(Tensor logits, int outHeight, int outWidth, bool alignCorners)
    {
        OpCheck.FloatingPoint(Op, "logits", logits);
        OpCheck.Rank(Op, "logits", logits, 4);
        if (outHeight < 1 || outWidth < 1 || logits.Length == 0)
        {
            throw new ShapeException(
                Op, $"logits and result need at least one pixel; the result is to be {outHeight} x {outWidth}", ("logits", logits.Shape));
        }
        using var single = logits.DType == DType.BFloat16 ? logits.Detach().Cast(DType.Float32) : null;
        logits = single ?? logits;
        var classes = Tensor.Empty([logits.N, outHeight, outWidth], DType.Int32, logits.Device);
        var shape = new WindowShape(logits.H, logits.W, outHeight, outWidth, logits.C);
        if (logits.DType == DType.Float64) Run<double, Real64>();
        else Run<float, Real32>();
        return classes;

        void Run<T, R>()
            where T : unmanaged, INumber<T>
            where R : struct, IReal<T> =>
            UpsampledLogitsKernels.ArgMax<T, R>(logits.Device.Kernels, logits.View<T>(), classes.View<int>(), alignCorners, shape);
    }
}
