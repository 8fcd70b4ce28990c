namespace IlgpuSeg.Serialization;

/// <summary>The element types that weight files hold.</summary>
public enum WeightType
{
    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BFloat16,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Signed 8-bit integer.</summary>
    Int8,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,
}

/// <summary>Sizes and names of the element types.</summary>
public static class WeightTypes
{
    private static readonly string[] Names = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];

    /// <summary>Bytes per element.</summary>
    /// <param name="type">The element type.</param>
    public static int Size(this WeightType type) => type switch
    {
        WeightType.Float64 or WeightType.Int64 => 8,
        WeightType.Float32 or WeightType.Int32 => 4,
        WeightType.Float16 or WeightType.BFloat16 or WeightType.Int16 => 2,
        _ => 1,
    };

    /// <summary>The name that safetensors uses: F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL.</summary>
    /// <param name="type">The element type.</param>
    public static string SafeName(this WeightType type) => Names[(int)type];

    /// <summary>Whether the elements are floating-point numbers.</summary>
    /// <param name="type">The element type.</param>
    public static bool IsFloat(this WeightType type) => type <= WeightType.BFloat16;

    /// <summary>Finds a type by the name that safetensors uses.</summary>
    /// <param name="name">The name, such as "F32".</param>
    /// <param name="type">The type found.</param>
    /// <returns>False when no supported type has this name.</returns>
    public static bool TryParse(string name, out WeightType type)
    {
        int index = Array.IndexOf(Names, name);
        type = (WeightType)Math.Max(index, 0);
        return index >= 0;
    }
}
