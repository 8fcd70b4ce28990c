using System.Runtime.InteropServices;

namespace IlgpuSeg.Serialization;

/// <summary>Element conversions from a file's little-endian bytes (every platform that .NET 10 runs the engine on is little-endian).</summary>
internal static class WeightConversion
{
    public static void ToFloats(WeightType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case WeightType.Float64: Map(MemoryMarshal.Cast<byte, double>(bytes), values, static x => (float)x); break;
            case WeightType.Float32: MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values); break;
            case WeightType.Float16: Map(MemoryMarshal.Cast<byte, Half>(bytes), values, static x => (float)x); break;
            case WeightType.BFloat16: Map(MemoryMarshal.Cast<byte, ushort>(bytes), values, FromBFloat16); break;
            case WeightType.Int64: Map(MemoryMarshal.Cast<byte, long>(bytes), values, static x => (float)x); break;
            case WeightType.Int32: Map(MemoryMarshal.Cast<byte, int>(bytes), values, static x => (float)x); break;
            case WeightType.Int16: Map(MemoryMarshal.Cast<byte, short>(bytes), values, static x => (float)x); break;
            case WeightType.Int8: Map(MemoryMarshal.Cast<byte, sbyte>(bytes), values, static x => (float)x); break;
            case WeightType.UInt8: Map(bytes, values, static x => (float)x); break;
            default: Map(bytes, values, static x => x != 0 ? 1f : 0f); break;
        }
    }

    public static void ToDoubles(WeightType type, ReadOnlySpan<byte> bytes, Span<double> values)
    {
        switch (type)
        {
            case WeightType.Float64: MemoryMarshal.Cast<byte, double>(bytes).CopyTo(values); break;
            case WeightType.Float32: Map(MemoryMarshal.Cast<byte, float>(bytes), values, static x => (double)x); break;
            case WeightType.Float16: Map(MemoryMarshal.Cast<byte, Half>(bytes), values, static x => (double)x); break;
            case WeightType.BFloat16: Map(MemoryMarshal.Cast<byte, ushort>(bytes), values, static x => (double)FromBFloat16(x)); break;
            case WeightType.Int64: Map(MemoryMarshal.Cast<byte, long>(bytes), values, static x => (double)x); break;
            case WeightType.Int32: Map(MemoryMarshal.Cast<byte, int>(bytes), values, static x => (double)x); break;
            case WeightType.Int16: Map(MemoryMarshal.Cast<byte, short>(bytes), values, static x => (double)x); break;
            case WeightType.Int8: Map(MemoryMarshal.Cast<byte, sbyte>(bytes), values, static x => (double)x); break;
            case WeightType.UInt8: Map(bytes, values, static x => (double)x); break;
            default: Map(bytes, values, static x => x != 0 ? 1.0 : 0.0); break;
        }
    }

    public static void ToInt64s(WeightType type, ReadOnlySpan<byte> bytes, Span<long> values)
    {
        switch (type)
        {
            case WeightType.Int64: MemoryMarshal.Cast<byte, long>(bytes).CopyTo(values); break;
            case WeightType.Int32: Map(MemoryMarshal.Cast<byte, int>(bytes), values, static x => (long)x); break;
            case WeightType.Int16: Map(MemoryMarshal.Cast<byte, short>(bytes), values, static x => (long)x); break;
            case WeightType.Int8: Map(MemoryMarshal.Cast<byte, sbyte>(bytes), values, static x => (long)x); break;
            case WeightType.UInt8: Map(bytes, values, static x => (long)x); break;
            default: Map(bytes, values, static x => x != 0 ? 1L : 0L); break;
        }
    }

    private static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static void Map<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to, Func<TFrom, TTo> convert)
    {
        for (int i = 0; i < from.Length; i++)
            to[i] = convert(from[i]);
    }
}
