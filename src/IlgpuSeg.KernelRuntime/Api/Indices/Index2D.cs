using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 2-dimensional index or extent of 32-bit integers; X varies fastest.</summary>
public readonly struct Index2D : IIntIndex<Index2D, LongIndex2D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly Index2D Invalid = new(-1, -1);

    /// <summary>The zero index.</summary>
    public static readonly Index2D Zero = new(0, 0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly Index2D One = new(1, 1);

    /// <summary>An index with the same value in every dimension.</summary>
    public Index2D(int value)
        : this(value, value)
    {
    }

    /// <summary>An index from its coordinates.</summary>
    public Index2D(int x, int y)
    {
        X = x;
        Y = y;
    }

    /// <summary>The X coordinate.</summary>
    public int X { get; }

    /// <summary>The Y coordinate.</summary>
    public int Y { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0 && Y == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits; use <see cref="LongSize"/>.</exception>
    public int Size => checked((int)LongSize);

    /// <summary>The number of elements of an extent of this size.</summary>
    public long LongSize => (long)X * Y;

    /// <inheritdoc/>
    long IIndex.Size => LongSize;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index2D;

    /// <summary>This index in 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LongIndex2D ToLongIndex() => new(X, Y);

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(Index2D dimension) =>
        X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(Index2D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y;

    /// <summary>The sum with another index, per coordinate.</summary>
    public Index2D Add(Index2D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public Index2D Subtract(Index2D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static Index2D Add(Index2D first, Index2D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static Index2D Subtract(Index2D first, Index2D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static Index2D Multiply(Index2D first, Index2D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static Index2D Divide(Index2D first, Index2D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static Index2D Min(Index2D first, Index2D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static Index2D Max(Index2D first, Index2D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static Index2D Clamp(Index2D value, Index2D min, Index2D max) => Min(Max(value, min), max);

    /// <summary>The coordinates as a tuple.</summary>
    public (int X, int Y) ToValueTuple() => (X, Y);

    /// <summary>Takes the coordinates apart.</summary>
    public void Deconstruct(out int x, out int y)
    {
        x = X;
        y = Y;
    }

    /// <inheritdoc/>
    public bool Equals(Index2D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Index2D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y);

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y})";

    /// <summary>Widens to 64 bits.</summary>
    public static implicit operator LongIndex2D(Index2D index) => index.ToLongIndex();

    /// <summary>An index from a tuple of coordinates.</summary>
    public static implicit operator Index2D((int X, int Y) values) => new(values.X, values.Y);

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index2D operator +(Index2D first, Index2D second) =>
        new(first.X + second.X, first.Y + second.Y);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index2D operator -(Index2D first, Index2D second) =>
        new(first.X - second.X, first.Y - second.Y);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index2D operator *(Index2D first, Index2D second) =>
        new(first.X * second.X, first.Y * second.Y);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index2D operator /(Index2D first, Index2D second) =>
        new(first.X / second.X, first.Y / second.Y);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(Index2D first, Index2D second) =>
        first.X == second.X && first.Y == second.Y;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(Index2D first, Index2D second) => !(first == second);
}
