using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>A 3-dimensional index or extent of 64-bit integers; X varies fastest.</summary>
public readonly struct LongIndex3D : ILongIndex<LongIndex3D, Index3D>
{
    /// <summary>The invalid index: -1 in every dimension.</summary>
    public static readonly LongIndex3D Invalid = new(-1, -1, -1);

    /// <summary>The zero index.</summary>
    public static readonly LongIndex3D Zero = new(0, 0, 0);

    /// <summary>The index with one in every dimension.</summary>
    public static readonly LongIndex3D One = new(1, 1, 1);

    /// <summary>An index with the same value in every dimension.</summary>
    public LongIndex3D(long value)
        : this(value, value, value)
    {
    }

    /// <summary>An index from its coordinates.</summary>
    public LongIndex3D(long x, long y, long z)
    {
        X = x;
        Y = y;
        Z = z;
    }

    /// <summary>An index from its two lower coordinates and Z.</summary>
    public LongIndex3D(LongIndex2D xy, long z)
        : this(xy.X, xy.Y, z)
    {
    }

    /// <summary>An index from X and its two upper coordinates.</summary>
    public LongIndex3D(long x, LongIndex2D yz)
        : this(x, yz.X, yz.Y)
    {
    }

    /// <summary>The X and Y coordinates.</summary>
    public LongIndex2D XY => new(X, Y);

    /// <summary>The Y and Z coordinates.</summary>
    public LongIndex2D YZ => new(Y, Z);

    /// <summary>The X coordinate.</summary>
    public long X { get; }

    /// <summary>The Y coordinate.</summary>
    public long Y { get; }

    /// <summary>The Z coordinate.</summary>
    public long Z { get; }

    /// <summary>True for the zero index.</summary>
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;

    /// <summary>The number of elements of an extent of this size.</summary>
    public long Size => X * Y * Z;

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex3D;

    /// <summary>This index in 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Index3D ToIntIndex() => new(checked((int)X), checked((int)Y), checked((int)Z));

    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    public bool InBounds(LongIndex3D dimension) =>
        X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y && Z >= 0 && Z < dimension.Z;

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    public bool InBoundsInclusive(LongIndex3D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y && Z >= 0 && Z <= dimension.Z;

    /// <summary>The sum with another index, per coordinate.</summary>
    public LongIndex3D Add(LongIndex3D rhs) => this + rhs;

    /// <summary>The difference to another index, per coordinate.</summary>
    public LongIndex3D Subtract(LongIndex3D rhs) => this - rhs;

    /// <summary>The sum of two indices, per coordinate.</summary>
    public static LongIndex3D Add(LongIndex3D first, LongIndex3D second) => first + second;

    /// <summary>The difference of two indices, per coordinate.</summary>
    public static LongIndex3D Subtract(LongIndex3D first, LongIndex3D second) => first - second;

    /// <summary>The product of two indices, per coordinate.</summary>
    public static LongIndex3D Multiply(LongIndex3D first, LongIndex3D second) => first * second;

    /// <summary>The quotient of two indices, per coordinate.</summary>
    public static LongIndex3D Divide(LongIndex3D first, LongIndex3D second) => first / second;

    /// <summary>The smaller coordinate of two indices, per dimension.</summary>
    public static LongIndex3D Min(LongIndex3D first, LongIndex3D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y), Math.Min(first.Z, second.Z));

    /// <summary>The larger coordinate of two indices, per dimension.</summary>
    public static LongIndex3D Max(LongIndex3D first, LongIndex3D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y), Math.Max(first.Z, second.Z));

    /// <summary>The index limited to a range, per coordinate.</summary>
    public static LongIndex3D Clamp(LongIndex3D value, LongIndex3D min, LongIndex3D max) => Min(Max(value, min), max);

    /// <summary>The coordinates as a tuple.</summary>
    public (long X, long Y, long Z) ToValueTuple() => (X, Y, Z);

    /// <summary>Takes the coordinates apart.</summary>
    public void Deconstruct(out long x, out long y, out long z)
    {
        x = X;
        y = Y;
        z = Z;
    }

    /// <inheritdoc/>
    public bool Equals(LongIndex3D other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LongIndex3D other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y, Z);

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y}, {Z})";

    /// <summary>Narrows to 32 bits.</summary>
    /// <exception cref="OverflowException">A coordinate does not fit.</exception>
    public static explicit operator Index3D(LongIndex3D index) => index.ToIntIndex();

    /// <summary>An index from a tuple of coordinates.</summary>
    public static implicit operator LongIndex3D((long X, long Y, long Z) values) => new(values.X, values.Y, values.Z);

    /// <summary>Adds per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex3D operator +(LongIndex3D first, LongIndex3D second) =>
        new(first.X + second.X, first.Y + second.Y, first.Z + second.Z);

    /// <summary>Subtracts per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex3D operator -(LongIndex3D first, LongIndex3D second) =>
        new(first.X - second.X, first.Y - second.Y, first.Z - second.Z);

    /// <summary>Multiplies per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex3D operator *(LongIndex3D first, LongIndex3D second) =>
        new(first.X * second.X, first.Y * second.Y, first.Z * second.Z);

    /// <summary>Divides per coordinate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LongIndex3D operator /(LongIndex3D first, LongIndex3D second) =>
        new(first.X / second.X, first.Y / second.Y, first.Z / second.Z);

    /// <summary>True if all coordinates agree.</summary>
    public static bool operator ==(LongIndex3D first, LongIndex3D second) =>
        first.X == second.X && first.Y == second.Y && first.Z == second.Z;

    /// <summary>True if a coordinate differs.</summary>
    public static bool operator !=(LongIndex3D first, LongIndex3D second) => !(first == second);
}
