using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>Read-modify-write operations that no other thread can divide; each returns the old value.</summary>
public static partial class Atomic
{
    /// <summary>Adds to the target.</summary>
    public static int Add(ref int target, int value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to the target.</summary>
    public static long Add(ref long target, long value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to the target.</summary>
    public static uint Add(ref uint target, uint value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to the target.</summary>
    public static ulong Add(ref ulong target, ulong value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to the target.</summary>
    public static Index1D Add(ref Index1D target, Index1D value) => Add(ref Unsafe.As<Index1D, int>(ref target), value.X);

    /// <summary>Combines the target with a value by "and".</summary>
    public static int And(ref int target, int value) => Interlocked.And(ref target, value);

    /// <summary>Combines the target with a value by "and".</summary>
    public static long And(ref long target, long value) => Interlocked.And(ref target, value);

    /// <summary>Combines the target with a value by "and".</summary>
    public static uint And(ref uint target, uint value) => Interlocked.And(ref target, value);

    /// <summary>Combines the target with a value by "and".</summary>
    public static ulong And(ref ulong target, ulong value) => Interlocked.And(ref target, value);

    /// <summary>Combines the target with a value by "or".</summary>
    public static int Or(ref int target, int value) => Interlocked.Or(ref target, value);

    /// <summary>Combines the target with a value by "or".</summary>
    public static long Or(ref long target, long value) => Interlocked.Or(ref target, value);

    /// <summary>Combines the target with a value by "or".</summary>
    public static uint Or(ref uint target, uint value) => Interlocked.Or(ref target, value);

    /// <summary>Combines the target with a value by "or".</summary>
    public static ulong Or(ref ulong target, ulong value) => Interlocked.Or(ref target, value);

    /// <summary>Combines the target with a value by "exclusive or".</summary>
    public static int Xor(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (true)
        {
            int old = Interlocked.CompareExchange(ref target, seen ^ value, seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Combines the target with a value by "exclusive or".</summary>
    public static long Xor(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (true)
        {
            long old = Interlocked.CompareExchange(ref target, seen ^ value, seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Combines the target with a value by "exclusive or".</summary>
    public static uint Xor(ref uint target, uint value)
    {
        uint seen = Volatile.Read(ref target);
        while (true)
        {
            uint old = Interlocked.CompareExchange(ref target, seen ^ value, seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Combines the target with a value by "exclusive or".</summary>
    public static ulong Xor(ref ulong target, ulong value)
    {
        ulong seen = Volatile.Read(ref target);
        while (true)
        {
            ulong old = Interlocked.CompareExchange(ref target, seen ^ value, seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static int Min(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (true)
        {
            int old = Interlocked.CompareExchange(ref target, Math.Min(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static long Min(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (true)
        {
            long old = Interlocked.CompareExchange(ref target, Math.Min(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static uint Min(ref uint target, uint value)
    {
        uint seen = Volatile.Read(ref target);
        while (true)
        {
            uint old = Interlocked.CompareExchange(ref target, Math.Min(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the smaller of the target and a value.</summary>
    public static ulong Min(ref ulong target, ulong value)
    {
        ulong seen = Volatile.Read(ref target);
        while (true)
        {
            ulong old = Interlocked.CompareExchange(ref target, Math.Min(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static int Max(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (true)
        {
            int old = Interlocked.CompareExchange(ref target, Math.Max(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static long Max(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (true)
        {
            long old = Interlocked.CompareExchange(ref target, Math.Max(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static uint Max(ref uint target, uint value)
    {
        uint seen = Volatile.Read(ref target);
        while (true)
        {
            uint old = Interlocked.CompareExchange(ref target, Math.Max(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Keeps the larger of the target and a value.</summary>
    public static ulong Max(ref ulong target, ulong value)
    {
        ulong seen = Volatile.Read(ref target);
        while (true)
        {
            ulong old = Interlocked.CompareExchange(ref target, Math.Max(seen, value), seen);
            if (old == seen)
                return old;
            seen = old;
        }
    }

    /// <summary>Replaces the target.</summary>
    public static int Exchange(ref int target, int value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static long Exchange(ref long target, long value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static uint Exchange(ref uint target, uint value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static ulong Exchange(ref ulong target, ulong value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static float Exchange(ref float target, float value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static double Exchange(ref double target, double value) => Interlocked.Exchange(ref target, value);

    /// <summary>Replaces the target.</summary>
    public static Index1D Exchange(ref Index1D target, Index1D value) =>
        Exchange(ref Unsafe.As<Index1D, int>(ref target), value.X);

    /// <summary>Replaces the target if it has the value to compare with.</summary>
    public static int CompareExchange(ref int target, int compare, int value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Replaces the target if it has the value to compare with.</summary>
    public static long CompareExchange(ref long target, long compare, long value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Replaces the target if it has the value to compare with.</summary>
    public static uint CompareExchange(ref uint target, uint compare, uint value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Replaces the target if it has the value to compare with.</summary>
    public static ulong CompareExchange(ref ulong target, ulong compare, ulong value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Replaces the target if it has the value to compare with.</summary>
    public static Index1D CompareExchange(ref Index1D target, Index1D compare, Index1D value) =>
        CompareExchange(ref Unsafe.As<Index1D, int>(ref target), compare.X, value.X);
}
