using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>What <see cref="LaneMemory"/> does, for sixteen lanes. Addresses are one scalar, or one scalar and a 32-bit index per lane.</summary>
internal static unsafe class WideLaneMemory
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    public static Vector512<T> Load32<T>(byte* p)
        where T : unmanaged => Vector512.Load((T*)p);

    [MethodImpl(Inline)]
    public static void Store32<T>(byte* p, Vector512<T> value)
        where T : unmanaged => value.Store((T*)p);

    /// <inheritdoc cref="LaneMemory.Stream32"/>
    [MethodImpl(Inline)]
    public static void Stream32<T>(byte* p, Vector512<T> value, nint mask)
        where T : unmanaged => LaneMemory.Stream64(p, value, mask);

    [MethodImpl(Inline)]
    public static Vector512<T> LoadMasked32<T>(byte* p, Vector512<int> mask)
        where T : unmanaged => Avx512F.IsSupported
        ? Avx512F.MaskLoad((int*)p, mask, Vector512<int>.Zero).As<int, T>()
        : Vector512.Create(LaneMemory.LoadMasked32<T>(p, mask.GetLower()), LaneMemory.LoadMasked32<T>(p + 32, mask.GetUpper()));

    [MethodImpl(Inline)]
    public static void StoreMasked32<T>(byte* p, Vector512<T> value, Vector512<int> mask)
        where T : unmanaged
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore((int*)p, mask, value.As<T, int>());
        }
        else
        {
            LaneMemory.StoreMasked32(p, value.GetLower(), mask.GetLower());
            LaneMemory.StoreMasked32(p + 32, value.GetUpper(), mask.GetUpper());
        }
    }

    [MethodImpl(Inline)]
    public static Vector512<T> GatherIndexed32<T>(byte* p, Vector512<int> index)
        where T : unmanaged =>
        Vector512.Create(LaneMemory.GatherIndexed32<T>(p, index.GetLower()), LaneMemory.GatherIndexed32<T>(p, index.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<T> GatherIndexedMasked32<T>(byte* p, Vector512<int> index, Vector512<int> mask)
        where T : unmanaged => Vector512.Create(
            LaneMemory.GatherIndexedMasked32<T>(p, index.GetLower(), mask.GetLower()),
            LaneMemory.GatherIndexedMasked32<T>(p, index.GetUpper(), mask.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> LoadUInt16(byte* p) => Vector512.Create(LaneMemory.LoadUInt16(p), LaneMemory.LoadUInt16(p + 16));

    [MethodImpl(Inline)]
    public static Vector512<int> LoadInt16(byte* p) => Vector512.Create(LaneMemory.LoadInt16(p), LaneMemory.LoadInt16(p + 16));

    /// <inheritdoc cref="LaneMemory.Store16"/>
    [MethodImpl(Inline)]
    public static void Store16(byte* p, Vector512<int> value)
    {
        LaneMemory.Store16(p, value.GetLower());
        LaneMemory.Store16(p + 16, value.GetUpper());
    }
}
