using System.Runtime.InteropServices;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>
/// A 16-bit floating-point number with float's range and 8 significant bits (the upper half of a float): a storage type. Arithmetic is done in
/// float; the conversions are integer operations, callable inside kernels.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BFloat16 : IEquatable<BFloat16>
{
    private const uint SignMask = 0x8000_0000;
    private const uint InfinityBits = 0x7F80_0000;

    // The highest bit of the fraction: set in a NaN that does not signal.
    private const uint QuietBit = 0x40;

    private readonly ushort bits;

    private BFloat16(ushort bits)
    {
        this.bits = bits;
    }

    /// <summary>The sign, the exponent and the seven stored bits of the fraction.</summary>
    public ushort Bits => bits;

    /// <summary>The number with these bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>Rounds to nearest, halves to even; too large a number becomes infinite, a NaN stays one and is made quiet.</summary>
    /// <param name="value">Any float.</param>
    public static BFloat16 Round(float value)
    {
        var wide = Interop.FloatAsInt(value);
        var upper = wide >> 16;
        // Half a unit of the last place kept, less one where that place is even: halves then go to even, and the carry into the exponent is right.
        var rounded = (wide + 0x7FFF + (upper & 1)) >> 16;
        var isNaN = (wide & ~SignMask) > InfinityBits;
        return new BFloat16((ushort)(isNaN ? upper | QuietBit : rounded));
    }

    /// <summary>Widens without loss.</summary>
    /// <param name="value">Any number.</param>
    public static float Widen(BFloat16 value) => Interop.IntAsFloat((uint)value.bits << 16);

    /// <summary>Widens without loss.</summary>
    public static implicit operator float(BFloat16 value) => Widen(value);

    /// <summary>Rounds to nearest, halves to even.</summary>
    public static explicit operator BFloat16(float value) => Round(value);

    /// <summary>True if equal as numbers; NaN equals nothing.</summary>
    public static bool operator ==(BFloat16 a, BFloat16 b) => Widen(a) == Widen(b);

    /// <summary>True if not equal as numbers.</summary>
    public static bool operator !=(BFloat16 a, BFloat16 b) => Widen(a) != Widen(b);

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => Widen(this).Equals(Widen(other));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Widen(this).GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Widen(this).ToString();
}
