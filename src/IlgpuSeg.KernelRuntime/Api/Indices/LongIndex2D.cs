using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 2-dimensional index or extent of 64-bit integers; X varies fastest.</summary>
public readonly struct LongIndex2D : ILongIndex<LongIndex2D, Index2D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly LongIndex2D Invalid = new(-1, -1);

    /// <summary>The zero index.</summary>
    public static readonly LongIndex2D Zero = new(0, 0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly LongIndex2D One = new(1, 1);

    /// <summary>An index with the same value in every dimension.</summary>
    public LongIndex2D(long value)
        : this(value, value)
    {
    }

    /// <summary>An index from its coordinates.</summary>
    public LongIndex2D(long x, long y)
    {
        X = x;
        Y = y;
    }

    /// <summary>The X coordinate.</summary>
    public long X { get; }

    /// <summary>The Y coordinate.</summary>
    public long Y { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0 && Y == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    public long Size => X * Y;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex2D;

    /// <summary>This index in 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Index2D ToIntIndex() => new(checked((int)X), checked((int)Y));

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(LongIndex2D dimension) =>
        X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(LongIndex2D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y;

    /// <summary>The sum with another index, per coordinate.</summary>
    public LongIndex2D Add(LongIndex2D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public LongIndex2D Subtract(LongIndex2D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static LongIndex2D Add(LongIndex2D first, LongIndex2D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static LongIndex2D Subtract(LongIndex2D first, LongIndex2D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static LongIndex2D Multiply(LongIndex2D first, LongIndex2D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static LongIndex2D Divide(LongIndex2D first, LongIndex2D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static LongIndex2D Min(LongIndex2D first, LongIndex2D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static LongIndex2D Max(LongIndex2D first, LongIndex2D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static LongIndex2D Clamp(LongIndex2D value, LongIndex2D min, LongIndex2D max) => Min(Max(value, min), max);

    /// <summary>The coordinates as a tuple.</summary>
    public (long X, long Y) ToValueTuple() => (X, Y);

    /// <summary>Takes the coordinates apart.</summary>
    public void Deconstruct(out long x, out long y)
    {
        x = X;
        y = Y;
    }

    /// <inheritdoc/>
    public bool Equals(LongIndex2D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LongIndex2D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y);

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y})";

    /// <summary>Narrows to 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    public static explicit operator Index2D(LongIndex2D index) => index.ToIntIndex();

    /// <summary>An index from a tuple of coordinates.</summary>
    public static implicit operator LongIndex2D((long X, long Y) values) => new(values.X, values.Y);

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex2D operator +(LongIndex2D first, LongIndex2D second) =>
        new(first.X + second.X, first.Y + second.Y);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex2D operator -(LongIndex2D first, LongIndex2D second) =>
        new(first.X - second.X, first.Y - second.Y);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex2D operator *(LongIndex2D first, LongIndex2D second) =>
        new(first.X * second.X, first.Y * second.Y);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex2D operator /(LongIndex2D first, LongIndex2D second) =>
        new(first.X / second.X, first.Y / second.Y);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(LongIndex2D first, LongIndex2D second) =>
        first.X == second.X && first.Y == second.Y;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(LongIndex2D first, LongIndex2D second) => !(first == second);
}
