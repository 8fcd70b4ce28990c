namespace ILGPU.Runtime.Cuda;

/// <summary>The architecture of an NVIDIA GPU (its compute capability).</summary>
public readonly struct CudaArchitecture : IEquatable<CudaArchitecture>, IComparable<CudaArchitecture>
{
    /// <summary>Compute capability 8.0.</summary>
    public static readonly CudaArchitecture SM_80 = new(8, 0);

    /// <summary>Compute capability 8.6.</summary>
    public static readonly CudaArchitecture SM_86 = new(8, 6);

    /// <summary>Compute capability 8.7.</summary>
    public static readonly CudaArchitecture SM_87 = new(8, 7);

    /// <summary>Compute capability 8.9.</summary>
    public static readonly CudaArchitecture SM_89 = new(8, 9);

    /// <summary>Compute capability 9.0.</summary>
    public static readonly CudaArchitecture SM_90 = new(9, 0);

    /// <summary>Compute capability 10.0.</summary>
    public static readonly CudaArchitecture SM_100 = new(10, 0);

    /// <summary>Compute capability 10.1.</summary>
    public static readonly CudaArchitecture SM_101 = new(10, 1);

    /// <summary>Compute capability 10.3.</summary>
    public static readonly CudaArchitecture SM_103 = new(10, 3);

    /// <summary>Compute capability 12.0.</summary>
    public static readonly CudaArchitecture SM_120 = new(12, 0);

    /// <summary>Compute capability 12.1.</summary>
    public static readonly CudaArchitecture SM_121 = new(12, 1);

    /// <summary>A version of two numbers.</summary>
    public CudaArchitecture(int major, int minor)
    {
        Major = major;
        Minor = minor;
    }

    /// <summary>The first number.</summary>
    public int Major { get; }

    /// <summary>The second number.</summary>
    public int Minor { get; }

    /// <inheritdoc/>
    public bool Equals(CudaArchitecture other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CudaArchitecture other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Major, Minor);

    /// <inheritdoc/>
    public int CompareTo(CudaArchitecture other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <inheritdoc/>
    public override string ToString() => $"SM_{Major}{Minor}";

    /// <summary>True if both are the same version.</summary>
    public static bool operator ==(CudaArchitecture first, CudaArchitecture second) => first.CompareTo(second) == 0;

    /// <summary>True if they are different versions.</summary>
    public static bool operator !=(CudaArchitecture first, CudaArchitecture second) => !(first == second);

    /// <summary>True if the first is the earlier one.</summary>
    public static bool operator <(CudaArchitecture first, CudaArchitecture second) => first.CompareTo(second) < 0;

    /// <summary>True if the first is not the later one.</summary>
    public static bool operator <=(CudaArchitecture first, CudaArchitecture second) => first.CompareTo(second) <= 0;

    /// <summary>True if the first is the later one.</summary>
    public static bool operator >(CudaArchitecture first, CudaArchitecture second) => first.CompareTo(second) > 0;

    /// <summary>True if the first is not the earlier one.</summary>
    public static bool operator >=(CudaArchitecture first, CudaArchitecture second) => first.CompareTo(second) >= 0;
}
