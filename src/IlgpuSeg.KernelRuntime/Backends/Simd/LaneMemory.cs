using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Loads and stores of a warp. Consecutive lanes are one vector access; lanes that are switched off never touch memory.
/// Names end in the element: 32 and 64 bits of any kind, or a narrow integer that widens to Int32.
/// </summary>
internal static unsafe class LaneMemory
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const int Count = Lanes.Count;

    [MethodImpl(Inline)]
    public static Vector256<T> Load32<T>(byte* p)
        where T : unmanaged => Vector256.Load((T*)p);

    [MethodImpl(Inline)]
    public static Vector512<T> Load64<T>(byte* p)
        where T : unmanaged => Vector512.Load((T*)p);

    [MethodImpl(Inline)]
    public static void Store32<T>(byte* p, Vector256<T> value)
        where T : unmanaged => value.Store((T*)p);

    [MethodImpl(Inline)]
    public static void Store64<T>(byte* p, Vector512<T> value)
        where T : unmanaged => value.Store((T*)p);

    /// <summary>Stores past the caches if the address has none of the bits of a mask; an empty choice is a mask of all bits.</summary>
    [MethodImpl(Inline)]
    public static void Stream32<T>(byte* p, Vector256<T> value, nint mask)
        where T : unmanaged
    {
        if (((nint)p & mask) == 0)
        {
            value.StoreAlignedNonTemporal((T*)p);
        }
        else
        {
            value.Store((T*)p);
        }
    }

    /// <inheritdoc cref="Stream32"/>
    [MethodImpl(Inline)]
    public static void Stream64<T>(byte* p, Vector512<T> value, nint mask)
        where T : unmanaged
    {
        if (((nint)p & mask) == 0)
        {
            value.GetLower().StoreAlignedNonTemporal((T*)p);
            value.GetUpper().StoreAlignedNonTemporal((T*)(p + 32));
        }
        else
        {
            value.Store((T*)p);
        }
    }

    [MethodImpl(Inline)]
    public static Vector256<int> LoadUInt16(byte* p)
    {
        var (lower, upper) = Vector128.Widen(Vector128.Load((ushort*)p));
        return Vector256.Create(lower, upper).AsInt32();
    }

    [MethodImpl(Inline)]
    public static Vector256<int> LoadInt16(byte* p)
    {
        var (lower, upper) = Vector128.Widen(Vector128.Load((short*)p));
        return Vector256.Create(lower, upper);
    }

    /// <summary>Stores the lower halves.</summary>
    [MethodImpl(Inline)]
    public static void Store16(byte* p, Vector256<int> value) =>
        Vector128.Narrow(value.GetLower().AsUInt32(), value.GetUpper().AsUInt32()).Store((ushort*)p);

    [MethodImpl(Inline)]
    public static Vector256<T> LoadMasked32<T>(byte* p, Vector256<int> mask)
        where T : unmanaged =>
        Avx2.IsSupported ? Avx2.MaskLoad((int*)p, mask).As<int, T>() : Gather32<T>(Addresses(p, 4), mask);

    [MethodImpl(Inline)]
    public static void StoreMasked32<T>(byte* p, Vector256<T> value, Vector256<int> mask)
        where T : unmanaged
    {
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore((int*)p, mask, value.As<T, int>());
        }
        else
        {
            Scatter32(Addresses(p, 4), value, mask);
        }
    }

    [MethodImpl(Inline)]
    public static Vector512<T> LoadMasked64<T>(byte* p, Vector256<int> mask)
        where T : unmanaged =>
        Avx2.IsSupported
            ? Vector512.Create(
                Avx2.MaskLoad((long*)p, Vector256.WidenLower(mask)), Avx2.MaskLoad((long*)p + 4, Vector256.WidenUpper(mask))).As<long, T>()
            : Gather64<T>(Addresses(p, 8), mask);

    [MethodImpl(Inline)]
    public static void StoreMasked64<T>(byte* p, Vector512<T> value, Vector256<int> mask)
        where T : unmanaged
    {
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore((long*)p, Vector256.WidenLower(mask), value.As<T, long>().GetLower());
            Avx2.MaskStore((long*)p + 4, Vector256.WidenUpper(mask), value.As<T, long>().GetUpper());
        }
        else
        {
            Scatter64(Addresses(p, 8), value, mask);
        }
    }

    [MethodImpl(Inline)]
    public static Vector256<T> GatherIndexed32<T>(byte* p, Vector256<int> index)
        where T : unmanaged =>
        Avx2.IsSupported ? Avx2.GatherVector256((int*)p, index, 4).As<int, T>() : Gather32<T>(Addresses(p, index, 4), Vector256<int>.AllBitsSet);

    [MethodImpl(Inline)]
    public static Vector256<T> GatherIndexedMasked32<T>(byte* p, Vector256<int> index, Vector256<int> mask)
        where T : unmanaged =>
        Avx2.IsSupported
            ? Avx2.GatherMaskVector256(Vector256<int>.Zero, (int*)p, index, mask, 4).As<int, T>()
            : Gather32<T>(Addresses(p, index, 4), mask);

    /// <summary>The addresses of consecutive elements.</summary>
    [MethodImpl(Inline)]
    public static Vector512<long> Addresses(byte* p, int stride) =>
        Vector512.Create((long)p) + (Vector512.Create(0L, 1, 2, 3, 4, 5, 6, 7) * Vector512.Create((long)stride));

    [MethodImpl(Inline)]
    public static Vector512<long> Addresses(byte* p, Vector256<int> index, int scale) =>
        Vector512.Create((long)p) + (Lanes.SignExtend32(index) * Vector512.Create((long)scale));

    public static Vector256<T> Gather32<T>(Vector512<long> addresses, Vector256<int> mask)
        where T : unmanaged
    {
        var result = Vector256<T>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((int*)&result)[lane] = *(int*)((long*)&addresses)[lane];
        }

        return result;
    }

    public static Vector512<T> Gather64<T>(Vector512<long> addresses, Vector256<int> mask)
        where T : unmanaged
    {
        var result = Vector512<T>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((long*)&result)[lane] = *(long*)((long*)&addresses)[lane];
        }

        return result;
    }

    /// <summary>Loads a narrow integer per lane and widens it.</summary>
    public static Vector256<int> GatherNarrow<T>(Vector512<long> addresses, Vector256<int> mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var result = Vector256<int>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((int*)&result)[lane] = int.CreateTruncating(*(T*)((long*)&addresses)[lane]);
        }

        return result;
    }

    // Lanes store in order: where addresses agree the last lane's value stays, as if threads ran one after the other.
    public static void Scatter32<T>(Vector512<long> addresses, Vector256<T> value, Vector256<int> mask)
        where T : unmanaged
    {
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            *(int*)((long*)&addresses)[lane] = ((int*)&value)[lane];
        }
    }

    public static void Scatter64<T>(Vector512<long> addresses, Vector512<T> value, Vector256<int> mask)
        where T : unmanaged
    {
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            *(long*)((long*)&addresses)[lane] = ((long*)&value)[lane];
        }
    }

    public static void ScatterNarrow<T>(Vector512<long> addresses, Vector256<int> value, Vector256<int> mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            *(T*)((long*)&addresses)[lane] = T.CreateTruncating(((int*)&value)[lane]);
        }
    }
}
