namespace ILGPU.Runtime.Cuda;

/// <summary>The version of CUDA that a driver supports.</summary>
public readonly struct CudaDriverVersion : IEquatable<CudaDriverVersion>, IComparable<CudaDriverVersion>
{
    private const int MajorFactor = 1000;
    private const int MinorFactor = 10;

    private CudaDriverVersion(int value)
    {
        Value = value;
    }

    /// <summary>The first number.</summary>
    public int Major => Value / MajorFactor;

    /// <summary>The second number.</summary>
    public int Minor => Value % MajorFactor / MinorFactor;

    /// <summary>Both as the driver tells them: 12040 for 12.4.</summary>
    public int Value { get; }

    /// <summary>A version of two numbers.</summary>
    public static CudaDriverVersion FromMajorMinor(int major, int minor) => new((major * MajorFactor) + (minor * MinorFactor));

    /// <summary>A version as the driver tells it.</summary>
    public static CudaDriverVersion FromValue(int value) => new(value);

    /// <inheritdoc/>
    public bool Equals(CudaDriverVersion other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CudaDriverVersion other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => Value;

    /// <inheritdoc/>
    public int CompareTo(CudaDriverVersion other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => $"{Major}.{Minor}";

    /// <summary>The version as the driver tells it.</summary>
    public static implicit operator int(CudaDriverVersion version) => version.Value;

    /// <summary>True if both are the same version.</summary>
    public static bool operator ==(CudaDriverVersion first, CudaDriverVersion second) => first.Value == second.Value;

    /// <summary>True if they are different versions.</summary>
    public static bool operator !=(CudaDriverVersion first, CudaDriverVersion second) => first.Value != second.Value;

    /// <summary>True if the first is the earlier one.</summary>
    public static bool operator <(CudaDriverVersion first, CudaDriverVersion second) => first.Value < second.Value;

    /// <summary>True if the first is not the later one.</summary>
    public static bool operator <=(CudaDriverVersion first, CudaDriverVersion second) => first.Value <= second.Value;

    /// <summary>True if the first is the later one.</summary>
    public static bool operator >(CudaDriverVersion first, CudaDriverVersion second) => first.Value > second.Value;

    /// <summary>True if the first is not the earlier one.</summary>
    public static bool operator >=(CudaDriverVersion first, CudaDriverVersion second) => first.Value >= second.Value;
}
