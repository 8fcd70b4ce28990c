namespace ILGPU;

/// <summary>A 16-bit floating-point number (IEEE 754 binary16). Arithmetic is done in 32 bits and rounded.</summary>
public readonly struct Half : IEquatable<Half>, IComparable<Half>
{
    /// <summary>The smallest positive number.</summary>
    public static readonly Half Epsilon = FromBits(0x0001);

    /// <summary>The largest finite number.</summary>
    public static readonly Half MaxValue = FromBits(0x7BFF);

    /// <summary>The most negative finite number.</summary>
    public static readonly Half MinValue = FromBits(0xFBFF);

    /// <summary>Not a number.</summary>
    public static readonly Half NaN = FromBits(0xFE00);

    /// <summary>Positive infinity.</summary>
    public static readonly Half PositiveInfinity = FromBits(0x7C00);

    /// <summary>Negative infinity.</summary>
    public static readonly Half NegativeInfinity = FromBits(0xFC00);

    /// <summary>Zero.</summary>
    public static readonly Half Zero = FromBits(0x0000);

    /// <summary>One.</summary>
    public static readonly Half One = FromBits(0x3C00);

    private Half(ushort rawValue)
    {
        RawValue = rawValue;
    }

    internal ushort RawValue { get; }

    internal static Half FromBits(ushort bits) => new(bits);

    /// <summary>The absolute value.</summary>
    public static Half Abs(Half half) => new((ushort)(half.RawValue & 0x7FFF));

    /// <summary>True if neither infinite nor NaN.</summary>
    public static bool IsFinite(Half half) => (half.RawValue & 0x7C00) != 0x7C00;

    /// <summary>True if infinite.</summary>
    public static bool IsInfinity(Half half) => (half.RawValue & 0x7FFF) == 0x7C00;

    /// <summary>True if not a number.</summary>
    public static bool IsNaN(Half half) => (half.RawValue & 0x7FFF) > 0x7C00;

    /// <summary>True if negative and infinite.</summary>
    public static bool IsNegativeInfinity(Half half) => half.RawValue == 0xFC00;

    /// <summary>True if positive and infinite.</summary>
    public static bool IsPositiveInfinity(Half half) => half.RawValue == 0x7C00;

    /// <summary>True if zero of either sign.</summary>
    public static bool IsZero(Half half) => (half.RawValue & 0x7FFF) == 0;

    /// <inheritdoc/>
    public int CompareTo(Half other) => ((float)this).CompareTo(other);

    /// <inheritdoc/>
    public bool Equals(Half other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Half other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => IsZero(this) ? 0 : RawValue;

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString();

    /// <summary>Widens without loss.</summary>
    public static implicit operator float(Half halfValue) => (float)BitConverter.UInt16BitsToHalf(halfValue.RawValue);

    /// <summary>Widens without loss.</summary>
    public static implicit operator double(Half halfValue) => (float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(float floatValue) => new(BitConverter.HalfToUInt16Bits((System.Half)floatValue));

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(double doubleValue) => new(BitConverter.HalfToUInt16Bits((System.Half)doubleValue));

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(sbyte sbyteValue) => (Half)(float)sbyteValue;

    /// <summary>The whole part.</summary>
    public static explicit operator sbyte(Half halfValue) => (sbyte)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(short shortValue) => (Half)(float)shortValue;

    /// <summary>The whole part.</summary>
    public static explicit operator short(Half halfValue) => (short)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(int intValue) => (Half)(double)intValue;

    /// <summary>The whole part.</summary>
    public static explicit operator int(Half halfValue) => (int)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(long longValue) => (Half)(double)longValue;

    /// <summary>The whole part.</summary>
    public static explicit operator long(Half halfValue) => (long)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(byte byteValue) => (Half)(float)byteValue;

    /// <summary>The whole part.</summary>
    public static explicit operator byte(Half halfValue) => (byte)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(ushort ushortValue) => (Half)(float)ushortValue;

    /// <summary>The whole part.</summary>
    public static explicit operator ushort(Half halfValue) => (ushort)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(uint uintValue) => (Half)(double)uintValue;

    /// <summary>The whole part.</summary>
    public static explicit operator uint(Half halfValue) => (uint)(float)halfValue;

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator Half(ulong ulongValue) => (Half)(double)ulongValue;

    /// <summary>The whole part.</summary>
    public static explicit operator ulong(Half halfValue) => (ulong)(float)halfValue;

    /// <summary>Changes the sign.</summary>
    public static Half operator -(Half halfValue) => new((ushort)(halfValue.RawValue ^ 0x8000));

    /// <summary>The sum, rounded.</summary>
    public static Half operator +(Half first, Half second) => (Half)((float)first + second);

    /// <summary>The difference, rounded.</summary>
    public static Half operator -(Half first, Half second) => (Half)((float)first - second);

    /// <summary>The product, rounded.</summary>
    public static Half operator *(Half first, Half second) => (Half)((float)first * second);

    /// <summary>The quotient, rounded.</summary>
    public static Half operator /(Half first, Half second) => (Half)((float)first / second);

    /// <summary>True if equal; NaN equals nothing.</summary>
    public static bool operator ==(Half first, Half second) => (float)first == (float)second;

    /// <summary>True if not equal.</summary>
    public static bool operator !=(Half first, Half second) => (float)first != (float)second;

    /// <summary>True if smaller.</summary>
    public static bool operator <(Half first, Half second) => (float)first < (float)second;

    /// <summary>True if smaller or equal.</summary>
    public static bool operator <=(Half first, Half second) => (float)first <= (float)second;

    /// <summary>True if larger.</summary>
    public static bool operator >(Half first, Half second) => (float)first > (float)second;

    /// <summary>True if larger or equal.</summary>
    public static bool operator >=(Half first, Half second) => (float)first >= (float)second;
}
