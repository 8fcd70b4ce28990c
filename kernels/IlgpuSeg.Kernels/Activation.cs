// Activations: ReLU and the exact GELU, x * Phi(x) with Phi the standard normal distribution function (Hendrycks and Gimpel,
// "Gaussian error linear units", not its tanh approximation).
//
// Memory: every element is read and written once; results may share their operand's memory. ReLU's gradient needs only the
// result, GELU's needs the input. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>An activation that another kernel applies to its result; callable inside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IActivation<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether it is none, so that a pass that would only apply it can be left out.</summary>
    static abstract bool IsIdentity { get; }

    /// <summary>The activation of x.</summary>
    static abstract T Value(T x);

    /// <summary>The gradient of x from that of <see cref="Value"/>.</summary>
    static abstract T Gradient(T x, T dy);
}

/// <summary>No activation.</summary>
public readonly struct IdentityActivation<T> : IActivation<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => true;

    /// <inheritdoc/>
    public static T Value(T x) => x;

    /// <inheritdoc/>
    public static T Gradient(T x, T dy) => dy;
}

/// <summary>max(x, 0); NaN stays, as in PyTorch (hence "not above zero" is never asked).</summary>
public readonly struct ReluActivation<T> : IActivation<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static T Value(T x) => x <= T.Zero ? T.Zero : x;

    /// <inheritdoc/>
    public static T Gradient(T x, T dy) => x <= T.Zero ? T.Zero : dy;
}

/// <summary>x * Phi(x), the exact GELU.</summary>
public readonly struct GeluActivation<T, R> : IActivation<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static T Value(T x) => GeluKernels.Value<T, R>(x);

    /// <inheritdoc/>
    public static T Gradient(T x, T dy) => dy * GeluKernels.Derivative<T, R>(x);
}

/// <summary>max(x, 0).</summary>
public static class ReluKernels
{
    internal static void ForwardKernel<T>(ArrayView<T> x, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = ReluActivation<T>.Value(x[i]);
    }

    internal static void BackwardKernel<T>(ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            dx[i] = ReluActivation<T>.Gradient(y[i], dy[i]);
    }

    /// <summary>y = max(x, 0).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="y">The result; may be x.</param>
    public static void Forward<T>(KernelHost host, ArrayView<T> x, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        if (n == 0) return;
        if (ElementBlock.Takes(host, x, x, y))
        {
            ElementBlock.Run<T, ActivationMap<T, ReluActivation<T>>>(host, x, x, T.Zero, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(ForwardKernel))(
            ElementLoop.Config(host, n), x, y, ElementLoop.Run(host), n);
    }

    /// <summary>dx = dy where the result was positive, else 0.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">The forward result.</param>
    /// <param name="dy">Its gradient.</param>
    /// <param name="dx">The operand's gradient; may be dy.</param>
    public static void Backward<T>(KernelHost host, ArrayView<T> y, ArrayView<T> dy, ArrayView<T> dx)
        where T : unmanaged, INumber<T>
    {
        var n = dx.IntLength;
        if (n == 0) return;
        if (ElementBlock.Takes(host, y, dy, dx))
        {
            ElementBlock.Run<T, ActivationGradientMap<T, ReluActivation<T>>>(host, y, dy, T.Zero, dx);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(BackwardKernel))(
            ElementLoop.Config(host, n), y, dy, dx, ElementLoop.Run(host), n);
    }
}

/// <summary>x * Phi(x), with the error function.</summary>
public static class GeluKernels
{
    private const double SqrtHalf = 0.70710678118654752440;
    private const double InvSqrtTwoPi = 0.39894228040143267794;

    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = Value<T, R>(x[i]);
    }

    internal static void BackwardKernel<T, R>(ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dx, int run, int n)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            dx[i] = dy[i] * Derivative<T, R>(x[i]);
    }

    /// <summary>x * Phi(x), callable inside kernels.</summary>
    public static T Value<T, R>(T x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => x * Distribution<T, R>(x);

    /// <summary>d(x * Phi(x)) / dx = Phi(x) + x * phi(x), callable inside kernels.</summary>
    public static T Derivative<T, R>(T x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var density = R.FromDouble(InvSqrtTwoPi) * R.Exp(R.FromDouble(-0.5) * x * x);
        return R.Fma(x, density, Distribution<T, R>(x));
    }

    /// <summary>y = x * Phi(x).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="y">The result; may be x.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var n = y.IntLength;
        if (n == 0) return;
        if (ElementBlock.Takes(host, x, x, y))
        {
            ElementBlock.Run<T, ActivationMap<T, GeluActivation<T, R>>>(host, x, x, T.Zero, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(ForwardKernel<T, R>))(
            ElementLoop.Config(host, n), x, y, ElementLoop.Run(host), n);
    }

    /// <summary>dx = dy * (Phi(x) + x * phi(x)).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">The forward operand.</param>
    /// <param name="dy">The result's gradient.</param>
    /// <param name="dx">The operand's gradient; may be dy or x.</param>
    public static void Backward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dx)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var n = dx.IntLength;
        if (n == 0) return;
        if (ElementBlock.Takes(host, x, dy, dx))
        {
            ElementBlock.Run<T, ActivationGradientMap<T, GeluActivation<T, R>>>(host, x, dy, T.Zero, dx);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(BackwardKernel<T, R>))(
            ElementLoop.Config(host, n), x, dy, dx, ElementLoop.Run(host), n);
    }

    private static T Distribution<T, R>(T x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var half = R.FromDouble(0.5);
        return R.Fma(half, R.Erf(x * R.FromDouble(SqrtHalf)), half);
    }
}
