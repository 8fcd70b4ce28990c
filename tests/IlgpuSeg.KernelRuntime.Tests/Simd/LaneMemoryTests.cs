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
            var (narrow, wide) = (
                LaneMemory.LoadMasked32<int>((byte*)(ints + 3), mask), LaneMemory.LoadMasked64<long>((byte*)(longs + 3), mask));
            LaneMemory.StoreMasked32((byte*)(ints + 5), Vector256.Create(-1), mask);
            LaneMemory.StoreMasked64((byte*)(longs + 5), Vector512.Create(-1L).AsDouble(), mask);
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
        Assert.Equal(Vector256<int>.Zero, LaneMemory.LoadMasked32<int>(null, Vector256<int>.Zero));
        Assert.Equal(Vector512<double>.Zero, LaneMemory.LoadMasked64<double>(null, Vector256<int>.Zero));
        LaneMemory.StoreMasked32(null, Vector256<float>.One, Vector256<int>.Zero);
        LaneMemory.StoreMasked64(null, Vector512<long>.One, Vector256<int>.Zero);
        var value = 7.5f;
        var only = Mask(1 << 3);
        var far = Vector256.Create(1 << 29).WithElement(3, 0);
        Assert.Equal(7.5f, LaneMemory.GatherIndexedMasked32<float>((byte*)&value, far, only)[3]);
        var addresses = Vector512.Create(16L).WithElement(3, (long)&value);
        LaneMemory.Scatter32(addresses, Vector256.Create(9f), only);
        Assert.Equal((9f, 9f), (value, LaneMemory.Gather32<float>(addresses, only)[3]));
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
                CheckGathers(bytes, index, n % 2 == 0 ? Vector256<int>.AllBitsSet : Mask(random.Next(256)));
            }

            CheckScatters(bytes);
        }
        finally
        {
            NativeMemory.Free(bytes);
        }
    }

    [Fact]
    public void Narrow_elements_side_by_side_widen_and_truncate()
    {
        var shorts = stackalloc short[10];
        for (var i = 0; i < 10; i++)
            shorts[i] = (short)(i * 7919 - 30000);
        var (signed, unsigned) = (LaneMemory.LoadInt16((byte*)(shorts + 1)), LaneMemory.LoadUInt16((byte*)(shorts + 1)));
        for (var i = 0; i < 8; i++)
            Assert.Equal((shorts[i + 1], (ushort)shorts[i + 1]), (signed[i], unsigned[i]));
        LaneMemory.Store16((byte*)(shorts + 1), Vector256.Create(0, -1, 0x12345, 0x7FFFFFFF, -2147483648, 65535, 32768, -32768));
        Assert.Equal(new short[] { -30000, 0, -1, 0x2345, -1, 0, -1, -32768, -32768 }, new Span<short>(shorts, 9).ToArray());
        Assert.Equal(unchecked((short)(9 * 7919 - 30000)), shorts[9]);
    }

    private static void CheckGathers(byte* bytes, Vector256<int> index, Vector256<int> mask)
    {
        var f = LaneMemory.GatherIndexedMasked32<float>(bytes, index, mask).AsInt32();
        var whole = LaneMemory.GatherIndexed32<int>(bytes, index);
        var addresses = LaneMemory.Addresses(bytes, index, 8);
        var (narrow, wide) = (LaneMemory.Gather32<int>(addresses, mask), LaneMemory.Gather64<double>(addresses, mask).AsInt64());
        var (s8, u8) = (LaneMemory.GatherNarrow<sbyte>(addresses, mask), LaneMemory.GatherNarrow<byte>(addresses, mask));
        var (s16, u16) = (LaneMemory.GatherNarrow<short>(addresses, mask), LaneMemory.GatherNarrow<ushort>(addresses, mask));
        for (var i = 0; i < 8; i++)
        {
            var (k, on) = (index[i], mask[i]);
            Assert.Equal((((int*)bytes)[k] & on, ((int*)bytes)[k]), (f[i], whole[i]));
            Assert.Equal((((int*)bytes)[2 * k] & on, ((long*)bytes)[k] & on), (narrow[i], wide[i]));
            Assert.Equal((((sbyte*)bytes)[8 * k] & on, bytes[8 * k] & on), (s8[i], u8[i]));
            Assert.Equal((((short*)bytes)[4 * k] & on, ((ushort*)bytes)[4 * k] & on), (s16[i], u16[i]));
        }
    }

    private static void CheckScatters(byte* bytes)
    {
        var values = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(0x01020300);
        LaneMemory.Scatter32(Vector512.Create((long)bytes + 36), values, Mask(0b0111_1111));
        Assert.Equal(0x01020306, ((int*)bytes)[9]);   // the highest active lane wins
        LaneMemory.ScatterNarrow<byte>(LaneMemory.Addresses(bytes, 1), values, Mask(0b1111_0000));
        Assert.Equal(new byte[] { 4, 5, 6, 7 }, new Span<byte>(bytes + 4, 4).ToArray());
        LaneMemory.Scatter64(LaneMemory.Addresses(bytes, 8), Vector512.Create(77L << 40), Mask(0b1000));
        Assert.Equal(77L << 40, ((long*)bytes)[3]);
    }

    private static Vector256<int> Mask(int bits) =>
        Vector256.Create(Enumerable.Range(0, 8).Select(i => (bits >> i & 1) != 0 ? -1 : 0).ToArray());
}
