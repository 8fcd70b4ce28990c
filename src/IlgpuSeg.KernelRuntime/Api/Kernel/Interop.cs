using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU;

/// <summary>Sizes, alignment, and the bit patterns of floating-point numbers.</summary>
public static class Interop
{
    /// <summary>How many bytes an address lies below the next multiple of an alignment.</summary>
    /// <param name="ptr">The address.</param>
    /// <param name="alignmentInBytes">The alignment: a power of two.</param>
    public static int ComputeAlignmentOffset(long ptr, int alignmentInBytes) =>
        (int)((alignmentInBytes - (ptr & (alignmentInBytes - 1))) & (alignmentInBytes - 1));

    /// <summary>The number of elements of one type that hold a number of elements of another, rounded up.</summary>
    /// <typeparam name="TFirst">The holding type.</typeparam>
    /// <typeparam name="TSecond">The type to be held.</typeparam>
    public static long ComputeRelativeSizeOf<TFirst, TSecond>(long numSecondElements)
        where TFirst : unmanaged
        where TSecond : unmanaged =>
        ((numSecondElements * SizeOf<TSecond>()) + SizeOf<TFirst>() - 1) / SizeOf<TFirst>();

    /// <summary>The size of a type in bytes.</summary>
    /// <typeparam name="T">The type.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf<T>()
        where T : unmanaged =>
        Unsafe.SizeOf<T>();

    /// <summary>The size of a value's type in bytes.</summary>
    /// <typeparam name="T">The type.</typeparam>
    public static int SizeOf<T>(T structure)
        where T : unmanaged =>
        SizeOf<T>();

    /// <summary>The offset of a field in bytes.</summary>
    /// <typeparam name="T">The type.</typeparam>
    public static int OffsetOf<T>(string fieldName)
        where T : unmanaged =>
        Marshal.OffsetOf<T>(fieldName).ToInt32();

    /// <summary>The bits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort FloatAsInt(Half value) => value.RawValue;

    /// <summary>The bits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>The bits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);

    /// <summary>The number with these bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Half IntAsFloat(ushort value) => Half.FromBits(value);

    /// <summary>The number with these bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);

    /// <summary>The number with these bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);
}
