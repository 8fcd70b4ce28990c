using System.Runtime.CompilerServices;

namespace ILGPU;

// Floating-point numbers: compared and exchanged by their bits, so that -0 and NaN behave as on a GPU.
public static partial class Atomic
{
    /// <summary>Replaces the target if its bits are those of the value to compare with.</summary>
    public static float CompareExchange(ref float target, float compare, float value) =>
        Interop.IntAsFloat(
            Interlocked.CompareExchange(
                ref Unsafe.As<float, uint>(ref target),
                Interop.FloatAsInt(value),
                Interop.FloatAsInt(compare)));

    /// <summary>Replaces the target if its bits are those of the value to compare with.</summary>
    public static double CompareExchange(ref double target, double compare, double value) =>
        Interop.IntAsFloat(
            Interlocked.CompareExchange(
                ref Unsafe.As<double, ulong>(ref target),
                Interop.FloatAsInt(value),
                Interop.FloatAsInt(compare)));

    /// <summary>Adds to the target; the order of several threads is not fixed, so neither is the rounding.</summary>
    public static float Add(ref float target, float value)
    {
        float seen = Volatile.Read(ref target);
        while (true)
        {
            float old = CompareExchange(ref target, seen, seen + value);
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }

    /// <summary>Adds to the target; the order of several threads is not fixed, so neither is the rounding.</summary>
    public static double Add(ref double target, double value)
    {
        double seen = Volatile.Read(ref target);
        while (true)
        {
            double old = CompareExchange(ref target, seen, seen + value);
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static float Min(ref float target, float value)
    {
        float seen = Volatile.Read(ref target);
        while (true)
        {
            float old = CompareExchange(ref target, seen, Math.Min(seen, value));
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static double Min(ref double target, double value)
    {
        double seen = Volatile.Read(ref target);
        while (true)
        {
            double old = CompareExchange(ref target, seen, Math.Min(seen, value));
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static float Max(ref float target, float value)
    {
        float seen = Volatile.Read(ref target);
        while (true)
        {
            float old = CompareExchange(ref target, seen, Math.Max(seen, value));
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static double Max(ref double target, double value)
    {
        double seen = Volatile.Read(ref target);
        while (true)
        {
            double old = CompareExchange(ref target, seen, Math.Max(seen, value));
            if (Interop.FloatAsInt(old) == Interop.FloatAsInt(seen))
                return old;
            seen = old;
        }
    }
}
