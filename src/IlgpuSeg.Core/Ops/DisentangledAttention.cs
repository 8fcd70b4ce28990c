using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Disentangled non-local attention (the network description's DNL, the paper's equation 3): a whitened pairwise term, scaled by a
/// learned number, and a unary term that is the same for all positions. The attention matrix is never stored: memory grows with
/// the number of positions, and backward computes the weights anew.
/// </summary>
public static class DisentangledAttention
{
    private const string Op = "DisentangledAttention";

    /// <summary>gamma * softmax over keys(scale * whiten(q) whiten(k)^T) g + softmax over keys(m)^T g.</summary>
    /// <param name="q">Queries [N, P, K], floating-point.</param>
    /// <param name="k">Keys [N, P2, K].</param>
    /// <param name="g">Values [N, P2, C].</param>
    /// <param name="m">Unary scores [N, P2, 1].</param>
    /// <param name="gamma">[1].</param>
    /// <param name="scale">The factor of the products before the softmax.</param>
    /// <returns>[N, P, C].</returns>
    /// <exception cref="ShapeException">The shapes do not fit, or one is empty.</exception>
    public static Tensor Apply(Tensor q, Tensor k, Tensor g, Tensor m, Tensor gamma, double scale = 1)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, q, k, g, m, gamma))
            return MixedPrecision.Run(Op, PrecisionRule.Product, [q, k, g, m, gamma], t => Apply(t[0]!, t[1]!, t[2]!, t[3]!, t[4]!, scale), factors: 4);
        OpCheck.FloatingPoint(Op, "q", q);
        OpCheck.SameDevice(Op, q, k, g, m, gamma);
        OpCheck.SameDType(Op, q, k, g, m, gamma);
        OpCheck.Rank(Op, "q", q, 3);
        OpCheck.Rank(Op, "k", k, 3);
        OpCheck.Rank(Op, "g", g, 3);
        var fits = k.C == q.C && k.N == q.N && g.N == q.N && g.Shape[1] == k.Shape[1] && gamma.Shape == new Shape(1)
            && m.Shape == new Shape(q.N, k.Shape[1], 1);
        if (!fits || q.Length == 0 || k.Length == 0 || g.Length == 0)
        {
            throw new ShapeException(Op, "q [N, P, K], k [N, P2, K], g [N, P2, C], m [N, P2, 1] and gamma [1] must fit and not be empty",
                ("q", q.Shape), ("k", k.Shape), ("g", g.Shape), ("m", m.Shape), ("gamma", gamma.Shape));
        }
        return q.DType == DType.Float64
            ? new Pass<double, Real64>(q, k, g, m, gamma, scale).Forward()
            : new Pass<float, Real32>(q, k, g, m, gamma, scale).Forward();
    }

    private sealed class Pass<T, R>(Tensor q, Tensor k, Tensor g, Tensor m, Tensor gamma, double scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        private readonly KernelHost host = q.Device.Kernels;
        private readonly AttentionShape shape = new(q.N, q.Shape[1], k.Shape[1], q.C, g.C);

        public Tensor Forward()
        {
            using var o = Empty(AttentionHost.ResultLength<T>(host, shape));
            using var stats = Empty(AttentionHost.StatRows, shape.Samples * shape.Positions);
            using var rows = Empty(AttentionHost.RowsLength<T>(host, shape));
            using var workspace = Empty(AttentionHost.WorkspaceLength<T>(host, shape));
            var y = Empty(shape.Samples, shape.Positions, shape.Channels);
            AttentionHost.Forward<T, R>(
                host, Maps(), new(o.View<T>(), stats.View<T>(), rows.View<T>()), y.View<T>(), workspace.View<T>(), scale, shape);
            return Autograd.Record(Op, y, [q, k, g, m, gamma], dy => Backward(dy, o, stats, rows), q, k, g, m, gamma, o, stats, rows);
        }

        private Tensor?[] Backward(Tensor dy, Tensor o, Tensor stats, Tensor rows)
        {
            var (dq, dk, dg, dm, dgamma) = (Like(q), Like(k), Like(g), Like(m), Like(gamma));
            using var sums = Empty(AttentionHost.SumsLength<T>(host, shape));
            using var centered = Empty(AttentionHost.CenteredLength<T>(host, shape));
            using var columns = Empty(AttentionHost.ColumnsLength<T>(host, shape));
            AttentionHost.Backward<T, R>(
                host, Maps(), dy.View<T>(), new(o.View<T>(), stats.View<T>(), rows.View<T>()),
                new(dq.View<T>(), dk.View<T>(), dg.View<T>(), dm.View<T>(), dgamma.View<T>()),
                new(sums.View<T>(), centered.View<T>(), columns.View<T>()), scale, shape);
            return [dq, dk, dg, dm, dgamma];
        }

        private AttentionMaps<T> Maps() => new(q.View<T>(), k.View<T>(), g.View<T>(), m.View<T>(), gamma.View<T>());

        private Tensor Like(Tensor x) => Empty(x.Shape.ToArray());

        private Tensor Empty(params int[] dims) => Tensor.Empty(dims, q.DType, q.Device);
    }
}
