using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 1-dimensional index or extent of 64-bit integers; X varies fastest.</summary>
public readonly struct LongIndex1D : ILongIndex<LongIndex1D, Index1D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly LongIndex1D Invalid = new(-1);

    /// <summary>The zero index.</summary>
    public static readonly LongIndex1D Zero = new(0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly LongIndex1D One = new(1);

    /// <summary>An index from its coordinates.</summary>
    public LongIndex1D(long x)
    {
        X = x;
    }

    /// <summary>The X coordinate.</summary>
    public long X { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    public long Size => X;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex1D;

    /// <summary>This index in 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Index1D ToIntIndex() => new(checked((int)X));

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(LongIndex1D dimension) =>
        X >= 0 && X < dimension.X;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(LongIndex1D dimension) =>
        X >= 0 && X <= dimension.X;

    /// <summary>The sum with another index, per coordinate.</summary>
    public LongIndex1D Add(LongIndex1D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public LongIndex1D Subtract(LongIndex1D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static LongIndex1D Add(LongIndex1D first, LongIndex1D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static LongIndex1D Subtract(LongIndex1D first, LongIndex1D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static LongIndex1D Multiply(LongIndex1D first, LongIndex1D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static LongIndex1D Divide(LongIndex1D first, LongIndex1D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static LongIndex1D Min(LongIndex1D first, LongIndex1D second) =>
        new(Math.Min(first.X, second.X));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static LongIndex1D Max(LongIndex1D first, LongIndex1D second) =>
        new(Math.Max(first.X, second.X));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static LongIndex1D Clamp(LongIndex1D value, LongIndex1D min, LongIndex1D max) => Min(Max(value, min), max);

    /// <inheritdoc/>
    public bool Equals(LongIndex1D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LongIndex1D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => X.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"{X}";

    /// <summary>Narrows to 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    public static explicit operator Index1D(LongIndex1D index) => index.ToIntIndex();

    /// <summary>The coordinate.</summary>
    public static implicit operator long(LongIndex1D idx) => idx.X;

    /// <summary>An index from its coordinate.</summary>
    public static implicit operator LongIndex1D(long idx) => new(idx);

    /// <summary>The coordinate without sign.</summary>
    public static explicit operator ulong(LongIndex1D idx) => (ulong)idx.X;

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex1D operator +(LongIndex1D first, LongIndex1D second) =>
        new(first.X + second.X);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex1D operator -(LongIndex1D first, LongIndex1D second) =>
        new(first.X - second.X);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex1D operator *(LongIndex1D first, LongIndex1D second) =>
        new(first.X * second.X);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex1D operator /(LongIndex1D first, LongIndex1D second) =>
        new(first.X / second.X);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(LongIndex1D first, LongIndex1D second) =>
        first.X == second.X;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(LongIndex1D first, LongIndex1D second) => !(first == second);
}
