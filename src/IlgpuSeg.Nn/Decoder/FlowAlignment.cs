using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Decoder;

/// <summary>Flow alignment (SFNet): warps the coarse features to a finer level along a learned flow.</summary>
public sealed class FlowAlignment : Module
{
    private readonly Conv2d downLateral;
    private readonly Conv2d downCoarse;
    private readonly Conv2d flow;

    /// <summary>Builds the alignment for features of one width.</summary>
    public FlowAlignment(Builder build, int width, int flowWidth)
    {
        downLateral = Add("down_lateral", new Conv2d(build, width, flowWidth, bias: false));
        downCoarse = Add("down_coarse", new Conv2d(build, width, flowWidth, bias: false));
        flow = Add("flow", new Conv2d(build, 2 * flowWidth, 2, kernel: 3, padding: 1, bias: false));
    }

    /// <summary>Samples the coarse features at the finer level's size.</summary>
    /// <param name="lateral">The finer level, [N, h, w, width].</param>
    /// <param name="coarse">The coarser level, [N, h', w', width].</param>
    /// <returns>[N, h, w, width].</returns>
    public Tensor Forward(Tensor lateral, Tensor coarse) => WithHooks(t => [Align(t[0], t[1])], lateral, coarse)[0];

    private Tensor Align(Tensor lateral, Tensor coarse)
    {
        using var scope = new TensorScope();
        var c = ResizeBilinear.Apply(downCoarse.Forward(coarse), lateral.H, lateral.W, alignCorners: true);
        var offsets = flow.Forward(Concat.Apply(c, downLateral.Forward(lateral)));
        return scope.Keep(FlowWarp.Apply(coarse, offsets));
    }

    /// <summary>The output's shape; counts the layers.</summary>
    public Shape Trace(ModelTrace trace, Shape lateral, Shape coarse)
    {
        trace.Child("down_coarse", () => downCoarse.Trace(trace, coarse));
        var reduced = trace.Child("down_lateral", () => downLateral.Trace(trace, lateral));
        trace.Step("Resize", reduced);
        var both = trace.Step("Concat", reduced.With(^1, 2 * reduced[^1]));
        trace.Child("flow", () => flow.Trace(trace, both));
        return trace.Step("Warp", lateral);
    }
}
