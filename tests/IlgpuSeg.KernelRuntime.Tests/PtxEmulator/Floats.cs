using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

internal enum Rounding : byte { Nearest, Zero, Down, Up, NearestAway }

/// <summary>A finite number as significand times a power of two, without rounding.</summary>
internal readonly record struct Exact(BigInteger Significand, int Exponent)
{
    public static Exact From(double value)
    {
        if (value == 0)
            return new Exact(0, 0);
        var bits = BitConverter.DoubleToInt64Bits(value);
        var (exponent, fraction) = ((int)(bits >> 52 & 0x7ff), bits & 0xfffffffffffff);
        var significand = exponent == 0 ? fraction : fraction | 1L << 52;
        return new Exact(bits < 0 ? -significand : significand, Math.Max(exponent, 1) - 1075);
    }

    public static Exact operator *(Exact a, Exact b) => new(a.Significand * b.Significand, a.Exponent + b.Exponent);

    public static Exact operator +(Exact a, Exact b)
    {
        var low = Math.Min(a.Exponent, b.Exponent);
        return new Exact((a.Significand << (a.Exponent - low)) + (b.Significand << (b.Exponent - low)), low);
    }

    public static Exact operator -(Exact a) => new(-a.Significand, a.Exponent);

    public int Sign => Significand.Sign;
}

/// <summary>PTX's floating-point formats as bits in a register, and IEEE rounding between them.</summary>
internal static class Floats
{
    /// <summary>Significant bits, smallest normal exponent, bits of the whole format.</summary>
    private static (int Precision, int MinExponent, int Width) Shape(PtxType type) => type switch
    {
        F16 => (11, -14, 16),
        BF16 => (8, -126, 16),
        F32 => (24, -126, 32),
        TF32 => (11, -126, 32),
        _ => (53, -1022, 64),
    };

    /// <summary>Quiet NaN that arithmetic in this format yields.</summary>
    public static ulong CanonicalNaN(PtxType type) => type switch { F32 or TF32 => 0x7fffffff, F64 => 0x7ff8000000000000, _ => 0x7fff };

    public static double ToDouble(PtxType type, ulong bits) => type switch
    {
        F32 or TF32 => BitConverter.UInt32BitsToSingle((uint)bits),
        F64 => BitConverter.UInt64BitsToDouble(bits),
        F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        _ => BitConverter.UInt32BitsToSingle((uint)(bits & 0xffff) << 16),
    };

    public static bool IsNaN(PtxType type, ulong bits) => double.IsNaN(ToDouble(type, bits));

    public static ulong SignBit(PtxType type) => 1UL << (type.Bits() - 1);

    /// <summary>A double (special values too) rounded once.</summary>
    public static ulong Round(PtxType type, double value, Rounding rounding = Rounding.Nearest)
    {
        if (double.IsNaN(value))
            return type == F64 ? BitConverter.DoubleToUInt64Bits(value) : CanonicalNaN(type);
        if (rounding == Rounding.Nearest && type == F32)
            return BitConverter.SingleToUInt32Bits((float)value);
        if (type == F64)
            return BitConverter.DoubleToUInt64Bits(value);
        if (double.IsInfinity(value))
            return Infinity(type, value < 0);
        return value == 0 ? double.IsNegative(value) ? SignBit(type) : 0 : Round(type, Exact.From(value), rounding);
    }

    private static ulong Infinity(PtxType type, bool negative)
    {
        var (precision, minExponent, _) = Shape(type);
        var fraction = type == TF32 ? 23 : precision - 1;
        return (ulong)(2 - 2 * minExponent + 1) << fraction | (negative ? SignBit(type) : 0);
    }

    /// <summary>An exact number that is not zero, rounded once; overflow and subnormal results included.</summary>
    public static ulong Round(PtxType type, Exact value, Rounding rounding)
    {
        var (precision, minExponent, _) = Shape(type);
        var negative = value.Sign < 0;
        var magnitude = BigInteger.Abs(value.Significand);
        var top = value.Exponent + (int)magnitude.GetBitLength() - 1;
        var unit = Math.Max(top, minExponent) - (precision - 1);
        var shift = unit - value.Exponent;
        var kept = shift <= 0 ? magnitude << -shift : magnitude >> shift;
        var rest = shift <= 0 ? BigInteger.Zero : magnitude - (kept << shift);
        if (RoundsUp(rounding, negative, kept, rest, shift))
            kept++;
        if (kept.GetBitLength() > precision)
            (kept, unit) = (kept >> 1, unit + 1);
        // TF32 keeps the layout of F32: ten fraction bits, then thirteen zeros.
        var pad = type == TF32 ? 13 : 0;
        var sign = negative ? SignBit(type) : 0;
        if (kept.GetBitLength() < precision)
            return sign | (ulong)kept << pad;
        var biased = unit + precision - 1 - minExponent + 1;
        var largest = 2 - 2 * minExponent + 1;   // the exponent field of infinity
        if (biased >= largest)
        {
            var toInfinity = rounding is Rounding.Nearest or Rounding.NearestAway || rounding == (negative ? Rounding.Down : Rounding.Up);
            return toInfinity ? Infinity(type, negative) : Infinity(type, negative) - (1UL << pad);
        }

        return sign | ((ulong)biased << (precision - 1) | (ulong)kept & ((1UL << (precision - 1)) - 1)) << pad;
    }

    private static bool RoundsUp(Rounding rounding, bool negative, BigInteger kept, BigInteger rest, int shift)
    {
        if (rest.IsZero)
            return false;
        var half = BigInteger.One << (shift - 1);
        return rounding switch
        {
            Rounding.Nearest => rest > half || rest == half && !kept.IsEven,
            Rounding.NearestAway => rest >= half,
            Rounding.Down => negative,
            Rounding.Up => !negative,
            _ => false,
        };
    }

    /// <summary>a * b + c with one rounding, in any format and direction.</summary>
    public static ulong Fma(PtxType type, ulong a, ulong b, ulong c, Rounding rounding)
    {
        var (x, y, z) = (ToDouble(type, a), ToDouble(type, b), ToDouble(type, c));
        if (rounding == Rounding.Nearest && type == F32)
            return Canonical(F32, BitConverter.SingleToUInt32Bits(MathF.FusedMultiplyAdd((float)x, (float)y, (float)z)));
        if (rounding == Rounding.Nearest && type == F64)
            return BitConverter.DoubleToUInt64Bits(Math.FusedMultiplyAdd(x, y, z));
        if (!double.IsFinite(x) || !double.IsFinite(y) || !double.IsFinite(z))
            return Round(type, !double.IsFinite(x) || !double.IsFinite(y) ? x * y + z : z);
        var exact = Exact.From(x) * Exact.From(y) + Exact.From(z);
        if (exact.Sign != 0)
            return Round(type, exact, rounding);
        // A sum of zeros keeps a common sign; an exact cancellation is +0, or -0 when rounding down.
        var productNegative = double.IsNegative(x) != double.IsNegative(y);
        var bothZero = x * y == 0 && z == 0;
        var negative = bothZero && productNegative == double.IsNegative(z) ? productNegative : rounding == Rounding.Down;
        return negative ? SignBit(type) : 0;
    }

    public static ulong Add(PtxType type, ulong a, ulong b, Rounding rounding) =>
        // a * 1 + b: exactly the same rounding and the same zeros.
        Fma(type, a, Round(type, 1.0), b, rounding);

    public static ulong Multiply(PtxType type, ulong a, ulong b, Rounding rounding)
    {
        // The addend is a zero of the product's sign, which changes nothing.
        var sign = (a ^ b) & SignBit(type);
        return Fma(type, a, b, sign, rounding);
    }

    /// <summary>a / b; a directed rounding steps from the nearest one by the residual's sign.</summary>
    public static ulong Divide(PtxType type, ulong a, ulong b, Rounding rounding)
    {
        var (x, y) = (ToDouble(type, a), ToDouble(type, b));
        var nearest = type == F32 ? Canonical(F32, BitConverter.SingleToUInt32Bits((float)x / (float)y))
            : BitConverter.DoubleToUInt64Bits(x / y);
        if (rounding == Rounding.Nearest || !double.IsFinite(x) || !double.IsFinite(y) || x == 0 || y == 0)
            return nearest;
        var q = ToDouble(type, nearest);
        if (double.IsInfinity(q))
            return Direct(type, nearest, q > 0 ? -1 : 1, rounding);
        var residual = Exact.From(x) + -(Exact.From(q) * Exact.From(y));
        return Direct(type, nearest, residual.Sign * Math.Sign(y), rounding);
    }

    public static ulong SquareRoot(PtxType type, ulong a, Rounding rounding)
    {
        var x = ToDouble(type, a);
        var nearest = type == F32 ? Canonical(F32, BitConverter.SingleToUInt32Bits(MathF.Sqrt((float)x)))
            : BitConverter.DoubleToUInt64Bits(Math.Sqrt(x));
        if (rounding == Rounding.Nearest || !double.IsFinite(x) || x <= 0)
            return nearest;
        var root = Exact.From(ToDouble(type, nearest));
        return Direct(type, nearest, (Exact.From(x) + -(root * root)).Sign, rounding);
    }

    /// <summary>One step towards where the exact value lies (above: +1, below: -1), if the direction asks for it.</summary>
    private static ulong Direct(PtxType type, ulong nearest, int exactIs, Rounding rounding)
    {
        var negative = (nearest & SignBit(type)) != 0;
        var target = rounding == Rounding.Zero ? negative ? Rounding.Up : Rounding.Down : rounding;
        if (exactIs == 0 || target == Rounding.Up && exactIs < 0 || target == Rounding.Down && exactIs > 0)
            return nearest;
        // Bits of one sign are ordered like magnitudes.
        return target == Rounding.Up == negative ? nearest - 1 : nearest + 1;
    }

    public static ulong Canonical(PtxType type, ulong bits) => type != F64 && IsNaN(type, bits) ? CanonicalNaN(type) : bits;

    /// <summary>.ftz: subnormals become zeros of their sign.</summary>
    public static ulong Flush(PtxType type, ulong bits)
    {
        var value = Math.Abs(ToDouble(type, bits));
        return value > 0 && value < Math.ScaleB(1, Shape(type).MinExponent) ? bits & SignBit(type) : bits;
    }

    /// <summary>.sat: held to [0, 1], NaN to +0.</summary>
    public static ulong Saturate(PtxType type, ulong bits)
    {
        var value = ToDouble(type, bits);
        return !(value > 0) ? 0 : value > 1 ? Round(type, 1.0) : bits;
    }
}
