using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace IlgpuSeg;

/// <summary>The extents of a tensor, outermost first; images are [N, H, W, C]. Written as a collection: <c>Shape s = [2, 8, 8, 3]</c>.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IEnumerable<int>
{
    private readonly ImmutableArray<int> dims;

    /// <summary>A shape of the given extents; none makes a scalar.</summary>
    /// <exception cref="ArgumentException">An extent is negative.</exception>
    public Shape(params ReadOnlySpan<int> dims)
    {
        foreach (var d in dims)
        {
            if (d < 0)
                throw new ArgumentException($"A shape has no negative extents, but got [{string.Join(", ", dims.ToArray())}].");
        }
        this.dims = ImmutableArray.Create(dims);
    }

    private ImmutableArray<int> Dims => dims.IsDefault ? [] : dims;

    /// <summary>The number of extents.</summary>
    public int Rank => Dims.Length;

    /// <summary>The extent of an axis; negative indices count from the end through <see cref="Index"/>.</summary>
    public int this[Index axis] => Dims[axis];

    /// <summary>The number of elements.</summary>
    public long Length
    {
        get
        {
            long length = 1;
            foreach (var d in Dims) length *= d;
            return length;
        }
    }

    /// <summary>The extents as an array of their own.</summary>
    public int[] ToArray() => [.. Dims];

    /// <summary>This shape with another extent at one axis.</summary>
    public Shape With(Index axis, int extent)
    {
        var copy = ToArray();
        copy[axis] = extent;
        return new Shape(copy);
    }

    /// <summary>A shape of the given extents, for collection expressions.</summary>
    public static Shape Create(ReadOnlySpan<int> dims) => new(dims);

    /// <summary>The extents in order.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)Dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A shape from its extents.</summary>
    public static implicit operator Shape(int[] dims) => new(dims);

    /// <summary>Whether two shapes have the same extents.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Shape other) => Dims.AsSpan().SequenceEqual(other.Dims.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var d in Dims) hash.Add(d);
        return hash.ToHashCode();
    }

    /// <summary>The extents in brackets, for example "[2, 8, 8, 3]".</summary>
    public override string ToString() => $"[{string.Join(", ", Dims)}]";
}
