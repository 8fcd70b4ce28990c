namespace ILGPU.Runtime;

/// <summary>What a kernel may assume of its launches.</summary>
public readonly struct KernelSpecialization : IEquatable<KernelSpecialization>
{
    /// <summary>Nothing is assumed.</summary>
    public static readonly KernelSpecialization Empty;

    /// <summary>Assumptions about launches.</summary>
    /// <param name="maxNumThreadsPerGroup">The largest group size; null for no assumption.</param>
    /// <param name="minNumGroupsPerMultiprocessor">The groups that a multiprocessor must hold at least; null for no assumption.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor)
    {
        if (maxNumThreadsPerGroup is { } threads)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads, nameof(maxNumThreadsPerGroup));
        if (minNumGroupsPerMultiprocessor is { } groups)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups, nameof(minNumGroupsPerMultiprocessor));
        MaxNumThreadsPerGroup = maxNumThreadsPerGroup;
        MinNumGroupsPerMultiprocessor = minNumGroupsPerMultiprocessor;
    }

    /// <summary>The largest group size; null for no assumption.</summary>
    public int? MaxNumThreadsPerGroup { get; }

    /// <summary>The groups that a multiprocessor must hold at least; null for no assumption.</summary>
    public int? MinNumGroupsPerMultiprocessor { get; }

    /// <summary>True if the accelerator can launch kernels under these assumptions.</summary>
    public bool IsCompatibleWith(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        return (MaxNumThreadsPerGroup ?? 1) <= accelerator.MaxNumThreadsPerGroup;
    }

    /// <inheritdoc/>
    public bool Equals(KernelSpecialization other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KernelSpecialization other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(MaxNumThreadsPerGroup, MinNumGroupsPerMultiprocessor);

    /// <summary>True if the assumptions agree.</summary>
    public static bool operator ==(KernelSpecialization first, KernelSpecialization second) =>
        first.MaxNumThreadsPerGroup == second.MaxNumThreadsPerGroup &&
        first.MinNumGroupsPerMultiprocessor == second.MinNumGroupsPerMultiprocessor;

    /// <summary>True if the assumptions differ.</summary>
    public static bool operator !=(KernelSpecialization first, KernelSpecialization second) => !(first == second);
}
