using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 1-dimensional index or extent of 32-bit integers; X varies fastest.</summary>
public readonly struct Index1D : IIntIndex<Index1D, LongIndex1D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly Index1D Invalid = new(-1);

    /// <summary>The zero index.</summary>
    public static readonly Index1D Zero = new(0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly Index1D One = new(1);

    /// <summary>An index from its coordinates.</summary>
    public Index1D(int x)
    {
        X = x;
    }

    /// <summary>The X coordinate.</summary>
    public int X { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits; use <see cref="LongSize"/>.</exception>
    public int Size => checked((int)LongSize);

    /// <summary>The number of elements of an extent of this size.</summary>
    public long LongSize => (long)X;

    /// <inheritdoc/>
    long IIndex.Size => LongSize;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index1D;

    /// <summary>This index in 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LongIndex1D ToLongIndex() => new(X);

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(Index1D dimension) =>
        X >= 0 && X < dimension.X;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(Index1D dimension) =>
        X >= 0 && X <= dimension.X;

    /// <summary>The sum with another index, per coordinate.</summary>
    public Index1D Add(Index1D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public Index1D Subtract(Index1D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static Index1D Add(Index1D first, Index1D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static Index1D Subtract(Index1D first, Index1D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static Index1D Multiply(Index1D first, Index1D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static Index1D Divide(Index1D first, Index1D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static Index1D Min(Index1D first, Index1D second) =>
        new(Math.Min(first.X, second.X));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static Index1D Max(Index1D first, Index1D second) =>
        new(Math.Max(first.X, second.X));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static Index1D Clamp(Index1D value, Index1D min, Index1D max) => Min(Max(value, min), max);

    /// <inheritdoc/>
    public bool Equals(Index1D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Index1D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => X.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"{X}";

    /// <summary>Widens to 64 bits.</summary>
    public static implicit operator LongIndex1D(Index1D index) => index.ToLongIndex();

    /// <summary>The coordinate.</summary>
    public static implicit operator int(Index1D idx) => idx.X;

    /// <summary>An index from its coordinate.</summary>
    public static implicit operator Index1D(int idx) => new(idx);

    /// <summary>The coordinate without sign.</summary>
    public static explicit operator uint(Index1D idx) => (uint)idx.X;

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index1D operator +(Index1D first, Index1D second) =>
        new(first.X + second.X);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index1D operator -(Index1D first, Index1D second) =>
        new(first.X - second.X);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index1D operator *(Index1D first, Index1D second) =>
        new(first.X * second.X);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index1D operator /(Index1D first, Index1D second) =>
        new(first.X / second.X);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(Index1D first, Index1D second) =>
        first.X == second.X;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(Index1D first, Index1D second) => !(first == second);
}
