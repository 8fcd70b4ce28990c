using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Layers;

/// <summary>Stochastic depth: in training drops whole samples of a residual branch, survivors are scaled by 1 / (1 - p).</summary>
internal sealed class DropPath(Builder build, double rate) : Module
{
    /// <summary>x + scale * branch, where the branch is dropped for some samples; scale is one factor per channel.</summary>
    public Tensor Forward(Tensor x, Tensor branch, Tensor scale)
    {
        var drop = Training && rate > 0 ? Masks.Draw(build, rate, x.N) : null;
        return ScaledResidual.Apply(x, branch, scale, drop);
    }
}

/// <summary>Channel dropout: in training drops whole channels of a sample, survivors are scaled by 1 / (1 - p).</summary>
internal sealed class Dropout2d(Builder build, double rate) : Module
{
    public Tensor Forward(Tensor x)
    {
        if (!Training || rate == 0) return x;
        var mask = Masks.Draw(build, rate, x.Shape[0], x.Shape[^1]);
        return ChannelMask.Apply(x, mask);
    }
}

/// <summary>Random masks of 0 and 1 / (1 - p).</summary>
internal static class Masks
{
    public static Tensor Draw(Builder build, double rate, params int[] shape)
    {
        var values = new double[new Shape(shape).Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = build.Random.NextDouble() < rate ? 0 : 1 / (1 - rate);
        return Tensor.FromDoubles(values, shape, build.DType, build.Device);
    }
}
