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
}

/// <summary>Facts about element types.</summary>
public static class DTypes
{
    /// <summary>The size of an element in bytes.</summary>
    public static int Size(this DType type) => type == DType.Float64 ? sizeof(double) : sizeof(float);

    /// <summary>Whether gradients exist for this type.</summary>
    public static bool IsFloatingPoint(this DType type) => type != DType.Int32;

    /// <summary>The element type that a .NET type stands for.</summary>
    /// <exception cref="NotSupportedException">T is none of float, double and int.</exception>
    public static DType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.Float32;
        if (typeof(T) == typeof(double)) return DType.Float64;
        if (typeof(T) == typeof(int)) return DType.Int32;
        throw new NotSupportedException($"No tensor holds elements of type {typeof(T).Name}; use float, double or int.");
    }
}
