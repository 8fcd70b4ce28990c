// Conversions between element types: y[i] = x[i].
//
// Memory: one read and one write per element, each in its own size. Rounding: to nearest, halves to even. Accumulation: none.
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Conversions of flat arrays between bfloat16, float and double.</summary>
public static class CastKernels
{
    internal static void NarrowKernel(ArrayView<float> x, ArrayView<BFloat16> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = BFloat16.Round(x[i]);
    }

    internal static void WidenKernel(ArrayView<BFloat16> x, ArrayView<float> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = BFloat16.Widen(x[i]);
    }

    internal static void NarrowDoubleKernel(ArrayView<double> x, ArrayView<float> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = (float)x[i];
    }

    internal static void WidenFloatKernel(ArrayView<float> x, ArrayView<double> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = x[i];
    }

    /// <summary>y = x, rounded to bfloat16.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">At least 1 element.</param>
    /// <param name="y">As many elements.</param>
    /// <exception cref="ArgumentException">The result is too short.</exception>
    public static void Narrow(KernelHost host, ArrayView<float> x, ArrayView<BFloat16> y)
    {
        Gemm.Require("conversion", "result", y.Length, x.Length);
        if (BFloat16Block.Takes(host, x, y))
        {
            BFloat16Block.Narrow(host, x, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<float>, ArrayView<BFloat16>, int, int>(NarrowKernel))(
            ElementLoop.Config(host, x.IntLength), x, y, ElementLoop.Run(host), x.IntLength);
    }

    /// <summary>y = x, exactly.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">At least 1 element.</param>
    /// <param name="y">As many elements.</param>
    /// <exception cref="ArgumentException">The result is too short.</exception>
    public static void Widen(KernelHost host, ArrayView<BFloat16> x, ArrayView<float> y)
    {
        Gemm.Require("conversion", "result", y.Length, x.Length);
        if (BFloat16Block.Takes(host, x, y))
        {
            BFloat16Block.Widen(host, x, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<BFloat16>, ArrayView<float>, int, int>(WidenKernel))(
            ElementLoop.Config(host, x.IntLength), x, y, ElementLoop.Run(host), x.IntLength);
    }

    /// <summary>y = x, rounded to float.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">At least 1 element.</param>
    /// <param name="y">As many elements.</param>
    /// <exception cref="ArgumentException">The result is too short.</exception>
    public static void Narrow(KernelHost host, ArrayView<double> x, ArrayView<float> y)
    {
        Gemm.Require("conversion", "result", y.Length, x.Length);
        host.Load(static a => a.LoadStreamKernel<ArrayView<double>, ArrayView<float>, int, int>(NarrowDoubleKernel))(
            ElementLoop.Config(host, x.IntLength), x, y, ElementLoop.Run(host), x.IntLength);
    }

    /// <summary>y = x, exactly.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">At least 1 element.</param>
    /// <param name="y">As many elements.</param>
    /// <exception cref="ArgumentException">The result is too short.</exception>
    public static void Widen(KernelHost host, ArrayView<float> x, ArrayView<double> y)
    {
        Gemm.Require("conversion", "result", y.Length, x.Length);
        host.Load(static a => a.LoadStreamKernel<ArrayView<float>, ArrayView<double>, int, int>(WidenFloatKernel))(
            ElementLoop.Config(host, x.IntLength), x, y, ElementLoop.Run(host), x.IntLength);
    }
}
