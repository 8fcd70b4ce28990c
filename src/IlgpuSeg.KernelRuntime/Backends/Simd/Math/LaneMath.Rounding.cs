using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

internal static partial class LaneMath
{
    /// <summary>The largest integer not above x, each lane; exact.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Floor(Vector256<float> x) => Vector256.Floor(x);

    /// <inheritdoc cref="Floor(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Floor(Vector512<double> x) => Vector512.Floor(x);

    /// <summary>The smallest integer not below x, each lane; exact.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Ceiling(Vector256<float> x) => Vector256.Ceiling(x);

    /// <inheritdoc cref="Ceiling(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Ceiling(Vector512<double> x) => Vector512.Ceiling(x);

    /// <summary>The nearest integer, each lane; halves go to the even one, as Math.Round and XMath.Round do.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Round(Vector256<float> x) => Vector256.Round(x);

    /// <inheritdoc cref="Round(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Round(Vector512<double> x) => Vector512.Round(x);

    /// <summary>The nearest integer, each lane; halves go away from zero.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> RoundAwayFromZero(Vector256<float> x) => Vector256.Round(x, MidpointRounding.AwayFromZero);

    /// <inheritdoc cref="RoundAwayFromZero(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> RoundAwayFromZero(Vector512<double> x) => Vector512.Round(x, MidpointRounding.AwayFromZero);

    /// <summary>x without its fraction, each lane; exact.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Truncate(Vector256<float> x) => Vector256.Truncate(x);

    /// <inheritdoc cref="Truncate(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Truncate(Vector512<double> x) => Vector512.Truncate(x);
}
