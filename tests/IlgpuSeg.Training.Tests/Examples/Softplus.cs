using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Tests.Examples;

#region example
/// <summary>log(1 + exp(x)): an operation of our own, with a kernel for each direction.</summary>
public static class Softplus
{
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        OpCheck.FloatingPoint("Softplus", "x", x);
        return x.DType == DType.Float64 ? Run<double, Real64>(x) : Run<float, Real32>(x);
    }

    // One source for both precisions: T is the number, R how it computes.
    private static void ForwardKernel<T, R>(Index1D i, ArrayView<T> x, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => y[i] = R.Max(x[i], T.Zero) + R.Log(T.One + R.Exp(-R.Abs(x[i])));

    private static void BackwardKernel<T, R>(Index1D i, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dx)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => dx[i] = dy[i] / (T.One + R.Exp(-x[i]));

    private static Tensor Run<T, R>(Tensor x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var host = x.Device.Kernels;
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        host.Load(static a => a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<T>, ArrayView<T>>(ForwardKernel<T, R>))(
            x.Count, x.View<T>(), y.View<T>());
        // What backward reads is named at the end: it stays alive until then, and backward refuses to run if it was changed.
        return Autograd.Record("Softplus", y, [x], dy =>
        {
            var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
            host.Load(static a => a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>>(BackwardKernel<T, R>))(
                x.Count, x.View<T>(), dy.View<T>(), dx.View<T>());
            return [dx];
        }, x);
    }
}

public static class SoftplusExample
{
    public static GradCheckResult Run()
    {
        using var scope = new TensorScope();
        var x = Tensor.Randn([3, 5], seed: 1, DType.Float64) * 4;
        x = x.Detach();                                             // a leaf of its own
        x.RequiresGrad = true;
        // Compares with central differences in double precision; throws and names the element if they disagree.
        var result = GradCheck.Run(inputs => Softplus.Apply(inputs[0]), [x]);
        Console.WriteLine($"{result.Checked} elements, largest error {result.MaxError:E1}");
        return result;
    }
}
#endregion
