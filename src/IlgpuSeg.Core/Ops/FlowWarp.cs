using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Bilinear sampling of a map along a learned flow: the alignment of SFNet (Li et al., 2020).</summary>
public static class FlowWarp
{
    private const string Op = "FlowWarp";

    /// <summary>
    /// x at the points linspace(-1, 1, w) x linspace(-1, 1, h) + flow / (w, h), where -1 and 1 are the centres of x's corner pixels and
    /// everything outside x is zero.
    /// </summary>
    /// <param name="x">[N, H, W, C], Float32 or Float64.</param>
    /// <param name="flow">[N, h, w, 2], of x's dtype and device; channel 0 is x, channel 1 is y.</param>
    /// <returns>[N, h, w, C].</returns>
    /// <exception cref="ShapeException">The batches differ, or the flow does not have two channels.</exception>
    public static Tensor Apply(Tensor x, Tensor flow)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, flow))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x, flow], t => Apply(t[0]!, t[1]!));
        OpCheck.SameDevice(Op, x, flow);
        OpCheck.SameDType(Op, x, flow);
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.Rank(Op, "x", x, 4);
        OpCheck.Rank(Op, "flow", flow, 4);
        OpCheck.NotEmpty(Op, "x", x, axes: 4);
        OpCheck.NotEmpty(Op, "flow", flow, axes: 4);
        if (flow.N != x.N || flow.C != 2)
            throw new ShapeException(Op, "flow must be [N, h, w, 2] with x's N", ("x", x.Shape), ("flow", flow.Shape));
        return x.DType == DType.Float64 ? Run<double, Real64>(x, flow) : Run<float, Real32>(x, flow);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor flow)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var host = x.Device.Kernels;
        var shape = new WarpShape(x.N, x.H, x.W, flow.H, flow.W, x.C);
        var cells = Tensor.Empty(new Shape(flow.N, flow.H, flow.W), DType.Int32, x.Device);
        var fractionsX = Tensor.Empty(cells.Shape, x.DType, x.Device);
        var fractionsY = Tensor.Empty(cells.Shape, x.DType, x.Device);
        var y = Tensor.Empty(new Shape(flow.N, flow.H, flow.W, x.C), x.DType, x.Device);
        FlowWarpKernels.Points<T, R>(host, flow.View<T>(), Points(), shape);
        FlowWarpKernels.Forward<T, R>(host, x.View<T>(), Points(), y.View<T>(), shape);
        return Autograd.Record(Op, y, [x, flow], Backward, x, cells, fractionsX, fractionsY);

        WarpPoints<T> Points() => new(cells.View<int>(), fractionsX.View<T>(), fractionsY.View<T>());

        Tensor?[] Backward(Tensor g)
        {
            Tensor? dx = null, dflow = null;
            if (x.RequiresGrad)
            {
                dx = Tensor.Empty(x.Shape, x.DType, x.Device);
                using var workspace = Tensor.Zeros(new Shape(FlowWarpKernels.WorkspaceLength(shape)), DType.Int32, x.Device);
                FlowWarpKernels.Backward<T, R>(host, g.View<T>(), Points(), workspace.View<int>(), dx.View<T>(), shape);
            }
            if (flow.RequiresGrad)
            {
                dflow = Tensor.Empty(flow.Shape, flow.DType, flow.Device);
                FlowWarpKernels.FlowGradient<T, R>(host, x.View<T>(), g.View<T>(), Points(), dflow.View<T>(), shape);
            }
            return [dx, dflow];
        }
    }
}
