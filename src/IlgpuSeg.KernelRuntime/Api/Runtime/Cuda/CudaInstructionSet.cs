namespace ILGPU.Runtime.Cuda;

/// <summary>A version of the PTX instruction set.</summary>
public readonly struct CudaInstructionSet : IEquatable<CudaInstructionSet>, IComparable<CudaInstructionSet>
{
    /// <summary>PTX 7.0.</summary>
    public static readonly CudaInstructionSet ISA_70 = new(7, 0);

    /// <summary>PTX 7.1.</summary>
    public static readonly CudaInstructionSet ISA_71 = new(7, 1);

    /// <summary>PTX 7.2.</summary>
    public static readonly CudaInstructionSet ISA_72 = new(7, 2);

    /// <summary>PTX 7.3.</summary>
    public static readonly CudaInstructionSet ISA_73 = new(7, 3);

    /// <summary>PTX 7.4.</summary>
    public static readonly CudaInstructionSet ISA_74 = new(7, 4);

    /// <summary>PTX 7.5.</summary>
    public static readonly CudaInstructionSet ISA_75 = new(7, 5);

    /// <summary>PTX 7.6.</summary>
    public static readonly CudaInstructionSet ISA_76 = new(7, 6);

    /// <summary>PTX 7.7.</summary>
    public static readonly CudaInstructionSet ISA_77 = new(7, 7);

    /// <summary>PTX 7.8.</summary>
    public static readonly CudaInstructionSet ISA_78 = new(7, 8);

    /// <summary>PTX 8.0.</summary>
    public static readonly CudaInstructionSet ISA_80 = new(8, 0);

    /// <summary>PTX 8.1.</summary>
    public static readonly CudaInstructionSet ISA_81 = new(8, 1);

    /// <summary>PTX 8.2.</summary>
    public static readonly CudaInstructionSet ISA_82 = new(8, 2);

    /// <summary>PTX 8.3.</summary>
    public static readonly CudaInstructionSet ISA_83 = new(8, 3);

    /// <summary>PTX 8.4.</summary>
    public static readonly CudaInstructionSet ISA_84 = new(8, 4);

    /// <summary>PTX 8.5.</summary>
    public static readonly CudaInstructionSet ISA_85 = new(8, 5);

    /// <summary>PTX 8.6.</summary>
    public static readonly CudaInstructionSet ISA_86 = new(8, 6);

    /// <summary>PTX 8.7.</summary>
    public static readonly CudaInstructionSet ISA_87 = new(8, 7);

    /// <summary>PTX 8.8.</summary>
    public static readonly CudaInstructionSet ISA_88 = new(8, 8);

    /// <summary>A version of two numbers.</summary>
    public CudaInstructionSet(int major, int minor)
    {
        Major = major;
        Minor = minor;
    }

    /// <summary>The first number.</summary>
    public int Major { get; }

    /// <summary>The second number.</summary>
    public int Minor { get; }

    /// <inheritdoc/>
    public bool Equals(CudaInstructionSet other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CudaInstructionSet other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Major, Minor);

    /// <inheritdoc/>
    public int CompareTo(CudaInstructionSet other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <inheritdoc/>
    public override string ToString() => $"ISA_{Major}{Minor}";

    /// <summary>True if both are the same version.</summary>
    public static bool operator ==(CudaInstructionSet first, CudaInstructionSet second) => first.CompareTo(second) == 0;

    /// <summary>True if they are different versions.</summary>
    public static bool operator !=(CudaInstructionSet first, CudaInstructionSet second) => !(first == second);

    /// <summary>True if the first is the earlier one.</summary>
    public static bool operator <(CudaInstructionSet first, CudaInstructionSet second) => first.CompareTo(second) < 0;

    /// <summary>True if the first is not the later one.</summary>
    public static bool operator <=(CudaInstructionSet first, CudaInstructionSet second) => first.CompareTo(second) <= 0;

    /// <summary>True if the first is the later one.</summary>
    public static bool operator >(CudaInstructionSet first, CudaInstructionSet second) => first.CompareTo(second) > 0;

    /// <summary>True if the first is not the earlier one.</summary>
    public static bool operator >=(CudaInstructionSet first, CudaInstructionSet second) => first.CompareTo(second) >= 0;
}
