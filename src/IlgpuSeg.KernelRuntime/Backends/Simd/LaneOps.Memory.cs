using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// Memory access by lanes. No member touches the memory of a lane that its mask leaves out, whatever its address; such lanes read zero.
// Contiguous access needs no alignment. Scatters run from lane 0 to lane 7: where two lanes hit one place, the higher one wins.
internal static unsafe partial class LaneOps
{
    // Contiguous, under a mask. (Without one: Vector256.Load and Store, and for narrow integers the members further down.)

    [MethodImpl(Inline)]
    internal static Vector256<float> LoadMasked(float* source, Vector256<int> mask) => LoadMasked((int*)source, mask).AsSingle();

    [MethodImpl(Inline)]
    internal static Vector256<int> LoadMasked(int* source, Vector256<int> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad(source, mask) : GatherLanes(source, Iota, mask);

    [MethodImpl(Inline)]
    internal static Vector512<double> LoadMasked(double* source, Vector256<int> mask) => LoadMasked((long*)source, mask).AsDouble();

    [MethodImpl(Inline)]
    internal static Vector512<long> LoadMasked(long* source, Vector256<int> mask)
    {
        var wide = Widen(mask);
        return Avx2.IsSupported
            ? Vector512.Create(Avx2.MaskLoad(source, wide.GetLower()), Avx2.MaskLoad(source + 4, wide.GetUpper()))
            : GatherLanes(source, Iota, mask);
    }

    [MethodImpl(Inline)]
    internal static void StoreMasked(float* target, Vector256<float> value, Vector256<int> mask) =>
        StoreMasked((int*)target, value.AsInt32(), mask);

    [MethodImpl(Inline)]
    internal static void StoreMasked(int* target, Vector256<int> value, Vector256<int> mask)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore(target, mask, value);
        else
            Scatter(target, Iota, value, mask);
    }

    [MethodImpl(Inline)]
    internal static void StoreMasked(double* target, Vector512<double> value, Vector256<int> mask) =>
        StoreMasked((long*)target, value.AsInt64(), mask);

    [MethodImpl(Inline)]
    internal static void StoreMasked(long* target, Vector512<long> value, Vector256<int> mask)
    {
        if (Avx2.IsSupported)
        {
            var wide = Widen(mask);
            Avx2.MaskStore(target, wide.GetLower(), value.GetLower());
            Avx2.MaskStore(target + 4, wide.GetUpper(), value.GetUpper());
        }
        else
        {
            Scatter(target, Iota, value, mask);
        }
    }

    // Narrow integers, widened to int lanes on loading and cut on storing.

    [MethodImpl(Inline)]
    internal static Vector256<int> LoadInt8(sbyte* source)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<long>(source)).AsSByte());
        return Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts));
    }

    [MethodImpl(Inline)]
    internal static Vector256<int> LoadUInt8(byte* source)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<long>(source)).AsByte());
        return Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32();
    }

    [MethodImpl(Inline)]
    internal static Vector256<int> LoadInt16(short* source)
    {
        var shorts = Vector128.Load(source);
        return Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts));
    }

    [MethodImpl(Inline)]
    internal static Vector256<int> LoadUInt16(ushort* source)
    {
        var shorts = Vector128.Load(source);
        return Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32();
    }

    [MethodImpl(Inline)]
    internal static void StoreInt8(byte* target, Vector256<int> value)
    {
        var shorts = Vector128.Narrow(value.GetLower(), value.GetUpper());
        Unsafe.WriteUnaligned(target, Vector128.Narrow(shorts, shorts).AsInt64()[0]);
    }

    [MethodImpl(Inline)]
    internal static void StoreInt16(short* target, Vector256<int> value) =>
        Vector128.Narrow(value.GetLower(), value.GetUpper()).Store(target);

    // Gathers: lane i reads origin[index[i]].

    [MethodImpl(Inline)]
    internal static Vector256<float> Gather(float* origin, Vector256<int> index) =>
        Avx2.IsSupported ? Avx2.GatherVector256(origin, index, 4) : GatherLanes((int*)origin, index, Vector256<int>.AllBitsSet).AsSingle();

    [MethodImpl(Inline)]
    internal static Vector256<int> Gather(int* origin, Vector256<int> index) =>
        Avx2.IsSupported ? Avx2.GatherVector256(origin, index, 4) : GatherLanes(origin, index, Vector256<int>.AllBitsSet);

    [MethodImpl(Inline)]
    internal static Vector512<double> Gather(double* origin, Vector256<int> index) => Gather((long*)origin, index).AsDouble();

    [MethodImpl(Inline)]
    internal static Vector512<long> Gather(long* origin, Vector256<int> index) =>
        Avx2.IsSupported
            ? Vector512.Create(Avx2.GatherVector256(origin, index.GetLower(), 8), Avx2.GatherVector256(origin, index.GetUpper(), 8))
            : GatherLanes(origin, index, Vector256<int>.AllBitsSet);

    [MethodImpl(Inline)]
    internal static Vector256<float> Gather(float* origin, Vector256<int> index, Vector256<int> mask) =>
        Gather((int*)origin, index, mask).AsSingle();

    [MethodImpl(Inline)]
    internal static Vector256<int> Gather(int* origin, Vector256<int> index, Vector256<int> mask) =>
        Avx2.IsSupported
            ? Avx2.GatherMaskVector256(Vector256<int>.Zero, origin, index, mask, 4)
            : GatherLanes(origin, index, mask);

    [MethodImpl(Inline)]
    internal static Vector512<double> Gather(double* origin, Vector256<int> index, Vector256<int> mask) =>
        Gather((long*)origin, index, mask).AsDouble();

    [MethodImpl(Inline)]
    internal static Vector512<long> Gather(long* origin, Vector256<int> index, Vector256<int> mask)
    {
        if (!Avx2.IsSupported)
            return GatherLanes(origin, index, mask);
        var wide = Widen(mask);
        return Vector512.Create(
            Avx2.GatherMaskVector256(Vector256<long>.Zero, origin, index.GetLower(), wide.GetLower(), 8),
            Avx2.GatherMaskVector256(Vector256<long>.Zero, origin, index.GetUpper(), wide.GetUpper(), 8));
    }

    /// <summary>Gather of a type that has no gather instruction, widened to int lanes: sbyte, byte, short or ushort.</summary>
    internal static Vector256<int> GatherNarrow<T>(T* origin, Vector256<int> index, Vector256<int> mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var result = Vector256<int>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, int.CreateTruncating(origin[index[lane]]));
        }

        return result;
    }

    // The same by absolute addresses, one a lane.

    [MethodImpl(Inline)]
    internal static Vector256<float> GatherFloat(Vector512<long> address, Vector256<int> mask) => GatherInt(address, mask).AsSingle();

    [MethodImpl(Inline)]
    internal static Vector256<int> GatherInt(Vector512<long> address, Vector256<int> mask)
    {
        if (!Avx2.IsSupported)
            return GatherAddresses(address, mask);
        // The addresses are the indices, by single bytes from the null pointer.
        var low = Avx2.GatherMaskVector128(Vector128<int>.Zero, (int*)null, address.GetLower(), mask.GetLower(), 1);
        var high = Avx2.GatherMaskVector128(Vector128<int>.Zero, (int*)null, address.GetUpper(), mask.GetUpper(), 1);
        return Vector256.Create(low, high);
    }

    [MethodImpl(Inline)]
    internal static Vector512<double> GatherDouble(Vector512<long> address, Vector256<int> mask) => GatherLong(address, mask).AsDouble();

    internal static Vector512<long> GatherLong(Vector512<long> address, Vector256<int> mask)
    {
        var result = Vector512<long>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, *(long*)address[lane]);
        }

        return result;
    }

    /// <inheritdoc cref="GatherNarrow{T}(T*, Vector256{int}, Vector256{int})"/>
    internal static Vector256<int> GatherNarrow<T>(Vector512<long> address, Vector256<int> mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var result = Vector256<int>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, int.CreateTruncating(*(T*)address[lane]));
        }

        return result;
    }

    // Scatters: lane i writes target[index[i]], or *address[i]; T is the memory's type, of the lane's size or narrower.

    internal static void Scatter<T>(T* target, Vector256<int> index, Vector256<int> value, Vector256<int> mask) where T : unmanaged
    {
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var element = value[lane];
            target[index[lane]] = Unsafe.As<int, T>(ref element);
        }
    }

    internal static void Scatter(float* target, Vector256<int> index, Vector256<float> value, Vector256<int> mask) =>
        Scatter((int*)target, index, value.AsInt32(), mask);

    internal static void Scatter(long* target, Vector256<int> index, Vector512<long> value, Vector256<int> mask)
    {
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            target[index[lane]] = value[lane];
        }
    }

    internal static void Scatter(double* target, Vector256<int> index, Vector512<double> value, Vector256<int> mask) =>
        Scatter((long*)target, index, value.AsInt64(), mask);

    /// <inheritdoc cref="Scatter{T}(T*, Vector256{int}, Vector256{int}, Vector256{int})"/>
    internal static void Scatter<T>(Vector512<long> address, Vector256<int> value, Vector256<int> mask) where T : unmanaged
    {
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var element = value[lane];
            *(T*)address[lane] = Unsafe.As<int, T>(ref element);
        }
    }

    internal static void Scatter(Vector512<long> address, Vector512<long> value, Vector256<int> mask)
    {
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            *(long*)address[lane] = value[lane];
        }
    }

    private static Vector256<int> GatherLanes(int* origin, Vector256<int> index, Vector256<int> mask)
    {
        var result = Vector256<int>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, origin[index[lane]]);
        }

        return result;
    }

    private static Vector512<long> GatherLanes(long* origin, Vector256<int> index, Vector256<int> mask)
    {
        var result = Vector512<long>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, origin[index[lane]]);
        }

        return result;
    }

    private static Vector256<int> GatherAddresses(Vector512<long> address, Vector256<int> mask)
    {
        var result = Vector256<int>.Zero;
        for (var rest = Ballot(mask); rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            result = result.WithElement(lane, *(int*)address[lane]);
        }

        return result;
    }
}
