using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Masked access, gathers and scatters. Inactive lanes point at memory that must not be touched: address 0 and far
/// outside.</summary>
public unsafe class LaneMemoryTests
{
    [Fact]
    public void Masked_contiguous_access_leaves_other_lanes_alone()
    {
        var ints = stackalloc int[16];
        var longs = stackalloc long[16];
        for (var bits = 0; bits < 256; bits++)
        {
            var mask = Mask(bits);
            for (var i = 0; i < 16; i++)
                (ints[i], longs[i]) = (i + 1, (i + 1L) << 40);
            var (narrow, wide) = (LaneOps.LoadMasked(ints + 3, mask), LaneOps.LoadMasked(longs + 3, mask));
            LaneOps.StoreMasked(ints + 5, Vector256.Create(-1), mask);
            LaneOps.StoreMasked((double*)(longs + 5), Vector512.Create(-1L).AsDouble(), mask);
            for (var i = 0; i < 8; i++)
            {
                var active = (bits >> i & 1) != 0;
                Assert.Equal((active ? i + 4 : 0, active ? (i + 4L) << 40 : 0), (narrow[i], wide[i]));
                Assert.Equal((active ? -1 : i + 6, active ? -1 : (i + 6L) << 40), (ints[i + 5], longs[i + 5]));
            }

            Assert.Equal((5, 14), (ints[4], ints[13]));
        }
    }

    [Fact]
    public void Masked_access_may_hang_over_unmapped_memory()
    {
        // All lanes off at the null pointer, and gathers whose inactive lanes point far outside.
        Assert.Equal(Vector256<int>.Zero, LaneOps.LoadMasked((int*)null, Vector256<int>.Zero));
        Assert.Equal(Vector512<double>.Zero, LaneOps.LoadMasked((double*)null, Vector256<int>.Zero));
        LaneOps.StoreMasked((float*)null, Vector256<float>.One, Vector256<int>.Zero);
        LaneOps.StoreMasked((long*)null, Vector512<long>.One, Vector256<int>.Zero);
        var value = 7.5f;
        var only = Mask(1 << 3);
        var far = Vector256.Create(1 << 29).WithElement(3, 0);
        Assert.Equal(7.5f, LaneOps.Gather(&value, far, only)[3]);
        LaneOps.Scatter(&value, far, Vector256.Create(2f), only);
        Assert.Equal(2f, value);
        var addresses = Vector512.Create(16L).WithElement(3, (long)&value);
        Assert.Equal(2f, LaneOps.GatherFloat(addresses, only)[3]);
        LaneOps.Scatter<float>(addresses, Vector256.Create(9f).AsInt32(), only);
        Assert.Equal(9f, value);
    }

    [Fact]
    public void Gathers_and_scatters_reach_every_type()
    {
        var bytes = (byte*)NativeMemory.Alloc(1024);
        try
        {
            var random = new Random(9);
            random.NextBytes(new Span<byte>(bytes, 1024));
            for (var n = 0; n < 500; n++)
            {
                var index = Vector256.Create(Enumerable.Range(0, 8).Select(_ => random.Next(128)).ToArray());
                var mask = n % 2 == 0 ? Vector256<int>.AllBitsSet : Mask(random.Next(256));
                CheckGathers(bytes, index, mask);
            }

            CheckScatters(bytes);
        }
        finally
        {
            NativeMemory.Free(bytes);
        }
    }

    private static void CheckGathers(byte* bytes, Vector256<int> index, Vector256<int> mask)
    {
        var f = LaneOps.Gather((float*)bytes, index, mask).AsInt32();
        var whole = LaneOps.Gather((int*)bytes, index);
        var d = LaneOps.Gather((double*)bytes, index, mask).AsInt64();
        var wholeLong = LaneOps.Gather((long*)bytes, index);
        var (s8, u8) = (LaneOps.GatherNarrow((sbyte*)bytes, index, mask), LaneOps.GatherNarrow(bytes, index, mask));
        var (s16, u16) = (LaneOps.GatherNarrow((short*)bytes, index, mask), LaneOps.GatherNarrow((ushort*)bytes, index, mask));
        var addresses = Vector512.Create((long)bytes) + LaneOps.SignExtend(index * 8);
        var byAddress = LaneOps.GatherLong(addresses, mask);
        var byteByAddress = LaneOps.GatherNarrow<sbyte>(addresses, mask);
        for (var i = 0; i < 8; i++)
        {
            var (k, on) = (index[i], mask[i]);
            Assert.Equal((((int*)bytes)[k] & on, ((int*)bytes)[k]), (f[i], whole[i]));
            Assert.Equal((((long*)bytes)[k] & on, ((long*)bytes)[k], ((long*)bytes)[k] & on), (d[i], wholeLong[i], byAddress[i]));
            Assert.Equal((((sbyte*)bytes)[k] & on, bytes[k] & on), (s8[i], u8[i]));
            Assert.Equal((((short*)bytes)[k] & on, ((ushort*)bytes)[k] & on), (s16[i], u16[i]));
            Assert.Equal(((sbyte*)bytes)[8 * k] & on, byteByAddress[i]);
        }
    }

    private static void CheckScatters(byte* bytes)
    {
        var values = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(0x01020300);
        var same = Vector256.Create(9);
        LaneOps.Scatter((int*)bytes, same, values, Mask(0b0111_1111));
        Assert.Equal(0x01020306, ((int*)bytes)[9]);   // the highest active lane wins
        LaneOps.Scatter(bytes, Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7), values, Mask(0b1111_0000));
        Assert.Equal(new byte[] { 4, 5, 6, 7 }, new Span<byte>(bytes + 4, 4).ToArray());
        LaneOps.Scatter((long*)bytes, Vector256.Create(3), Vector512.Create(77L << 40), Mask(1));
        Assert.Equal(77L << 40, ((long*)bytes)[3]);
        LaneOps.Scatter(Vector512.Create((long)bytes), Vector512.Create(5L), Mask(1));
        Assert.Equal(5L, *(long*)bytes);
    }

    [Fact]
    public void Narrow_integers_widen_on_loading_and_are_cut_on_storing()
    {
        var bytes = stackalloc byte[24];
        for (var i = 0; i < 24; i++)
            bytes[i] = (byte)(i * 37 + 120);
        var (s8, u8) = (LaneOps.LoadInt8((sbyte*)bytes + 1), LaneOps.LoadUInt8(bytes + 1));
        var (s16, u16) = (LaneOps.LoadInt16((short*)(bytes + 2)), LaneOps.LoadUInt16((ushort*)(bytes + 2)));
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(((sbyte)bytes[i + 1], bytes[i + 1]), (s8[i], u8[i]));
            Assert.Equal((((short*)bytes)[i + 1], ((ushort*)bytes)[i + 1]), (s16[i], u16[i]));
        }

        var value = Vector256.Create(1, -1, 300, -300, 70000, 5, 6, 7);
        LaneOps.StoreInt8(bytes, value);
        for (var i = 0; i < 8; i++)
            Assert.Equal((byte)value[i], bytes[i]);
        LaneOps.StoreInt16((short*)bytes, value);
        for (var i = 0; i < 8; i++)
            Assert.Equal((short)value[i], ((short*)bytes)[i]);
    }

    private static Vector256<int> Mask(int bits) =>
        Vector256.Create(Enumerable.Range(0, 8).Select(i => (bits >> i & 1) != 0 ? -1 : 0).ToArray());
}
