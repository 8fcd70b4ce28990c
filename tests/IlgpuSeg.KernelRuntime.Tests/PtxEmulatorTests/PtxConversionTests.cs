namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>cvt, packing moves and the approximations' error bounds.</summary>
public class PtxConversionTests
{
    private static void Check(string instruction, string types, Func<ulong, ulong> expected)
    {
        foreach (var (operands, result) in PtxEvaluator.Run(instruction, types))
        {
            var wanted = expected(operands[0]);
            Assert.True(wanted == result, $"{instruction}: {operands[0]:x} gives {result:x}, not {wanted:x}");
        }
    }

    private static float F(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double D(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong R(float value) => float.IsNaN(value) ? 0x7fffffff : BitConverter.SingleToUInt32Bits(value);

    /// <summary>The largest float not above the integer.</summary>
    private static float Down(ulong integer)
    {
        var nearest = (float)integer;
        return (ulong)nearest > integer ? MathF.BitDecrement(nearest) : nearest;
    }

    /// <summary>The manual on predicate constants: zero is false, all else true.</summary>
    [Fact]
    public void Predicates_take_integer_constants()
    {
        Assert.All(PtxEvaluator.Run("mov.pred D, 1;", "pred b32"), row => Assert.Equal(1UL, row.Result));
        Assert.All(PtxEvaluator.Run("mov.pred D, 0;", "pred b32"), row => Assert.Equal(0UL, row.Result));
    }

    [Fact]
    public void Integers_convert_by_extending_cutting_and_saturating()
    {
        Check("cvt.s64.s32 D, A;", "b64 b32", a => (ulong)(long)(int)a);
        Check("cvt.u64.u32 D, A;", "b64 b32", a => a);
        Check("cvt.s32.s8 D, A;", "b32 b32", a => (uint)(sbyte)a);
        Check("cvt.u16.u64 D, A;", "b16 b64", a => (ushort)a);
        Check("cvt.sat.s8.s32 D, A;", "b32 b32", a => (uint)Math.Clamp((int)a, sbyte.MinValue, sbyte.MaxValue));
        Check("cvt.sat.u32.s64 D, A;", "b32 b64", a => (ulong)Math.Clamp((long)a, 0, uint.MaxValue));
    }

    [Fact]
    public void Floating_point_converts_to_integers_by_saturating()
    {
        Check("cvt.rzi.s32.f32 D, A;", "b32 f32", a => (uint)(int)F(a));
        Check("cvt.rni.s32.f32 D, A;", "b32 f32", a => (uint)(int)MathF.Round(F(a)));
        Check("cvt.rmi.s64.f32 D, A;", "b64 f32", a => float.IsNaN(F(a)) ? 1UL << 63 : (ulong)(long)MathF.Floor(F(a)));
        Check("cvt.rpi.u32.f64 D, A;", "b32 f64", a => double.IsNaN(D(a)) ? 1UL << 31 : (uint)Math.Ceiling(D(a)));
        Check("cvt.rzi.u64.f64 D, A;", "b64 f64", a => double.IsNaN(D(a)) ? 1UL << 63 : (ulong)D(a));
        Check("cvt.rzi.u8.f32 D, A;", "b32 f32", a => float.IsNaN(F(a)) ? 0UL : (ulong)Math.Clamp(F(a), 0, 255));
    }

    [Fact]
    public void Numbers_convert_to_floating_point_with_the_rounding_named()
    {
        Check("cvt.rn.f32.s32 D, A;", "b32 b32", a => R((int)a));
        Check("cvt.rn.f32.u64 D, A;", "b32 b64", a => R((float)a));
        Check("cvt.rn.f64.s64 D, A;", "b64 b64", a => BitConverter.DoubleToUInt64Bits((long)a));
        Check("cvt.rz.f32.u32 D, A;", "b32 b32", a => R(Down(a)));
        Check("cvt.rn.f32.f64 D, A;", "b32 f64", a => R((float)D(a)));
        Check("cvt.f64.f32 D, A;", "b64 f32", a =>
            double.IsNaN(F(a)) ? 0x7ff8000000000000 : BitConverter.DoubleToUInt64Bits(F(a)), ignoreNaNPayload: true);
        Check("cvt.rn.f16.f32 D, A;", "f16 f32", a => float.IsNaN(F(a)) ? 0x7fffUL : BitConverter.HalfToUInt16Bits((Half)F(a)));
        Check("cvt.f32.f16 D, A;", "f32 f16", a => R((float)BitConverter.UInt16BitsToHalf((ushort)a)));
        Check("cvt.rn.bf16.f32 D, A;", "bf16 f32", a => float.IsNaN(F(a)) ? 0x7fffUL : a + 0x7fff + (a >> 16 & 1) >> 16);
        Check("cvt.rz.bf16.f32 D, A;", "bf16 f32", a => float.IsNaN(F(a)) ? 0x7fffUL : a >> 16);
        Check("cvt.f32.bf16 D, A;", "f32 bf16", a => R(F(a << 16)));
        Check("cvt.rna.tf32.f32 D, A;", "b32 f32", a =>
            float.IsNaN(F(a)) ? 0x7fffffff : float.IsInfinity(F(a)) ? a : a + 0x1000 & ~0x1fffUL);
        Check("cvt.rpi.f32.f32 D, A;", "f32 f32", a => R(MathF.Ceiling(F(a))));
        Check("cvt.sat.f32.f32 D, A;", "f32 f32", a => F(a) > 0 ? R(Math.Min(F(a), 1)) : 0);
    }

    private static void Check(string instruction, string types, Func<ulong, ulong> expected, bool ignoreNaNPayload)
    {
        foreach (var (operands, result) in PtxEvaluator.Run(instruction, types))
            Assert.True(expected(operands[0]) == result || ignoreNaNPayload && double.IsNaN(D(result))
                && float.IsNaN(F(operands[0])), $"{instruction}: {operands[0]:x} gives {result:x}");
    }

    [Fact]
    public void Pairs_pack_the_first_operand_high_and_moves_the_first_element_low()
    {
        foreach (var (o, result) in PtxEvaluator.Run("cvt.rn.bf16x2.f32 D, A, B;", "b32 f32 f32"))
        {
            static ulong One(ulong a) => float.IsNaN(F(a)) ? 0x7fff : a + 0x7fff + (a >> 16 & 1) >> 16;
            Assert.Equal(One(o[0]) << 16 | One(o[1]), result);
        }

        foreach (var (o, result) in PtxEvaluator.Run("mov.b64 D, {A, B};", "b64 b32 b32"))
            Assert.Equal(o[1] << 32 | o[0], result);
        Check("mov.b32 {%h1, %h2}, A; mov.b32 D, {%h2, %h1};", "b32 b32", a => (uint)(a << 16 | a >> 16));
        Check("mov.b64 {_, D}, A;", "b32 b64", a => a >> 32);
    }

    [Theory]
    [InlineData("ex2.approx.f32", 22.0)]
    [InlineData("rsqrt.approx.f32", 22.4)]
    [InlineData("rcp.approx.f32", 23.0)]
    [InlineData("sqrt.approx.f32", 23.0)]
    [InlineData("tanh.approx.f32", 10.9)]
    public void Approximations_stay_within_their_relative_error_and_use_it(string instruction, double bits)
    {
        Func<double, double> exact = instruction[..3] switch
        {
            "ex2" => x => Math.Pow(2, x), "rsq" => x => 1 / Math.Sqrt(x), "rcp" => x => 1 / x, "sqr" => Math.Sqrt, _ => Math.Tanh,
        };
        var worst = 0.0;
        foreach (var (o, result) in PtxEvaluator.Run($"{instruction} D, A;", "f32 f32"))
        {
            var wanted = exact(F(o[0]));
            if (!double.IsFinite((float)wanted) || wanted == 0 || Math.Abs(wanted) < 1.2e-38)
                continue;
            worst = Math.Max(worst, Math.Abs(F(result) - wanted) / Math.Abs(wanted));
        }

        Assert.InRange(worst, Math.Pow(2, -bits - 1), Math.Pow(2, -bits));
    }

    [Fact]
    public void Sine_and_logarithm_stay_within_their_errors()
    {
        foreach (var (o, result) in PtxEvaluator.Run("sin.approx.f32 D, A;", "f32 f32"))
            Assert.True(Math.Abs(F(o[0])) > 6.3 || float.IsNaN(F(o[0]))
                || Math.Abs(F(result) - Math.Sin(F(o[0]))) <= Math.Pow(2, -20.5), $"sin({F(o[0])})");
        foreach (var (o, result) in PtxEvaluator.Run("abs.f32 %f20, A; lg2.approx.f32 D, %f20;", "f32 f32"))
        {
            var wanted = Math.Log2(Math.Abs(F(o[0])));
            Assert.True(double.IsNaN(wanted) || wanted.Equals(F(result))
                || Math.Abs(F(result) - wanted) <= Math.Max(1, Math.Abs(wanted)) * Math.Pow(2, -22) + 6e-8 * Math.Abs(wanted),
                $"lg2({F(o[0])})");
        }
    }

    [Fact]
    public void Warp_operations_exchange_and_vote()
    {
        static int Lane(int i) => i % 32;
        var rows = PtxEvaluator.Run(
            "mov.u32 %r20, %laneid; shfl.sync.up.b32 D|%p1, %r20, 3, 0, 0xffffffff; selp.u32 %r21, 64, 0, %p1; or.b32 D, D, %r21;",
            "b32 b32", 64);
        Assert.All(rows.Select((r, i) => (r, Lane(i))), x =>
            Assert.Equal(x.Item2 < 3 ? (ulong)x.Item2 : (ulong)(x.Item2 - 3) | 64, x.r.Result));
        rows = PtxEvaluator.Run("mov.u32 %r20, %laneid; shfl.sync.down.b32 D, %r20, 2, 0x181f, 0xffffffff;", "b32 b32", 64);
        Assert.All(rows.Select((r, i) => (r, Lane(i))), x =>
            Assert.Equal((ulong)(x.Item2 % 8 + 2 > 7 ? x.Item2 : x.Item2 + 2), x.r.Result));
        rows = PtxEvaluator.Run("mov.u32 %r20, %laneid; shfl.sync.idx.b32 D, %r20, 5, 0x1c1f, -1;", "b32 b32", 64);
        Assert.All(rows.Select((r, i) => (r, Lane(i))), x => Assert.Equal((ulong)(x.Item2 & ~3 | 1), x.r.Result));
        rows = PtxEvaluator.Run(
            "mov.u32 %r20, %laneid; setp.gt.u32 %p1, %r20, 28; vote.sync.ballot.b32 D, %p1, 0xffffffff;", "b32 b32", 64);
        Assert.All(rows, r => Assert.Equal(0xe0000000, r.Result));
        rows = PtxEvaluator.Run("mov.u32 %r20, %laneid; redux.sync.max.s32 D, %r20, 0xffffffff;", "b32 b32", 64);
        Assert.All(rows, r => Assert.Equal(31UL, r.Result));
        rows = PtxEvaluator.Run("mov.u32 %r20, %laneid; and.b32 %r20, %r20, 1; match.any.sync.b32 D, %r20, 0xffffffff;", "b32 b32", 64);
        Assert.All(rows.Select((r, i) => (r, Lane(i))), x => Assert.Equal(x.Item2 % 2 == 0 ? 0x55555555UL : 0xaaaaaaaa, x.r.Result));
        rows = PtxEvaluator.Run(
            "mov.u32 %r22, %laneid; mov.b32 D, 9; setp.lt.u32 %p2, %r22, 4; @%p2 bra SKIP; "
            + "elect.sync %r20|%p1, 0xfffffff0; selp.u32 D, 1, 0, %p1; SKIP:", "b32 b32", 64);
        Assert.All(rows.Select((r, i) => (r, Lane(i))), x => Assert.Equal(x.Item2 < 4 ? 9UL : x.Item2 == 4 ? 1UL : 0, x.r.Result));
    }
}
