using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Context;

/// <summary>What stands between backbone and decoder: refines F1..F4, pooled to F4's size and concatenated.</summary>
public abstract class ContextModule : Module
{
    /// <summary>The context.</summary>
    /// <param name="features">F1..F4 at F4's size, concatenated: [N, h, w, C1+..+C4].</param>
    /// <returns>[N, h, w, width].</returns>
    public Tensor Forward(Tensor features) => WithHooks(Refine, features);

    /// <summary>Computes what <see cref="Forward"/> gives.</summary>
    protected abstract Tensor Refine(Tensor features);

    /// <summary>The output's shape; counts the layers.</summary>
    public abstract Shape Trace(ModelTrace trace, Shape features);

    /// <summary>Builds the configured module.</summary>
    public static ContextModule Create(Builder build, NetworkConfig config) => config.Context switch
    {
        ContextKind.Frm => new FeatureRefinement(build, config),
        ContextKind.Ppm => new PyramidPooling(build, config),
        _ => new DeepAggregation(build, config),
    };
}
