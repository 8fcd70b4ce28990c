using System.Numerics;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Every lane operation against C#'s own for one number, on random and on awkward arguments.</summary>
public class LanesTests
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
            yield return (Lane(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(32)),
                Lane(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(32)));
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
            yield return (LongLane(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
                LongLane(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)));
    }

    private static Vector256<int> Lane(Func<int, int> lane) => Vector256.Create(Enumerable.Range(0, 8).Select(lane).ToArray());

    private static Vector512<long> LongLane(Func<int, long> lane) => Vector512.Create(Enumerable.Range(0, 8).Select(lane).ToArray());

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
            var (q, r) = (Lanes.Div(a, b), Lanes.Rem(a, b));
            var (uq, ur) = (Lanes.DivUn(a, b), Lanes.RemUn(a, b));
            Each(i => q[i] == (b[i] == 0 ? 0 : (int)((long)a[i] / b[i])), i => $"{a[i]} / {b[i]} = {q[i]}");
            Each(i => r[i] == (b[i] == 0 ? a[i] : (int)((long)a[i] % b[i])), i => $"{a[i]} % {b[i]} = {r[i]}");
            Each(i => (uint)uq[i] == (b[i] == 0 ? 0 : (uint)a[i] / (uint)b[i]), i => $"{(uint)a[i]} / {(uint)b[i]} = {(uint)uq[i]}");
            Each(i => (uint)ur[i] == (b[i] == 0 ? (uint)a[i] : (uint)a[i] % (uint)b[i]), i =>
                $"{(uint)a[i]} % {(uint)b[i]} = {(uint)ur[i]}");
        }
    }

    [Fact]
    public void Long_arithmetic_is_CSharps()
    {
        foreach (var (a, b) in Longs())
        {
            var (q, r, u, p) = (Lanes.Div(a, b), Lanes.Rem(a, b), Lanes.DivUn(a, b), a * b);
            Each(i => q[i] == (b[i] == 0 ? 0 : b[i] == -1 ? unchecked(-a[i]) : a[i] / b[i]), i => $"{a[i]} / {b[i]} = {q[i]}");
            Each(i => r[i] == (b[i] == 0 ? a[i] : b[i] == -1 ? 0 : a[i] % b[i]), i => $"{a[i]} % {b[i]} = {r[i]}");
            Each(i => (ulong)u[i] == (b[i] == 0 ? 0 : (ulong)a[i] / (ulong)b[i]), i => $"{(ulong)a[i]} / {(ulong)b[i]}");
            Each(i => p[i] == unchecked(a[i] * b[i]), i => $"{a[i]} * {b[i]} = {p[i]}");
            Each(i => (ulong)Lanes.MinUn(a, b)[i] == Math.Min((ulong)a[i], (ulong)b[i]), i => $"min {a[i]} {b[i]}");
            var counts = Lanes.Truncate(b);
            Each(i => Lanes.Shl(a, counts)[i] == a[i] << counts[i], i => $"{a[i]} << {counts[i]}");
            Each(i => Lanes.Shr(a, counts)[i] == a[i] >> counts[i], i => $"{a[i]} >> {counts[i]}");
            Each(i => Lanes.ShrUn(a, counts)[i] == a[i] >>> counts[i], i => $"{a[i]} >>> {counts[i]}");
            Each(i => LaneIntegers.PopCount(a)[i] == BitOperations.PopCount((ulong)a[i]), i => $"popcount {a[i]}");
            Each(i => LaneIntegers.LeadingZeros(a)[i] == BitOperations.LeadingZeroCount((ulong)a[i]), i => $"lzcnt {a[i]}");
            Each(i => LaneIntegers.TrailingZeros(a)[i] == BitOperations.TrailingZeroCount(a[i]), i => $"tzcnt {a[i]}");
        }
    }

    [Fact]
    public void Int_shifts_and_bit_counts_are_CSharps()
    {
        foreach (var (a, b) in Ints())
        {
            var (left, right, logical) = (Lanes.Shl(a, b), Lanes.Shr(a, b), Lanes.ShrUn(a, b));
            Each(i => left[i] == a[i] << b[i] && right[i] == a[i] >> b[i] && logical[i] == a[i] >>> b[i], i => $"{a[i]} shifted by {b[i]}");
            var (pop, lead, trail) = (LaneIntegers.PopCount(a), LaneIntegers.LeadingZeros(a), LaneIntegers.TrailingZeros(a));
            Each(i => pop[i] == BitOperations.PopCount((uint)a[i]), i => $"popcount {a[i]}: {pop[i]}");
            Each(i => lead[i] == BitOperations.LeadingZeroCount((uint)a[i]), i => $"lzcnt {a[i]}: {lead[i]}");
            Each(i => trail[i] == BitOperations.TrailingZeroCount(a[i]), i => $"tzcnt {a[i]}: {trail[i]}");
            Each(i => (uint)Lanes.MaxUn(a, b)[i] == Math.Max((uint)a[i], (uint)b[i]), i => $"max {a[i]} {b[i]}");
            Each(i => Lanes.SignExtend8(a)[i] == (sbyte)a[i] && Lanes.SignExtend16(a)[i] == (short)a[i], i => $"narrowing {a[i]}");
        }
    }

    [Fact]
    public void Integers_convert_to_floating_point_with_one_rounding()
    {
        foreach (var (a, _) in Ints())
        {
            Each(i => Lanes.SignedToSingle(a)[i] == (float)a[i], i => $"(float){a[i]}");
            Each(i => Lanes.UnsignedToSingle(a)[i] == (float)(uint)a[i], i => $"(float){(uint)a[i]} = {Lanes.UnsignedToSingle(a)[i]}");
            Each(i => Lanes.SignedToDouble(a)[i] == a[i] && Lanes.UnsignedToDouble(a)[i] == (uint)a[i], i => $"(double){a[i]}");
            Each(i => Lanes.SignExtend32(a)[i] == a[i] && Lanes.ZeroExtend32(a)[i] == (uint)a[i], i => $"(long){a[i]}");
        }

        foreach (var (a, _) in Longs())
        {
            Each(i => Lanes.SignedToSingle(a)[i] == (float)a[i], i => $"(float){a[i]}");
            Each(i => Lanes.SignedToDouble(a)[i] == (double)a[i], i => $"(double){a[i]}");
            Each(i => Lanes.UnsignedToDouble(a)[i] == (double)(ulong)a[i], i => $"(double){(ulong)a[i]}");
            Each(i => Lanes.UnsignedToSingle(a)[i] == (float)(ulong)a[i], i => $"(float){(ulong)a[i]}");
            Each(i => Lanes.Truncate(a)[i] == (int)a[i], i => $"(int){a[i]}");
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
            var f = Lanes.Narrow(d);
            Each(i => f[i].Equals((float)d[i]) && Lanes.Widen(f)[i].Equals((double)f[i]), i => $"(float){d[i]}");
            Each(i => Lanes.SingleToInt(f)[i] == (int)f[i], i => $"(int){f[i]} = {Lanes.SingleToInt(f)[i]}");
            Each(i => (uint)Lanes.SingleToUInt(f)[i] == (uint)f[i], i => $"(uint){f[i]} = {Lanes.SingleToUInt(f)[i]}");
            Each(i => Lanes.DoubleToInt(d)[i] == (int)d[i], i => $"(int){d[i]} = {Lanes.DoubleToInt(d)[i]}");
            Each(i => (uint)Lanes.DoubleToUInt(d)[i] == (uint)d[i], i => $"(uint){d[i]} = {Lanes.DoubleToUInt(d)[i]}");
            Each(i => Lanes.DoubleToLong(d)[i] == (long)d[i] && Lanes.SingleToLong(f)[i] == (long)f[i], i => $"(long){d[i]}");
            Each(i => (ulong)Lanes.DoubleToULong(d)[i] == (ulong)d[i], i => $"(ulong){d[i]} = {(ulong)Lanes.DoubleToULong(d)[i]}");
            Each(i => (ulong)Lanes.SingleToULong(f)[i] == (ulong)f[i], i => $"(ulong){f[i]}");
        }
    }

    [Fact]
    public void Half_converts_both_ways_as_SystemHalf()
    {
        for (var bits = 0; bits < 65536; bits += 8)
        {
            var halves = Lane(i => bits + i);
            var floats = Lanes.HalfToFloat(halves);
            Each(i => floats[i].Equals((float)BitConverter.UInt16BitsToHalf((ushort)halves[i])), i => $"half {halves[i]:x4} = {floats[i]}");
            Each(i => float.IsNaN(floats[i]) || Lanes.FloatToHalf(floats)[i] == halves[i], i => $"half {halves[i]:x4} back");
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
            var actual = BitConverter.UInt16BitsToHalf((ushort)Lanes.FloatToHalf(Vector256.Create(x))[n & 7]);
            Assert.True(expected.Equals(actual), $"(Half){x:R} = {actual}, not {expected}");
        }
    }

    [Fact]
    public void Shuffles_exchange_lanes_and_keep_their_own_beyond_the_end()
    {
        var values = Lane(i => 100 + i);
        var wide = LongLane(i => (100L + i) << 33 | (uint)i);
        var random = new Random(12);
        for (var n = 0; n < 500; n++)
        {
            var lanes = Lane(_ => random.Next(-3, 12));
            var count = random.Next(1, 9);
            Each(i => Lanes.Shuffle(values, lanes, count)[i] == 100 + ((uint)lanes[i] < count ? lanes[i] : i), i =>
                $"lane {lanes[i]} of {count}");
            Each(i => Lanes.Shuffle(wide, lanes, count)[i] == wide[(uint)lanes[i] < count ? lanes[i] : i], i =>
                $"wide lane {lanes[i]} of {count}");
        }
    }

    [Fact]
    public void Masks_count_and_select()
    {
        for (var n = -2; n < 11; n++)
        {
            var mask = Lanes.FirstLanes(n);
            var held = Math.Clamp(n, 0, 8);
            Assert.Equal((held > 0, held == 8, held), (Lanes.Any(mask), Lanes.All(mask), Lanes.CountTrue(mask)));
            Each(i => Lanes.BoolToInt(mask)[i] == (i < n ? 1 : 0) && mask[i] == (i < n ? -1 : 0), i => $"first {n}, lane {i}");
            var chosen = Lanes.Select(mask, Vector512.Create(1.5), Vector512.Create(-2.5));
            Each(i => chosen[i] == (i < n ? 1.5 : -2.5), i => $"select {n}, lane {i}");
        }
    }
}
