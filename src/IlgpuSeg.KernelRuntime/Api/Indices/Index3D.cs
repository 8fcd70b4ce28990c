using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 3-dimensional index or extent of 32-bit integers; X varies fastest.</summary>
public readonly struct Index3D : IIntIndex<Index3D, LongIndex3D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly Index3D Invalid = new(-1, -1, -1);

    /// <summary>The zero index.</summary>
    public static readonly Index3D Zero = new(0, 0, 0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly Index3D One = new(1, 1, 1);

    /// <summary>An index with the same value in every dimension.</summary>
    public Index3D(int value)
        : this(value, value, value)
    {
    }

    /// <summary>An index from its coordinates.</summary>
    public Index3D(int x, int y, int z)
    {
        X = x;
        Y = y;
        Z = z;
    }

    /// <summary>An index from its two lower coordinates and Z.</summary>
    public Index3D(Index2D xy, int z)
        : this(xy.X, xy.Y, z)
    {
    }

    /// <summary>An index from X and its two upper coordinates.</summary>
    public Index3D(int x, Index2D yz)
        : this(x, yz.X, yz.Y)
    {
    }

    /// <summary>The X and Y coordinates.</summary>
    public Index2D XY => new(X, Y);

    /// <summary>The Y and Z coordinates.</summary>
    public Index2D YZ => new(Y, Z);

    /// <summary>The X coordinate.</summary>
    public int X { get; }

    /// <summary>The Y coordinate.</summary>
    public int Y { get; }

    /// <summary>The Z coordinate.</summary>
    public int Z { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits; use <see cref="LongSize"/>.</exception>
    public int Size => checked((int)LongSize);

    /// <summary>The number of elements of an extent of this size.</summary>
    public long LongSize => (long)X * Y * Z;

    /// <inheritdoc/>
    long IIndex.Size => LongSize;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index3D;

    /// <summary>This index in 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LongIndex3D ToLongIndex() => new(X, Y, Z);

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(Index3D dimension) =>
        X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y && Z >= 0 && Z < dimension.Z;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(Index3D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y && Z >= 0 && Z <= dimension.Z;

    /// <summary>The sum with another index, per coordinate.</summary>
    public Index3D Add(Index3D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public Index3D Subtract(Index3D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static Index3D Add(Index3D first, Index3D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static Index3D Subtract(Index3D first, Index3D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static Index3D Multiply(Index3D first, Index3D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static Index3D Divide(Index3D first, Index3D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static Index3D Min(Index3D first, Index3D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y), Math.Min(first.Z, second.Z));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static Index3D Max(Index3D first, Index3D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y), Math.Max(first.Z, second.Z));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static Index3D Clamp(Index3D value, Index3D min, Index3D max) => Min(Max(value, min), max);

    /// <summary>The coordinates as a tuple.</summary>
    public (int X, int Y, int Z) ToValueTuple() => (X, Y, Z);

    /// <summary>Takes the coordinates apart.</summary>
    public void Deconstruct(out int x, out int y, out int z)
    {
        x = X;
        y = Y;
        z = Z;
    }

    /// <inheritdoc/>
    public bool Equals(Index3D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Index3D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y, Z);

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y}, {Z})";

    /// <summary>Widens to 64 bits.</summary>
    public static implicit operator LongIndex3D(Index3D index) => index.ToLongIndex();

    /// <summary>An index from a tuple of coordinates.</summary>
    public static implicit operator Index3D((int X, int Y, int Z) values) => new(values.X, values.Y, values.Z);

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index3D operator +(Index3D first, Index3D second) =>
        new(first.X + second.X, first.Y + second.Y, first.Z + second.Z);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index3D operator -(Index3D first, Index3D second) =>
        new(first.X - second.X, first.Y - second.Y, first.Z - second.Z);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index3D operator *(Index3D first, Index3D second) =>
        new(first.X * second.X, first.Y * second.Y, first.Z * second.Z);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Index3D operator /(Index3D first, Index3D second) =>
        new(first.X / second.X, first.Y / second.Y, first.Z / second.Z);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(Index3D first, Index3D second) =>
        first.X == second.X && first.Y == second.Y && first.Z == second.Z;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(Index3D first, Index3D second) => !(first == second);
}
