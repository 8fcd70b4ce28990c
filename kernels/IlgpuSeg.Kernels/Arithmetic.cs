// Differences and quotients of two arrays, y[i] = a[i] - b[i] and y[i] = a[i] / b[i], and the quotient's gradient for its divisor.
//
// Memory: every element is read and written once; the result may share an operand's memory. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Element-wise differences and quotients.</summary>
public static class ArithmeticKernels
{
    internal static void SubtractKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = a[i] - b[i];
    }

    internal static void DivideKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = a[i] / b[i];
    }

    internal static void DivisorGradientKernel<T>(ArrayView<T> y, ArrayView<T> b, ArrayView<T> dy, ArrayView<T> db, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            db[i] = -dy[i] * y[i] / b[i];
    }

    /// <summary>y = a - b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of y's length.</param>
    /// <param name="b">Operand of y's length.</param>
    /// <param name="y">The result, at least 1 element; may be a or b.</param>
    public static void Subtract<T>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(SubtractKernel))(
            ElementLoop.Config(host, n), a, b, y, ElementLoop.Run(host), n);
    }

    /// <summary>y = a / b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of y's length.</param>
    /// <param name="b">Operand of y's length.</param>
    /// <param name="y">The result, at least 1 element; may be a or b.</param>
    public static void Divide<T>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(DivideKernel))(
            ElementLoop.Config(host, n), a, b, y, ElementLoop.Run(host), n);
    }

    /// <summary>db = -dy y / b, the gradient of a / b for b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">The quotient.</param>
    /// <param name="b">The divisor.</param>
    /// <param name="dy">The quotient's gradient.</param>
    /// <param name="db">The divisor's gradient, at least 1 element; may be dy.</param>
    public static void DivisorGradient<T>(KernelHost host, ArrayView<T> y, ArrayView<T> b, ArrayView<T> dy, ArrayView<T> db)
        where T : unmanaged, INumber<T>
    {
        var n = db.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(DivisorGradientKernel))(
            ElementLoop.Config(host, n), y, b, dy, db, ElementLoop.Run(host), n);
    }
}
