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
        // By block tiles, of maps as they lie, or by a position per lane, of packed maps.
        private readonly bool inBlocks = AttentionBlock.Takes<T>(q.Device.Kernels);

        public Tensor Forward()
        {
            using var weights = Empty(shape.Samples, shape.Keys);
            SoftmaxKernels.Forward<T, R, SoftmaxForm<T, R>>(host, m.View<T>(), weights.View<T>(), shape.Samples, shape.Keys);
            using var unary = Empty(shape.Samples, shape.Channels);
            AttentionKernels.Unary<T, R>(host, weights.View<T>(), g.View<T>(), unary.View<T>(), shape);

            using var stats = Empty(AttentionKernels.StatRows, shape.Samples * shape.Positions);
            using var o = Pairwise(stats);
            var y = Empty(shape.Samples, shape.Positions, shape.Channels);
            AttentionKernels.Combine<T, R>(host, o.View<T>(), stats.View<T>(), gamma.View<T>(), unary.View<T>(), y.View<T>(), shape);
            return Autograd.Record(Op, y, [q, k, g, m, gamma], dy => Backward(dy, weights, stats, o), q, k, g, gamma, weights, stats, o);
        }

        private Tensor Pairwise(Tensor stats)
        {
            using var centeredQ = Centered(q);
            using var centeredK = Centered(k);
            if (inBlocks)
            {
                var plain = Empty(shape.Samples, shape.Positions, shape.Channels);
                AttentionBlock.Forward<T, R>(
                    host, centeredQ.View<T>(), centeredK.View<T>(), g.View<T>(), plain.View<T>(), stats.View<T>(), scale, shape);
                return plain;
            }
            var o = Packed(shape.Positions, shape.Channels);
            o.SetToZero();
            using var qColumns = Pack(centeredQ);
            AttentionKernels.Forward<T, R>(
                host, qColumns.View<T>(), centeredK.View<T>(), g.View<T>(), o.View<T>(), stats.View<T>(), scale, shape);
            return o;
        }

        private Tensor?[] Backward(Tensor dy, Tensor weights, Tensor stats, Tensor o)
        {
            using var centeredQ = Centered(q);
            using var centeredK = Centered(k);
            var dgamma = Empty(1);
            var dq = QueryGradient(dy, centeredQ, centeredK, stats, o, dgamma);
            var (dk, dg, dm) = KeyGradients(dy, centeredQ, centeredK, stats, weights);
            return [dq, dk, dg, dm, dgamma];
        }

        private Tensor QueryGradient(Tensor dy, Tensor centeredQ, Tensor centeredK, Tensor stats, Tensor o, Tensor dgamma)
        {
            using var dyColumns = inBlocks ? null : Pack(dy);
            if (dyColumns is null)
                AttentionBlockBackward.Dot<T, R>(host, dy.View<T>(), o.View<T>(), stats.View<T>(), shape);
            else
                AttentionBackwardKernels.Dot<T, R>(host, dyColumns.View<T>(), o.View<T>(), stats.View<T>(), shape);
            var queries = shape.Samples * shape.Positions;
            using var workspace = Empty(FlatReduction.WorkspaceLength(queries));
            FlatReduction.Sum<T, R>(host, stats.View<T>().SubView(2 * queries, queries), workspace.View<T>(), dgamma.View<T>());

            if (dyColumns is null)
            {
                var dq = Empty(q.Shape.ToArray());
                AttentionBlockBackward.Queries<T, R>(
                    host, centeredQ.View<T>(), centeredK.View<T>(), g.View<T>(), dy.View<T>(), stats.View<T>(), gamma.View<T>(), dq.View<T>(),
                    scale, shape);
                Whiten.Center<T, R>(dq, dq);
                return dq;
            }
            using var qColumns = Pack(centeredQ);
            using var dqColumns = Packed(shape.Positions, shape.KeyChannels);
            dqColumns.SetToZero();
            AttentionBackwardKernels.Queries<T, R>(
                host, qColumns.View<T>(), centeredK.View<T>(), g.View<T>(), dyColumns.View<T>(), stats.View<T>(), gamma.View<T>(),
                dqColumns.View<T>(), scale, shape);
            return CenteredUnpacked(dqColumns, q.Shape);
        }

        private (Tensor Dk, Tensor Dg, Tensor Dm) KeyGradients(
            Tensor dy, Tensor centeredQ, Tensor centeredK, Tensor stats, Tensor weights)
        {
            using var dySum = Empty(shape.Samples, shape.Channels);
            PositionKernels.Sum<T, R>(host, dy.View<T>(), dySum.View<T>(), shape.Samples, shape.Positions, shape.Channels);
            var dg = Empty(g.Shape.ToArray());
            var dm = Empty(m.Shape.ToArray());
            var dk = inBlocks
                ? KeyGradientsInBlocks(dy, centeredQ, centeredK, stats, weights, dySum, dg, dm)
                : KeyGradientsInColumns(dy, centeredQ, centeredK, stats, weights, dySum, dg, dm);
            SoftmaxKernels.Backward<T, SoftmaxForm<T, R>>(host, weights.View<T>(), dm.View<T>(), dm.View<T>(), shape.Samples, shape.Keys);
            return (dk, dg, dm);
        }

        private Tensor KeyGradientsInBlocks(
            Tensor dy, Tensor centeredQ, Tensor centeredK, Tensor stats, Tensor weights, Tensor dySum, Tensor dg, Tensor dm)
        {
            var dk = Empty(k.Shape.ToArray());
            using var dgPairs = Empty(g.Shape.ToArray());
            AttentionBlockBackward.Keys<T, R>(
                host, centeredQ.View<T>(), centeredK.View<T>(), g.View<T>(), dy.View<T>(), stats.View<T>(), gamma.View<T>(), dk.View<T>(),
                dgPairs.View<T>(), scale, shape);
            AttentionBackwardKernels.Values<T, R>(host, dgPairs.View<T>(), weights.View<T>(), dySum.View<T>(), dg.View<T>(), shape);
            AttentionBlockBackward.Unary<T, R>(host, g.View<T>(), dySum.View<T>(), dm.View<T>(), shape);
            Whiten.Center<T, R>(dk, dk);
            return dk;
        }

        private Tensor KeyGradientsInColumns(
            Tensor dy, Tensor centeredQ, Tensor centeredK, Tensor stats, Tensor weights, Tensor dySum, Tensor dg, Tensor dm)
        {
            using var kColumns = Pack(centeredK);
            using var gColumns = Pack(g);
            using var dkColumns = Packed(shape.Keys, shape.KeyChannels);
            using var dgColumns = Packed(shape.Keys, shape.Channels);
            dkColumns.SetToZero();
            dgColumns.SetToZero();
            AttentionBackwardKernels.Keys<T, R>(
                host, kColumns.View<T>(), gColumns.View<T>(), centeredQ.View<T>(), dy.View<T>(), stats.View<T>(), gamma.View<T>(),
                dkColumns.View<T>(), dgColumns.View<T>(), scale, shape);
            AttentionBackwardKernels.Values<T, R>(host, dgColumns.View<T>(), weights.View<T>(), dySum.View<T>(), dg.View<T>(), shape);
            AttentionBackwardKernels.Unary<T, R>(host, gColumns.View<T>(), dySum.View<T>(), dm.View<T>(), shape);
            return CenteredUnpacked(dkColumns, k.Shape);
        }

        private Tensor Centered(Tensor x)
        {
            var y = Empty(x.Shape.ToArray());
            Whiten.Center<T, R>(x, y);
            return y;
        }

        private Tensor CenteredUnpacked(Tensor columns, Shape target)
        {
            var y = Empty(target.ToArray());
            PositionKernels.Unpack(host, columns.View<T>(), y.View<T>(), target[0], target[1], target[2]);
            Whiten.Center<T, R>(y, y);
            return y;
        }

        private Tensor Pack(Tensor x)
        {
            var columns = Packed(x.Shape[1], x.C);
            PositionKernels.Pack(host, x.View<T>(), columns.View<T>(), x.N, x.Shape[1], x.C);
            return columns;
        }

        private Tensor Packed(int positions, int channels) => Empty(PositionKernels.PackedLength(host, shape.Samples, positions, channels));

        private Tensor Empty(params int[] dims) => Tensor.Empty(dims, q.DType, q.Device);
    }
}
