using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Layers;

/// <summary>Stochastic depth: in training drops whole samples of a residual branch, survivors are scaled by 1 / (1 - p).</summary>
internal sealed class DropPath(Builder build, double rate) : Module
{
    /// <summary>x + scale * branch, where the branch is dropped for some samples; scale is one factor per channel.</summary>
    public Tensor Forward(Tensor x, Tensor branch, Tensor scale) => WithHooks(t => [Drop(t[0], t[1], t[2])], x, branch, scale)[0];

    private Tensor Drop(Tensor x, Tensor branch, Tensor scale)
    {
        var drop = Training && rate > 0 ? DropMask.Draw([x.N], rate, build.Random, build.DType, build.Device) : null;
        return ScaledResidual.Apply(x, branch, scale, drop);
    }
}

/// <summary>Channel dropout: in training drops whole channels of a sample, survivors are scaled by 1 / (1 - p).</summary>
internal sealed class Dropout2d(Builder build, double rate) : Module
{
    public Tensor Forward(Tensor x) => WithHooks(Drop, x);

    private Tensor Drop(Tensor x)
    {
        if (!Training || rate == 0) return x;
        var mask = DropMask.Draw([x.Shape[0], x.Shape[^1]], rate, build.Random, build.DType, build.Device);
        return ChannelMask.Apply(x, mask);
    }
}
