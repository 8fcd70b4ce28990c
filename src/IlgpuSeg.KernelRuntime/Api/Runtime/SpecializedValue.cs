namespace ILGPU.Runtime;

/// <summary>Makes specialised values.</summary>
public static class SpecializedValue
{
    /// <summary>A value that the kernel is compiled for.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static SpecializedValue<T> New<T>(T value)
        where T : unmanaged, IEquatable<T> =>
        new(value);
}

/// <summary>A kernel parameter whose value is a constant of the compiled kernel: one version is compiled per value.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public struct SpecializedValue<T> : IEquatable<SpecializedValue<T>>
    where T : unmanaged, IEquatable<T>
{
    /// <summary>A value that the kernel is compiled for.</summary>
    public SpecializedValue(T value)
    {
        Value = value;
    }

    /// <summary>The value.</summary>
    public T Value { get; set; }

    /// <inheritdoc/>
    public readonly bool Equals(SpecializedValue<T> other) => Value.Equals(other.Value);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is SpecializedValue<T> other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => Value.GetHashCode();

    /// <inheritdoc/>
    public override readonly string? ToString() => Value.ToString();

    /// <summary>True if the values agree.</summary>
    public static bool operator ==(SpecializedValue<T> first, SpecializedValue<T> second) => first.Equals(second);

    /// <summary>True if the values differ.</summary>
    public static bool operator !=(SpecializedValue<T> first, SpecializedValue<T> second) => !first.Equals(second);

    /// <summary>The value.</summary>
    public static implicit operator T(SpecializedValue<T> value) => value.Value;
}
