using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The pixel-contrast loss (the training description's CL, the paper's equation 5).</summary>
public static class PixelContrast
{
    private const string Op = "PixelContrast";

    /// <summary>
    /// Per anchor i the mean over its positives j (the other embeddings of its label) of
    /// -log( exp(s_ij) / (exp(s_ij) + sum of exp(s_ik) over the embeddings k of other labels) ), s being products divided by tau; averaged
    /// over the anchors that have positives, and exactly 0 with zero gradient where none has.
    /// </summary>
    /// <param name="embeddings">[M, C], floating-point, rows of unit length; M may be 0.</param>
    /// <param name="labels">Int32 [M]; embeddings with a negative label take no part.</param>
    /// <param name="tau">The temperature, positive.</param>
    /// <returns>[1].</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Apply(Tensor embeddings, Tensor labels, double tau = 0.1)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, embeddings))
            return MixedPrecision.Run(Op, PrecisionRule.Wide, [embeddings], t => Apply(t[0]!, labels, tau));
        OpCheck.FloatingPoint(Op, "embeddings", embeddings);
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.SameDevice(Op, embeddings, labels);
        OpCheck.Rank(Op, "embeddings", embeddings, 2);
        if (labels.Shape != new Shape(embeddings.Shape[0]))
        {
            throw new ShapeException(
                Op, "there must be one label per embedding", ("embeddings", embeddings.Shape), ("labels", labels.Shape));
        }
        if (!(tau > 0))
            throw new ArgumentOutOfRangeException(nameof(tau), tau, $"{Op}: tau must be positive.");
        if (embeddings.Length == 0) return Zero(embeddings);
        return embeddings.DType == DType.Float64
            ? Run<double, Real64>(embeddings, labels, tau)
            : Run<float, Real32>(embeddings, labels, tau);
    }

    private static Tensor Zero(Tensor embeddings)
    {
        var (shape, dtype, device) = (embeddings.Shape, embeddings.DType, embeddings.Device);
        return Autograd.Record(Op, Tensor.Zeros([1], dtype, device), [embeddings], _ => [Tensor.Zeros(shape, dtype, device)]);
    }

    private static Tensor Run<T, R>(Tensor embeddings, Tensor labels, double tau)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, count) = (embeddings.Device.Kernels, labels.Count);
        using var similarities = Product(embeddings, embeddings, transposeB: true);
        using var stats = New(PixelContrastKernels.StatRows * count);
        using var losses = New(count);
        using var isAnchor = New(count);
        PixelContrastKernels.Forward<T, R>(
            host, similarities.View<T>(), labels.View<int>(), stats.View<T>(), losses.View<T>(), isAnchor.View<T>(), tau);
        using var workspace = New(FlatReduction.WorkspaceLength(count));
        using var total = New(1);
        using var anchors = New(1);
        FlatReduction.Sum<T, R>(host, losses.View<T>(), workspace.View<T>(), total.View<T>());
        FlatReduction.Sum<T, R>(host, isAnchor.View<T>(), workspace.View<T>(), anchors.View<T>());
        var loss = New(1);
        PixelContrastKernels.Mean<T, R>(host, total.View<T>(), anchors.View<T>(), loss.View<T>());
        return Autograd.Record(Op, loss, [embeddings], g =>
        {
            using var h = Tensor.Empty([count, count], g.DType, g.Device);
            PixelContrastKernels.Backward<T, R>(
                host, similarities.View<T>(), labels.View<int>(), stats.View<T>(), g.View<T>(), anchors.View<T>(), h.View<T>(), tau);
            return [Product(h, embeddings, transposeB: false)];
        }, embeddings, labels, similarities, stats, anchors);

        Tensor New(int length) => Tensor.Empty([length], embeddings.DType, embeddings.Device);
    }

    private static Tensor Product(Tensor a, Tensor b, bool transposeB)
    {
        // A loss is computed in float, also within mixed precision.
        using var precision = new Autocast(enabled: false);
        using var noGrad = Autograd.NoGrad();
        return MatMul.Apply(a, b, transposeB: transposeB);
    }
}
