using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// Sin and Cos are System.Numerics' vector functions (0.56 ulp for floats). Those send all lanes down another path when one is large;
// here large arguments go lane by lane instead, so that a lane's bits do not depend on its neighbours.
// The rest is rare in kernels: lane by lane through System.MathF and System.Math, with their accuracy and their cost.
internal static partial class LaneMath
{
    // Well inside the range that System.Numerics reduces without leaving its vector path.
    private const float LargeAngle = 1e6f;

    /// <summary>Sine of x in radians, each lane. Error at most 1 ulp.</summary>
    internal static Vector256<float> Sin(Vector256<float> x)
    {
        var large = ~Vector256.LessThan(Vector256.Abs(x), Vector256.Create(LargeAngle));
        var result = Vector256.Sin(Vector256.AndNot(x, large));
        return large == Vector256<float>.Zero ? result : PatchLanes<SinOperation>(x, large, result);
    }

    /// <summary>Cosine of x in radians, each lane. Error at most 1 ulp.</summary>
    internal static Vector256<float> Cos(Vector256<float> x)
    {
        var large = ~Vector256.LessThan(Vector256.Abs(x), Vector256.Create(LargeAngle));
        var result = Vector256.Cos(Vector256.AndNot(x, large));
        return large == Vector256<float>.Zero ? result : PatchLanes<CosOperation>(x, large, result);
    }

    /// <summary>Sine of x in radians, lane by lane. Error at most 1 ulp.</summary>
    internal static Vector512<double> Sin(Vector512<double> x) => PerLane<SinOperation>(x, default);

    /// <summary>Cosine of x in radians, lane by lane. Error at most 1 ulp.</summary>
    internal static Vector512<double> Cos(Vector512<double> x) => PerLane<CosOperation>(x, default);

    /// <summary>Tangent, lane by lane.</summary>
    internal static Vector256<float> Tan(Vector256<float> x) => PerLane<TanOperation>(x, default);

    /// <summary>Tangent, lane by lane.</summary>
    internal static Vector512<double> Tan(Vector512<double> x) => PerLane<TanOperation>(x, default);

    /// <summary>Arc sine, lane by lane.</summary>
    internal static Vector256<float> Asin(Vector256<float> x) => PerLane<AsinOperation>(x, default);

    /// <summary>Arc sine, lane by lane.</summary>
    internal static Vector512<double> Asin(Vector512<double> x) => PerLane<AsinOperation>(x, default);

    /// <summary>Arc cosine, lane by lane.</summary>
    internal static Vector256<float> Acos(Vector256<float> x) => PerLane<AcosOperation>(x, default);

    /// <summary>Arc cosine, lane by lane.</summary>
    internal static Vector512<double> Acos(Vector512<double> x) => PerLane<AcosOperation>(x, default);

    /// <summary>Arc tangent, lane by lane.</summary>
    internal static Vector256<float> Atan(Vector256<float> x) => PerLane<AtanOperation>(x, default);

    /// <summary>Arc tangent, lane by lane.</summary>
    internal static Vector512<double> Atan(Vector512<double> x) => PerLane<AtanOperation>(x, default);

    /// <summary>Angle of the point (x, y), lane by lane.</summary>
    internal static Vector256<float> Atan2(Vector256<float> y, Vector256<float> x) => PerLane<Atan2Operation>(y, x);

    /// <summary>Angle of the point (x, y), lane by lane.</summary>
    internal static Vector512<double> Atan2(Vector512<double> y, Vector512<double> x) => PerLane<Atan2Operation>(y, x);

    /// <summary>Hyperbolic sine, lane by lane.</summary>
    internal static Vector256<float> Sinh(Vector256<float> x) => PerLane<SinhOperation>(x, default);

    /// <summary>Hyperbolic sine, lane by lane.</summary>
    internal static Vector512<double> Sinh(Vector512<double> x) => PerLane<SinhOperation>(x, default);

    /// <summary>Hyperbolic cosine, lane by lane.</summary>
    internal static Vector256<float> Cosh(Vector256<float> x) => PerLane<CoshOperation>(x, default);

    /// <summary>Hyperbolic cosine, lane by lane.</summary>
    internal static Vector512<double> Cosh(Vector512<double> x) => PerLane<CoshOperation>(x, default);

    /// <summary>One number's operation in both precisions; one-argument functions ignore y.</summary>
    private interface IOperation
    {
        static abstract float Apply(float x, float y);

        static abstract double Apply(double x, double y);
    }

    private static Vector256<float> PatchLanes<TOperation>(Vector256<float> x, Vector256<float> which, Vector256<float> result)
        where TOperation : struct, IOperation
    {
        var mask = which.AsInt32();
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            if (mask[lane] != 0)
                result = result.WithElement(lane, TOperation.Apply(x[lane], 0));
        }

        return result;
    }

    private static Vector256<float> PerLane<TOperation>(Vector256<float> x, Vector256<float> y) where TOperation : struct, IOperation
    {
        var result = Vector256<float>.Zero;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
            result = result.WithElement(lane, TOperation.Apply(x[lane], y[lane]));
        return result;
    }

    private static Vector512<double> PerLane<TOperation>(Vector512<double> x, Vector512<double> y) where TOperation : struct, IOperation
    {
        var result = Vector512<double>.Zero;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
            result = result.WithElement(lane, TOperation.Apply(x[lane], y[lane]));
        return result;
    }

    private struct SinOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Sin(x);

        public static double Apply(double x, double y) => Math.Sin(x);
    }

    private struct CosOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Cos(x);

        public static double Apply(double x, double y) => Math.Cos(x);
    }

    private struct TanOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Tan(x);

        public static double Apply(double x, double y) => Math.Tan(x);
    }

    private struct AsinOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Asin(x);

        public static double Apply(double x, double y) => Math.Asin(x);
    }

    private struct AcosOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Acos(x);

        public static double Apply(double x, double y) => Math.Acos(x);
    }

    private struct AtanOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Atan(x);

        public static double Apply(double x, double y) => Math.Atan(x);
    }

    private struct Atan2Operation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Atan2(x, y);

        public static double Apply(double x, double y) => Math.Atan2(x, y);
    }

    private struct SinhOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Sinh(x);

        public static double Apply(double x, double y) => Math.Sinh(x);
    }

    private struct CoshOperation : IOperation
    {
        public static float Apply(float x, float y) => MathF.Cosh(x);

        public static double Apply(double x, double y) => Math.Cosh(x);
    }
}
