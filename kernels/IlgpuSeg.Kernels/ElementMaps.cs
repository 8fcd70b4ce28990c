// Functions of one element, y[i] = f(x[i]), with a parameter where the function has one, and their gradients.
//
// Memory: every element is read and written once; results may share their operands' memory. A function says whether its gradient needs
// the operand or the result, so that only one of them has to be kept. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>A function of one element; callable inside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IElementMap<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether the gradient is computed from the operand; else it is from the result.</summary>
    static abstract bool NeedsOperand { get; }

    /// <summary>f(x).</summary>
    static abstract T Value(T x, T parameter);

    /// <summary>dy f'(x), given the operand or the result, as <see cref="NeedsOperand"/> says.</summary>
    static abstract T Gradient(T known, T dy, T parameter);
}

/// <summary>exp(x).</summary>
public readonly struct ExpMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => false;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => R.Exp(x);

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => known * dy;
}

/// <summary>The natural logarithm.</summary>
public readonly struct LogMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => true;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => R.Log(x);

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => dy / known;
}

/// <summary>The square root.</summary>
public readonly struct SqrtMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => false;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => R.Sqrt(x);

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => dy / (known + known);
}

/// <summary>The logistic function 1 / (1 + exp(-x)).</summary>
public readonly struct SigmoidMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => false;

    /// <inheritdoc/>
    public static T Value(T x, T parameter)
    {
        // Of -|x|, so that the exponential does not overflow.
        var e = R.Exp(-R.Abs(x));
        var small = e / (T.One + e);
        return x < T.Zero ? small : T.One / (T.One + e);
    }

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => dy * known * (T.One - known);
}

/// <summary>The hyperbolic tangent.</summary>
public readonly struct TanhMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => false;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => R.Tanh(x);

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => dy * (T.One - known * known);
}

/// <summary>x to the power of the parameter.</summary>
public readonly struct PowerMap<T, R> : IElementMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => true;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => R.Pow(x, parameter);

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => dy * parameter * R.Pow(known, parameter - T.One);
}

/// <summary>The parameter divided by x.</summary>
public readonly struct QuotientMap<T> : IElementMap<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool NeedsOperand => true;

    /// <inheritdoc/>
    public static T Value(T x, T parameter) => parameter / x;

    /// <inheritdoc/>
    public static T Gradient(T known, T dy, T parameter) => -dy * (parameter / known) / known;
}

/// <summary>Functions of one element.</summary>
public static class ElementMapKernels
{
    internal static void ForwardKernel<T, TMap>(ArrayView<T> x, T parameter, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
        where TMap : struct, IElementMap<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = TMap.Value(x[i], parameter);
    }

    internal static void BackwardKernel<T, TMap>(ArrayView<T> known, ArrayView<T> dy, T parameter, ArrayView<T> dx, int run, int n)
        where T : unmanaged, INumber<T>
        where TMap : struct, IElementMap<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            dx[i] = TMap.Gradient(known[i], dy[i], parameter);
    }

    internal static void ShiftKernel<T>(ArrayView<T> x, T constant, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = x[i] + constant;
    }

    /// <summary>y = f(x).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="parameter">The function's parameter; 0 where it has none.</param>
    /// <param name="y">The result, at least 1 element; may be x.</param>
    public static void Forward<T, TMap>(KernelHost host, ArrayView<T> x, T parameter, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where TMap : struct, IElementMap<T>
    {
        var n = y.IntLength;
        if (ElementBlock.Takes(host, x, x, y))
        {
            ElementBlock.Run<T, ElementBlockMap<T, TMap>>(host, x, x, parameter, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, T, ArrayView<T>, int, int>(ForwardKernel<T, TMap>))(
            ElementLoop.Config(host, n), x, parameter, y, ElementLoop.Run(host), n);
    }

    /// <summary>dx = dy f'(x).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="known">The operand, or the result where <see cref="IElementMap{T}.NeedsOperand"/> is false.</param>
    /// <param name="dy">The result's gradient.</param>
    /// <param name="parameter">The function's parameter.</param>
    /// <param name="dx">The operand's gradient, at least 1 element; may be dy.</param>
    public static void Backward<T, TMap>(KernelHost host, ArrayView<T> known, ArrayView<T> dy, T parameter, ArrayView<T> dx)
        where T : unmanaged, INumber<T>
        where TMap : struct, IElementMap<T>
    {
        var n = dx.IntLength;
        if (ElementBlock.Takes(host, known, dy, dx))
        {
            ElementBlock.Run<T, ElementGradientBlockMap<T, TMap>>(host, known, dy, parameter, dx);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T, ArrayView<T>, int, int>(BackwardKernel<T, TMap>))(
            ElementLoop.Config(host, n), known, dy, parameter, dx, ElementLoop.Run(host), n);
    }

    /// <summary>y = x + constant.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="constant">What is added.</param>
    /// <param name="y">The result, at least 1 element; may be x.</param>
    public static void Shift<T>(KernelHost host, ArrayView<T> x, T constant, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, T, ArrayView<T>, int, int>(ShiftKernel))(
            ElementLoop.Config(host, n), x, constant, y, ElementLoop.Run(host), n);
    }
}
