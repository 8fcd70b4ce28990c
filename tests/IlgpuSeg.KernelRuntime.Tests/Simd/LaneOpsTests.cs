using System.Numerics;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Every lane operation against C#'s own for one number, on random and on awkward arguments.</summary>
public class LaneOpsTests
{
    private static readonly int[] AwkwardInts =
        [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 255, 65535, int.MaxValue, int.MinValue, int.MinValue + 1];

    private static readonly double[] AwkwardDoubles =
    [
        0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, 1e9, -1e9, 2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296, 3e9, 1e19,
            2e19, -1e19,
        9223372036854775807, 1e300, -1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 2147483647.9, -2147483648.9, -0.9,
    ];

    private static IEnumerable<(Vector256<int> A, Vector256<int> B)> Ints()
    {
        var random = new Random(3);
        foreach (var a in AwkwardInts)
        {
            foreach (var b in AwkwardInts)
                yield return (Vector256.Create(a), Vector256.Create(b));
        }

        for (var i = 0; i < 3000; i++)
            yield return (Lanes(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(32)),
                Lanes(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(32)));
    }

    private static IEnumerable<(Vector512<long> A, Vector512<long> B)> Longs()
    {
        var random = new Random(4);
        long[] awkward = [0, 1, -1, 5, -5, long.MinValue, long.MaxValue, 1L << 32, -(1L << 32), 1L << 53, (1L << 53) + 1];
        foreach (var a in awkward)
        {
            foreach (var b in awkward)
                yield return (Vector512.Create(a), Vector512.Create(b));
        }

        for (var i = 0; i < 2000; i++)
            yield return (LongLanes(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
                LongLanes(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)));
    }

    private static Vector256<int> Lanes(Func<int, int> lane) => Vector256.Create(Enumerable.Range(0, 8).Select(lane).ToArray());

    private static Vector512<long> LongLanes(Func<int, long> lane) => Vector512.Create(Enumerable.Range(0, 8).Select(lane).ToArray());

    private static void Each(Func<int, bool> holds, Func<int, string> what)
    {
        for (var lane = 0; lane < 8; lane++)
            Assert.True(holds(lane), what(lane));
    }

    [Fact]
    public void Int_division_truncates_wraps_and_never_faults()
    {
        foreach (var (a, b) in Ints())
        {
            var (q, r) = (LaneOps.Divide(a, b), LaneOps.Remainder(a, b));
            var (uq, ur) = (LaneOps.DivideUnsigned(a, b), LaneOps.RemainderUnsigned(a, b));
            Each(i => q[i] == (b[i] == 0 ? 0 : (int)((long)a[i] / b[i])), i => $"{a[i]} / {b[i]} = {q[i]}");
            Each(i => r[i] == (b[i] == 0 ? a[i] : (int)((long)a[i] % b[i])), i => $"{a[i]} % {b[i]} = {r[i]}");
            Each(i => (uint)uq[i] == (b[i] == 0 ? 0 : (uint)a[i] / (uint)b[i]), i => $"{(uint)a[i]} / {(uint)b[i]} = {(uint)uq[i]}");
            Each(i => (uint)ur[i] == (b[i] == 0 ? (uint)a[i] : (uint)a[i] % (uint)b[i]), i =>
                $"{(uint)a[i]} % {(uint)b[i]} = {(uint)ur[i]}");
            Assert.Equal(q[0], LaneOps.Divide(a[0], b[0]));
            Assert.Equal(ur[0], LaneOps.RemainderUnsigned(a[0], b[0]));
            Assert.Equal(r[0], LaneOps.Remainder(a[0], b[0]));
        }
    }

    [Fact]
    public void Long_arithmetic_is_CSharps()
    {
        foreach (var (a, b) in Longs())
        {
            var (q, r, u, p) = (LaneOps.Divide(a, b), LaneOps.Remainder(a, b), LaneOps.DivideUnsigned(a, b), LaneOps.Multiply(a, b));
            Each(i => q[i] == (b[i] == 0 ? 0 : b[i] == -1 ? unchecked(-a[i]) : a[i] / b[i]), i => $"{a[i]} / {b[i]} = {q[i]}");
            Each(i => r[i] == (b[i] == 0 ? a[i] : b[i] == -1 ? 0 : a[i] % b[i]), i => $"{a[i]} % {b[i]} = {r[i]}");
            Each(i => (ulong)u[i] == (b[i] == 0 ? 0 : (ulong)a[i] / (ulong)b[i]), i => $"{(ulong)a[i]} / {(ulong)b[i]}");
            Each(i => p[i] == unchecked(a[i] * b[i]), i => $"{a[i]} * {b[i]} = {p[i]}");
            Each(i => (ulong)LaneOps.MinUnsigned(a, b)[i] == Math.Min((ulong)a[i], (ulong)b[i]), i => $"min {a[i]} {b[i]}");
            var counts = LaneOps.Truncate(b);
            Each(i => LaneOps.ShiftLeft(a, counts)[i] == a[i] << counts[i], i => $"{a[i]} << {counts[i]}");
            Each(i => LaneOps.ShiftRight(a, counts)[i] == a[i] >> counts[i], i => $"{a[i]} >> {counts[i]}");
            Each(i => LaneOps.ShiftRightUnsigned(a, counts)[i] == a[i] >>> counts[i], i => $"{a[i]} >>> {counts[i]}");
            Each(i => LaneOps.PopCount(a)[i] == BitOperations.PopCount((ulong)a[i]), i => $"popcount {a[i]}");
            Each(i => LaneOps.LeadingZeroCount(a)[i] == BitOperations.LeadingZeroCount((ulong)a[i]), i => $"lzcnt {a[i]}");
            Each(i => LaneOps.TrailingZeroCount(a)[i] == BitOperations.TrailingZeroCount(a[i]), i => $"tzcnt {a[i]}");
        }
    }

    [Fact]
    public void Int_shifts_and_bit_counts_are_CSharps()
    {
        foreach (var (a, b) in Ints())
        {
            var (left, right, logical) = (LaneOps.ShiftLeft(a, b), LaneOps.ShiftRight(a, b), LaneOps.ShiftRightUnsigned(a, b));
            Each(i => left[i] == a[i] << b[i] && right[i] == a[i] >> b[i] && logical[i] == a[i] >>> b[i], i => $"{a[i]} shifted by {b[i]}");
            var (pop, lead, trail) = (LaneOps.PopCount(a), LaneOps.LeadingZeroCount(a), LaneOps.TrailingZeroCount(a));
            Each(i => pop[i] == BitOperations.PopCount((uint)a[i]), i => $"popcount {a[i]}: {pop[i]}");
            Each(i => lead[i] == BitOperations.LeadingZeroCount((uint)a[i]), i => $"lzcnt {a[i]}: {lead[i]}");
            Each(i => trail[i] == BitOperations.TrailingZeroCount(a[i]), i => $"tzcnt {a[i]}: {trail[i]}");
            Each(i => (uint)LaneOps.MaxUnsigned(a, b)[i] == Math.Max((uint)a[i], (uint)b[i]), i => $"max {a[i]} {b[i]}");
            Each(i => LaneOps.SignExtend8(a)[i] == (sbyte)a[i] && LaneOps.SignExtend16(a)[i] == (short)a[i], i => $"narrowing {a[i]}");
        }
    }

    [Fact]
    public void Integers_convert_to_floating_point_with_one_rounding()
    {
        foreach (var (a, _) in Ints())
        {
            Each(i => LaneOps.ToFloat(a)[i] == (float)a[i], i => $"(float){a[i]}");
            Each(i => LaneOps.UnsignedToFloat(a)[i] == (float)(uint)a[i], i => $"(float){(uint)a[i]} = {LaneOps.UnsignedToFloat(a)[i]}");
            Each(i => LaneOps.ToDouble(a)[i] == a[i] && LaneOps.UnsignedToDouble(a)[i] == (uint)a[i], i => $"(double){a[i]}");
            Each(i => LaneOps.SignExtend(a)[i] == a[i] && LaneOps.ZeroExtend(a)[i] == (uint)a[i], i => $"(long){a[i]}");
        }

        foreach (var (a, _) in Longs())
        {
            Each(i => LaneOps.ToFloat(a)[i] == (float)a[i], i => $"(float){a[i]}");
            Each(i => LaneOps.ToDouble(a)[i] == (double)a[i], i => $"(double){a[i]}");
            Each(i => LaneOps.UnsignedToDouble(a)[i] == (double)(ulong)a[i], i => $"(double){(ulong)a[i]}");
            Each(i => LaneOps.UnsignedToFloat(a)[i] == (float)(ulong)a[i], i => $"(float){(ulong)a[i]}");
            Each(i => LaneOps.Truncate(a)[i] == (int)a[i], i => $"(int){a[i]}");
        }
    }

    [Fact]
    public void Floating_point_converts_to_integers_by_saturating()
    {
        var random = new Random(5);
        var values = AwkwardDoubles.Concat(
            Enumerable.Range(0, 3000).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(70)))).ToArray();
        for (var start = 0; start + 8 <= values.Length; start++)
        {
            var d = Vector512.Create(values, start);
            var f = LaneOps.ToFloat(d);
            Each(i => f[i].Equals((float)d[i]) && LaneOps.ToDouble(f)[i].Equals((double)f[i]), i => $"(float){d[i]}");
            Each(i => LaneOps.ToInt(f)[i] == (int)f[i], i => $"(int){f[i]} = {LaneOps.ToInt(f)[i]}");
            Each(i => (uint)LaneOps.ToUnsignedInt(f)[i] == (uint)f[i], i => $"(uint){f[i]} = {LaneOps.ToUnsignedInt(f)[i]}");
            Each(i => LaneOps.ToInt(d)[i] == (int)d[i], i => $"(int){d[i]} = {LaneOps.ToInt(d)[i]}");
            Each(i => (uint)LaneOps.ToUnsignedInt(d)[i] == (uint)d[i], i => $"(uint){d[i]} = {LaneOps.ToUnsignedInt(d)[i]}");
            Each(i => LaneOps.ToLong(d)[i] == (long)d[i] && LaneOps.ToLong(f)[i] == (long)f[i], i => $"(long){d[i]}");
            Each(i => (ulong)LaneOps.ToUnsignedLong(d)[i] == (ulong)d[i], i => $"(ulong){d[i]} = {(ulong)LaneOps.ToUnsignedLong(d)[i]}");
            Each(i => (ulong)LaneOps.ToUnsignedLong(f)[i] == (ulong)f[i], i => $"(ulong){f[i]}");
        }
    }

    [Fact]
    public void Half_converts_both_ways_as_SystemHalf()
    {
        for (var bits = 0; bits < 65536; bits += 8)
        {
            var halves = Lanes(i => bits + i);
            var floats = LaneOps.HalfToFloat(halves);
            Each(i => floats[i].Equals((float)BitConverter.UInt16BitsToHalf((ushort)halves[i])), i => $"half {halves[i]:x4} = {floats[i]}");
            Each(i => float.IsNaN(floats[i]) || LaneOps.FloatToHalf(floats)[i] == halves[i], i => $"half {halves[i]:x4} back");
        }

        var random = new Random(6);
        for (var n = 0; n < 200_000; n++)
        {
            // All exponents, and values right at and beside the middle of two halves.
            var x = n % 2 == 0
                ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))
                : BitConverter.Int32BitsToSingle(
                    (BitConverter.SingleToInt32Bits(
                    (float)BitConverter.UInt16BitsToHalf((ushort)random.Next(65536))) | 0x1000) + random.Next(-1, 2));
            var expected = (Half)x;
            var actual = BitConverter.UInt16BitsToHalf((ushort)LaneOps.FloatToHalf(Vector256.Create(x))[n & 7]);
            Assert.True(expected.Equals(actual), $"(Half){x:R} = {actual}, not {expected}");
        }
    }

    [Fact]
    public void Shuffles_exchange_lanes_and_keep_their_own_beyond_the_ends()
    {
        var values = Lanes(i => 100 + i);
        var wide = LongLanes(i => (100L + i) << 33 | (uint)i);
        for (var k = 0; k < 8; k++)
        {
            var delta = Vector256.Create(k);
            Each(i => LaneOps.Permute(values, LaneOps.SourceUp(delta))[i] == 100 + (i - k < 0 ? i : i - k), i => $"up {k}, lane {i}");
            Each(i => LaneOps.Permute(values, LaneOps.SourceDown(delta))[i] == 100 + (i + k > 7 ? i : i + k), i => $"down {k}, lane {i}");
            Each(i => LaneOps.Permute(values, LaneOps.SourceXor(delta))[i] == 100 + (i ^ k), i => $"xor {k}, lane {i}");
            Each(i => LaneOps.Permute(wide, LaneOps.SourceXor(delta))[i] == wide[i ^ k], i => $"wide xor {k}, lane {i}");
            var mixed = Lanes(i => i * 5 + k);
            Each(i => LaneOps.Permute(values.AsSingle(), LaneOps.SourceLane(mixed)).AsInt32()[i] == 100 + (mixed[i] & 7), i =>
                $"lane {mixed[i]}");
        }
    }

    [Fact]
    public void Sums_follow_the_butterflys_order()
    {
        var random = new Random(8);
        for (var n = 0; n < 1000; n++)
        {
            var x = Vector256.Create(
                Enumerable.Range(0, 8).Select(_ => (float)(random.NextDouble() * Math.Pow(10, random.Next(8)))).ToArray());
            var d = LaneOps.ToDouble(x) / Vector512.Create(3.0);
            var (butterfly, wide) = (x, d);
            foreach (var distance in new[] { 4, 2, 1 })
            {
                butterfly += LaneOps.Permute(butterfly, LaneOps.SourceXor(Vector256.Create(distance)));
                wide += LaneOps.Permute(wide, LaneOps.SourceXor(Vector256.Create(distance)));
            }

            Assert.Equal(butterfly[0], LaneOps.Sum(x));
            Assert.Equal(wide[0], LaneOps.Sum(d));
            Assert.Equal(Enumerable.Range(0, 8).Max(i => x[i]), LaneOps.Max(x));
            Assert.Equal(Enumerable.Range(0, 8).Min(i => x[i]), LaneOps.Min(x));
        }

        Assert.Equal(36, LaneOps.Sum(Lanes(i => i + 1)));
        Assert.Equal(36L << 40, LaneOps.Sum(LongLanes(i => (long)(i + 1) << 40)));
        Assert.True(float.IsNaN(LaneOps.Max(Vector256.Create(1f).WithElement(6, float.NaN))));
    }

    [Fact]
    public void Masks_count_widen_and_narrow()
    {
        for (var n = -2; n < 11; n++)
        {
            var mask = LaneOps.FirstLanes(n);
            var held = Math.Clamp(n, 0, 8);
            Assert.Equal((held > 0, held == 0, held == 8), (LaneOps.Any(mask), LaneOps.None(mask), LaneOps.All(mask)));
            Assert.Equal(((1 << held) - 1, held, held > 0 ? 0 : 32),
                (LaneOps.Ballot(mask), LaneOps.CountLanes(mask), LaneOps.FirstLane(mask)));
            Assert.Equal(mask, LaneOps.Narrow(LaneOps.Widen(mask)));
            Each(i => LaneOps.ToInt(mask)[i] == (i < n ? 1 : 0) && LaneOps.Widen(mask)[i] == (i < n ? -1 : 0), i => $"first {n}, lane {i}");
            var chosen = LaneOps.Select(mask, Vector512.Create(1.5), Vector512.Create(-2.5));
            Each(i => chosen[i] == (i < n ? 1.5 : -2.5), i => $"select {n}, lane {i}");
        }
    }
}
