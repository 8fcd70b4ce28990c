namespace ILGPU;

/// <summary>The number of groups and threads per group of a launch.</summary>
public readonly struct KernelConfig : IIntrinsicIndex
{
    /// <summary>A grid and a group of one dimension.</summary>
    public KernelConfig(Index1D gridDim, Index1D groupDim)
        : this(gridDim, groupDim, default)
    {
    }

    /// <summary>A grid and a group of one dimension, and dynamic shared memory.</summary>
    public KernelConfig(Index1D gridDim, Index1D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new Index3D(gridDim, 1, 1), new Index3D(groupDim, 1, 1), sharedMemoryConfig)
    {
    }

    /// <summary>A grid and a group of two dimensions.</summary>
    public KernelConfig(Index2D gridDim, Index2D groupDim)
        : this(gridDim, groupDim, default)
    {
    }

    /// <summary>A grid and a group of two dimensions, and dynamic shared memory.</summary>
    public KernelConfig(Index2D gridDim, Index2D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new Index3D(gridDim, 1), new Index3D(groupDim, 1), sharedMemoryConfig)
    {
    }

    /// <summary>A grid and a group of three dimensions.</summary>
    public KernelConfig(Index3D gridDim, Index3D groupDim)
        : this(gridDim, groupDim, default)
    {
    }

    /// <summary>A grid and a group of three dimensions.</summary>
    public KernelConfig(int gridDimX, int gridDimY, int gridDimZ, int groupDimX, int groupDimY, int groupDimZ)
        : this(new Index3D(gridDimX, gridDimY, gridDimZ), new Index3D(groupDimX, groupDimY, groupDimZ))
    {
    }

    /// <summary>A grid and a group of three dimensions, and dynamic shared memory.</summary>
    public KernelConfig(Index3D gridDim, Index3D groupDim, SharedMemoryConfig sharedMemoryConfig)
    {
        GridDim = gridDim;
        GroupDim = groupDim;
        SharedMemoryConfig = sharedMemoryConfig;
    }

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.KernelConfig;

    /// <summary>The number of groups per dimension.</summary>
    public Index3D GridDim { get; }

    /// <summary>The number of threads of a group per dimension.</summary>
    public Index3D GroupDim { get; }

    /// <summary>The dynamic shared memory of every group.</summary>
    public SharedMemoryConfig SharedMemoryConfig { get; }

    /// <summary>True if the launch asks for dynamic shared memory.</summary>
    public bool UsesDynamicSharedMemory => SharedMemoryConfig.UsesDynamicSharedMemory;

    /// <summary>True if every dimension is at least one.</summary>
    public bool IsValid =>
        Math.Min(GridDim.X, Math.Min(GridDim.Y, GridDim.Z)) > 0 && Math.Min(GroupDim.X, Math.Min(GroupDim.Y, GroupDim.Z)) > 0;

    /// <summary>The number of threads of the launch.</summary>
    public long Size => GridDim.LongSize * GroupDim.LongSize;

    /// <summary>The grid and group dimensions.</summary>
    public (Index3D, Index3D) ToDimensions() => (GridDim, GroupDim);

    /// <summary>The grid and group dimensions and the dynamic shared memory.</summary>
    public (Index3D, Index3D, SharedMemoryConfig) ToValueTuple() => (GridDim, GroupDim, SharedMemoryConfig);

    /// <summary>Takes the configuration apart.</summary>
    public void Deconstruct(out Index3D gridDim, out Index3D groupDim)
    {
        gridDim = GridDim;
        groupDim = GroupDim;
    }

    /// <summary>Takes the configuration apart.</summary>
    public void Deconstruct(out Index3D gridDim, out Index3D groupDim, out SharedMemoryConfig sharedMemoryConfig)
    {
        (gridDim, groupDim) = this;
        sharedMemoryConfig = SharedMemoryConfig;
    }

    /// <summary>A configuration from a tuple of grid and group dimensions.</summary>
    public static implicit operator KernelConfig((Index1D, Index1D) dimensions) => new(dimensions.Item1, dimensions.Item2);

    /// <summary>A configuration from a tuple of grid and group dimensions.</summary>
    public static implicit operator KernelConfig((Index3D, Index1D) dimensions) =>
        new(dimensions.Item1, new Index3D(dimensions.Item2, 1, 1));

    /// <summary>A configuration from a tuple of grid and group dimensions.</summary>
    public static implicit operator KernelConfig((Index3D, Index2D) dimensions) =>
        new(dimensions.Item1, new Index3D(dimensions.Item2, 1));

    /// <summary>A configuration from a tuple of grid and group dimensions.</summary>
    public static implicit operator KernelConfig((Index2D, Index2D) dimensions) => new(dimensions.Item1, dimensions.Item2);

    /// <summary>A configuration from a tuple of grid and group dimensions.</summary>
    public static implicit operator KernelConfig((Index3D, Index3D) dimensions) => new(dimensions.Item1, dimensions.Item2);

    /// <summary>A configuration from a tuple of grid and group dimensions and dynamic shared memory.</summary>
    public static implicit operator KernelConfig((Index1D, Index1D, SharedMemoryConfig) dimensions) =>
        new(dimensions.Item1, dimensions.Item2, dimensions.Item3);

    /// <summary>A configuration from a tuple of grid and group dimensions and dynamic shared memory.</summary>
    public static implicit operator KernelConfig((Index3D, Index3D, SharedMemoryConfig) dimensions) =>
        new(dimensions.Item1, dimensions.Item2, dimensions.Item3);

    /// <summary>The grid and group dimensions.</summary>
    public static implicit operator (Index3D, Index3D)(KernelConfig config) => config.ToDimensions();

    /// <summary>The grid and group dimensions and the dynamic shared memory.</summary>
    public static implicit operator (Index3D, Index3D, SharedMemoryConfig)(KernelConfig config) => config.ToValueTuple();

    /// <inheritdoc/>
    public override string ToString() => $"grid {GridDim}, group {GroupDim}";
}

/// <summary>The dynamic shared memory of a launch.</summary>
public readonly struct SharedMemoryConfig
{
    /// <summary>No dynamic shared memory.</summary>
    public static readonly SharedMemoryConfig Empty;

    /// <summary>Dynamic shared memory for a number of elements.</summary>
    /// <param name="numElements">The number of elements.</param>
    /// <param name="elementSize">The size of one element in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or the size not positive.</exception>
    public SharedMemoryConfig(int numElements, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numElements);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elementSize);
        NumElements = numElements;
        ElementSize = elementSize;
    }

    /// <summary>The number of elements.</summary>
    public int NumElements { get; }

    /// <summary>The size of one element in bytes.</summary>
    public int ElementSize { get; }

    /// <summary>The size of all elements in bytes.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits.</exception>
    public int ArraySize => checked(NumElements * ElementSize);

    /// <summary>True if there is dynamic shared memory.</summary>
    public bool UsesDynamicSharedMemory => NumElements > 0;

    /// <summary>Dynamic shared memory for a number of elements of a type.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="numElements">The number of elements.</param>
    public static SharedMemoryConfig RequestDynamic<T>(int numElements)
        where T : unmanaged =>
        new(numElements, Interop.SizeOf<T>());
}
