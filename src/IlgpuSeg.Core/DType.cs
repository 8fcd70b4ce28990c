using IlgpuSeg.Kernels;

namespace IlgpuSeg;

/// <summary>The element type of a tensor.</summary>
public enum DType
{
    /// <summary>IEEE single precision, the type of training and inference.</summary>
    Float32,

    /// <summary>IEEE double precision, the type of numerical checks.</summary>
    Float64,

    /// <summary>32-bit signed integers: labels and indices.</summary>
    Int32,

    /// <summary>The upper half of a single precision number: activations of mixed precision (see <see cref="Autocast"/>). Computed with in float.</summary>
    BFloat16,
}

/// <summary>Facts about element types.</summary>
public static class DTypes
{
    /// <summary>The size of an element in bytes.</summary>
    public static int Size(this DType type) => type switch
    {
        DType.Float64 => sizeof(double),
        DType.BFloat16 => sizeof(ushort),
        _ => sizeof(float),
    };

    /// <summary>Whether gradients exist for this type.</summary>
    public static bool IsFloatingPoint(this DType type) => type != DType.Int32;

    /// <summary>The element type that a .NET type stands for.</summary>
    /// <exception cref="NotSupportedException">T is none of float, double, BFloat16 and int.</exception>
    public static DType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.Float32;
        if (typeof(T) == typeof(double)) return DType.Float64;
        if (typeof(T) == typeof(int)) return DType.Int32;
        if (typeof(T) == typeof(BFloat16)) return DType.BFloat16;
        throw new NotSupportedException($"No tensor holds elements of type {typeof(T).Name}; use float, double, BFloat16 or int.");
    }
}
