using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>Turns the index types that implicitly grouped kernels are launched with into one form, and back into indices.</summary>
internal static class LaunchExtent
{
    public static bool IsIndex(Type type) =>
        type == typeof(Index1D) || type == typeof(Index2D) || type == typeof(Index3D)
        || type == typeof(LongIndex1D) || type == typeof(LongIndex2D) || type == typeof(LongIndex3D);

    public static IndexType TypeOf(Type indexType) => indexType switch
    {
        _ when indexType == typeof(Index1D) => IndexType.Index1D,
        _ when indexType == typeof(Index2D) => IndexType.Index2D,
        _ when indexType == typeof(Index3D) => IndexType.Index3D,
        _ when indexType == typeof(LongIndex1D) => IndexType.LongIndex1D,
        _ when indexType == typeof(LongIndex2D) => IndexType.LongIndex2D,
        _ when indexType == typeof(LongIndex3D) => IndexType.LongIndex3D,
        _ => throw new NotSupportedException($"{indexType.Name} is not an index type that kernels can be launched with."),
    };

    public static LongIndex3D Of(Index1D index) => new(index.X, 1, 1);

    public static LongIndex3D Of(Index2D index) => new(index.X, index.Y, 1);

    public static LongIndex3D Of(Index3D index) => index.ToLongIndex();

    public static LongIndex3D Of(LongIndex1D index) => new(index.X, 1, 1);

    public static LongIndex3D Of(LongIndex2D index) => new(index.X, index.Y, 1);

    public static LongIndex3D Of(LongIndex3D index) => index;

    /// <summary>The index with a number in an extent; X varies fastest.</summary>
    public static LongIndex3D IndexAt(LongIndex3D extent, long number)
    {
        long row = number / extent.X;
        return new LongIndex3D(number - (row * extent.X), row % extent.Y, row / extent.Y);
    }
}
