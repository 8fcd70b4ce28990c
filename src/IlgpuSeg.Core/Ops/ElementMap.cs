using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>What all functions of one element share: the launch, and what is kept for the gradient.</summary>
internal static class ElementMap<T, TMap>
    where T : unmanaged, INumber<T>
    where TMap : struct, IElementMap<T>
{
    public static Tensor Apply(string op, Tensor x, T parameter)
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        if (x.Length > 0) ElementMapKernels.Forward<T, TMap>(x.Device.Kernels, x.View<T>(), parameter, y.View<T>());
        var known = TMap.NeedsOperand ? x : y;
        return Autograd.Record(op, y, [x], g =>
        {
            var dx = Tensor.Empty(g.Shape, g.DType, g.Device);
            if (g.Length > 0)
                ElementMapKernels.Backward<T, TMap>(g.Device.Kernels, known.View<T>(), g.View<T>(), parameter, dx.View<T>());
            return [dx];
        }, known);
    }
}
