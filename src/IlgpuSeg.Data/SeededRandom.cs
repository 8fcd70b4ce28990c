using System.Numerics;

namespace IlgpuSeg.Data;

/// <summary>
/// Random numbers that are the same on every machine and .NET version: xoshiro256** (Blackman and Vigna 2018), seeded through
/// SplitMix64. (Normal deviates go through Math.Log, whose last bit is the platform's.) Independent streams come from independent keys,
/// so that what a sample draws depends on nothing but its own key.
/// </summary>
public sealed class SeededRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _s0, _s1, _s2, _s3;
    private double _spareNormal = double.NaN;

    /// <summary>A stream.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="keys">What tells this stream from others, such as epoch and sample number.</param>
    public SeededRandom(ulong seed, params ReadOnlySpan<long> keys)
    {
        ulong state = seed;
        foreach (long key in keys)
            state = Mix(state + Golden) ^ (ulong)key;
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    /// <param name="low">Lower end.</param>
    /// <param name="high">Upper end.</param>
    public double Between(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform in 0 to count - 1 (to within 2^-64 * count).</summary>
    /// <param name="count">At least 1.</param>
    public int Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return (int)Math.BigMul(NextBits(), (ulong)count, out _);
    }

    /// <summary>True with the given probability.</summary>
    /// <param name="probability">0 to 1.</param>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>Normally distributed with mean 0 and variance 1 (Marsaglia's polar method).</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            double spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }
        while (true)
        {
            double u = Between(-1, 1), v = Between(-1, 1), s = u * u + v * v;
            if (s is 0 or >= 1)
                continue;
            double factor = Math.Sqrt(-2 * Math.Log(s) / s);
            _spareNormal = v * factor;
            return u * factor;
        }
    }

    /// <summary>Puts elements in random order (Fisher-Yates).</summary>
    /// <param name="items">The elements.</param>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += Golden;
        return Mix(state);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
