using System.Numerics;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Single instructions against C#, on awkward and random operands.</summary>
public class PtxArithmeticTests
{
    private static void Check(string instruction, string types, Func<ulong[], ulong> expected, int count = 512)
    {
        foreach (var (operands, result) in PtxEvaluator.Run(instruction, types, count))
        {
            var wanted = expected(operands);
            var given = string.Join(", ", operands.Select(o => o.ToString("x")));
            Assert.True(wanted == result, $"{instruction}: {given} gives {result:x}, not {wanted:x}");
        }
    }

    private static ulong U(int value) => (uint)value;

    private static ulong B(bool value) => value ? 1UL : 0;

    private static float F(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double D(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    /// <summary>Results of f32 arithmetic: any NaN becomes PTX's own.</summary>
    private static ulong R(float value) => float.IsNaN(value) ? 0x7fffffffUL : BitConverter.SingleToUInt32Bits(value);

    private static ulong R(double value) => BitConverter.DoubleToUInt64Bits(value);

    [Fact]
    public void Integer_addition_and_multiplication_wrap_or_widen()
    {
        Check("add.s32 D, A, B;", "b32 b32 b32", o => U((int)o[0] + (int)o[1]));
        Check("add.sat.s32 D, A, B;", "b32 b32 b32", o => U((int)Math.Clamp((long)(int)o[0] + (int)o[1], int.MinValue, int.MaxValue)));
        Check("sub.u64 D, A, B;", "b64 b64 b64", o => o[0] - o[1]);
        Check("sub.u16 D, A, B;", "b16 b16 b16", o => (ushort)(o[0] - o[1]));
        Check("mul.lo.s32 D, A, B;", "b32 b32 b32", o => U((int)o[0] * (int)o[1]));
        Check("mul.hi.s32 D, A, B;", "b32 b32 b32", o => U((int)((long)(int)o[0] * (int)o[1] >> 32)));
        Check("mul.hi.u64 D, A, B;", "b64 b64 b64", o => Math.BigMul(o[0], o[1], out _));
        Check("mul.hi.s64 D, A, B;", "b64 b64 b64", o => (ulong)Math.BigMul((long)o[0], (long)o[1], out _));
        Check("mul.wide.s32 D, A, B;", "b64 b32 b32", o => (ulong)((long)(int)o[0] * (int)o[1]));
        Check("mul.wide.u16 D, A, B;", "b32 b16 b16", o => o[0] * o[1]);
        Check("mad.lo.u32 D, A, B, C;", "b32 b32 b32 b32", o => (uint)(o[0] * o[1] + o[2]));
        Check("mad.wide.s32 D, A, B, C;", "b64 b32 b32 b64", o => (ulong)((long)(int)o[0] * (int)o[1] + (long)o[2]));
        Check("mad.hi.u32 D, A, B, C;", "b32 b32 b32 b32", o => (uint)((o[0] * o[1] >> 32) + o[2]));
    }

    [Fact]
    public void Integer_unary_and_ordering_operations()
    {
        Check("abs.s32 D, A;", "b32 b32", o => (int)o[0] == int.MinValue ? 0x80000000 : U(Math.Abs((int)o[0])));
        Check("neg.s64 D, A;", "b64 b64", o => 0 - o[0]);
        Check("min.s32 D, A, B;", "b32 b32 b32", o => U(Math.Min((int)o[0], (int)o[1])));
        Check("max.u32 D, A, B;", "b32 b32 b32", o => Math.Max(o[0], o[1]));
        Check("min.s16 D, A, B;", "b16 b16 b16", o => (ushort)Math.Min((short)o[0], (short)o[1]));
        Check("sad.u32 D, A, B, C;", "b32 b32 b32 b32", o => (uint)(o[2] + (o[0] > o[1] ? o[0] - o[1] : o[1] - o[0])));
        Check("popc.b64 D, A;", "b32 b64", o => (ulong)BitOperations.PopCount(o[0]));
        Check("clz.b32 D, A;", "b32 b32", o => (ulong)BitOperations.LeadingZeroCount((uint)o[0]));
        Check("clz.b64 D, A;", "b32 b64", o => (ulong)BitOperations.LeadingZeroCount(o[0]));
        Check("bfind.u32 D, A;", "b32 b32", o => o[0] == 0 ? uint.MaxValue : (ulong)BitOperations.Log2((uint)o[0]));
        Check("brev.b32 D, A;", "b32 b32", o => (ulong)Enumerable.Range(0, 32).Sum(i => (long)(o[0] >> i & 1) << (31 - i)));
    }

    [Fact]
    public void Division_truncates_and_has_no_result_by_zero()
    {
        Check("or.b32 %r20, B, 1; div.u32 D, A, %r20;", "b32 b32 b32", o => (uint)o[0] / ((uint)o[1] | 1));
        Check("and.b32 %r20, B, 0x7fffffff; or.b32 %r20, %r20, 1; div.s32 D, A, %r20;", "b32 b32 b32", o =>
            U((int)o[0] / ((int)o[1] & int.MaxValue | 1)));
        Check("and.b64 %rd20, B, 255; or.b64 %rd20, %rd20, 1; rem.s64 D, A, %rd20;", "b64 b64 b64", o =>
            (ulong)((long)o[0] % ((long)(o[1] & 255) | 1)));
        // Code that turns a branch into a selection divides in vain, which is allowed; reading such a quotient is not.
        const string Selected = "setp.ne.u32 %p1, B, 0; div.u32 %r20, A, B; selp.u32 D, %r20, 7, %p1;";
        Check(Selected, "b32 b32 b32", o => o[1] == 0 ? 7 : o[0] / o[1]);
        Assert.Throws<PtxFaultException>(() => Check("div.u32 D, A, B;", "b32 b32 b32", o => o[1] == 0 ? 0 : o[0] / o[1]));
    }

    [Fact]
    public void Shifts_clamp_and_fields_are_cut_and_pasted()
    {
        Check("shl.b32 D, A, B;", "b32 b32 b32", o => o[1] > 31 ? 0 : (uint)(o[0] << (int)o[1]));
        Check("shr.u64 D, A, B;", "b64 b64 b32", o => o[1] > 63 ? 0 : o[0] >> (int)o[1]);
        Check("shr.s32 D, A, B;", "b32 b32 b32", o => U((int)o[0] >> (int)Math.Min(o[1], 31)));
        Check("shr.s16 D, A, B;", "b16 b16 b32", o => (ushort)((short)o[0] >> (int)Math.Min(o[1], 31)));
        Check("shf.l.wrap.b32 D, A, B, C;", "b32 b32 b32 b32", o => (uint)((o[1] << 32 | o[0]) << (int)(o[2] & 31) >> 32));
        Check("shf.r.clamp.b32 D, A, B, C;", "b32 b32 b32 b32", o => (uint)((o[1] << 32 | o[0]) >> (int)Math.Min(o[2], 32)));
        Check("and.b32 %r20, B, 31; and.b32 %r21, C, 31; bfe.u32 D, A, %r20, %r21;", "b32 b32 b32 b32",
            o => (uint)(o[0] >> (int)(o[1] & 31)) & (uint)((1UL << (int)(o[2] & 31)) - 1));
        Check("bfe.s32 D, A, 8, 8;", "b32 b32", o => U((sbyte)(o[0] >> 8)));
        Check("bfi.b32 D, A, B, 4, 8;", "b32 b32 b32", o => (uint)(o[1] & ~0xff0UL | (o[0] & 0xff) << 4));
        Check("prmt.b32 D, A, B, 0x7531;", "b32 b32 b32", o =>
            (uint)(o[0] >> 8 & 255 | o[0] >> 24 << 8 | (o[1] >> 8 & 255) << 16 | o[1] >> 24 << 24));
        Check("prmt.b32 D, A, B, 0x9988;", "b32 b32 b32", o => (uint)((o[0] >> 7 & 1) * 0xffff | (o[0] >> 15 & 1) * 0xffff0000));
        Check("lop3.b32 D, A, B, C, 0xe8;", "b32 b32 b32 b32", o => o[0] & o[1] | o[0] & o[2] | o[1] & o[2]);
        Check("lop3.b32 D, A, B, C, 0x96;", "b32 b32 b32 b32", o => o[0] ^ o[1] ^ o[2]);
        Check("not.b64 D, A;", "b64 b64", o => ~o[0]);
        Check("cnot.b32 D, A;", "b32 b32", o => B(o[0] == 0));
        Check("xor.pred D, A, B;", "pred pred pred", o => o[0] ^ o[1]);
    }

    [Fact]
    public void Single_and_double_arithmetic_round_to_nearest()
    {
        Check("add.f32 D, A, B;", "f32 f32 f32", o => R(F(o[0]) + F(o[1])));
        Check("sub.rn.f32 D, A, B;", "f32 f32 f32", o => R(F(o[0]) - F(o[1])));
        Check("mul.f32 D, A, B;", "f32 f32 f32", o => R(F(o[0]) * F(o[1])));
        Check("fma.rn.f32 D, A, B, C;", "f32 f32 f32 f32", o => R(MathF.FusedMultiplyAdd(F(o[0]), F(o[1]), F(o[2]))));
        Check("div.rn.f32 D, A, B;", "f32 f32 f32", o => R(F(o[0]) / F(o[1])));
        Check("sqrt.rn.f32 D, A;", "f32 f32", o => R(MathF.Sqrt(F(o[0]))));
        Check("rcp.rn.f32 D, A;", "f32 f32", o => R(1 / F(o[0])));
        Check("add.sat.f32 D, A, B;", "f32 f32 f32", o => F(o[0]) + F(o[1]) is var s && s > 0 ? R(Math.Min(s, 1)) : 0);
        Check("mul.ftz.f32 D, A, 0f3F000000;", "f32 f32", o =>
            Math.Abs(F(o[0])) < 1.17549435e-38f || Math.Abs(F(o[0]) * 0.5f) < 1.17549435e-38f
            ? o[0] & 0x80000000UL : R(F(o[0]) * 0.5f));
        Check("add.f64 D, A, B;", "f64 f64 f64", o => R(D(o[0]) + D(o[1])));
        Check("fma.rn.f64 D, A, B, C;", "f64 f64 f64 f64", o => R(Math.FusedMultiplyAdd(D(o[0]), D(o[1]), D(o[2]))));
        Check("div.rn.f64 D, A, B;", "f64 f64 f64", o => R(D(o[0]) / D(o[1])));
        Check("sqrt.rn.f64 D, A;", "f64 f64", o => R(Math.Sqrt(D(o[0]))));
    }

    [Theory]
    [InlineData("rz")]
    [InlineData("rm")]
    [InlineData("rp")]
    public void Directed_rounding_brackets_the_exact_result(string mode)
    {
        (string, Func<double, double, double>)[] operations = [("mul", (a, b) => a * b), ("div", (a, b) => a / b), ("add", (a, b) => a + b)];
        foreach (var (operation, exact) in operations)
        {
            foreach (var (o, result) in PtxEvaluator.Run($"{operation}.{mode}.f32 D, A, B;", "f32 f32 f32"))
            {
                var (wanted, found) = (exact(F(o[0]), F(o[1])), F(result));
                if (operation == "add" && double.IsFinite(wanted) && (wanted - F(o[0]) != F(o[1]) || wanted - F(o[1]) != F(o[0])))
                    continue;   // not exact in double either
                if (double.IsNaN(wanted) || double.IsInfinity(F(o[0])) || double.IsInfinity(F(o[1])) || F(o[1]) == 0)
                {
                    Assert.Equal((float)wanted, found);
                    continue;
                }

                var towardsZero = mode == "rz";
                var down = mode == "rm" || towardsZero && wanted > 0;
                var next = down ? MathF.BitIncrement(found) : MathF.BitDecrement(found);
                var brackets = down ? found <= wanted && wanted < next : found >= wanted && wanted > next;
                Assert.True(brackets || wanted == 0 && found == 0,
                    $"{operation}.{mode}({F(o[0]):R}, {F(o[1]):R}) = {found:R}, exactly {wanted:R}");
            }
        }
    }

    [Fact]
    public void Signs_extremes_and_classes_follow_the_manual()
    {
        Check("neg.f32 D, A;", "f32 f32", o => o[0] ^ 0x80000000);
        Check("abs.f64 D, A;", "f64 f64", o => o[0] & long.MaxValue);
        Check("copysign.f32 D, A, B;", "f32 f32 f32", o => o[0] & 0x80000000 | o[1] & 0x7fffffff);
        // System.Math's number forms: the operand that is no NaN, and -0 below +0.
        Check("min.f32 D, A, B;", "f32 f32 f32", o => R(float.MinNumber(F(o[0]), F(o[1]))));
        Check("max.f32 D, A, B;", "f32 f32 f32", o => R(float.MaxNumber(F(o[0]), F(o[1]))));
        Check("max.NaN.f32 D, A, B;", "f32 f32 f32", o => R(MathF.Max(F(o[0]), F(o[1]))));
        Check("testp.finite.f32 D, A;", "pred f32", o => B(float.IsFinite(F(o[0]))));
        Check("testp.notanumber.f64 D, A;", "pred f64", o => B(double.IsNaN(D(o[0]))));
        Check("testp.subnormal.f32 D, A;", "pred f32", o => B(float.IsSubnormal(F(o[0]))));
    }

    [Fact]
    public void Half_arithmetic_rounds_once()
    {
        static Half H(ulong bits) => BitConverter.UInt16BitsToHalf((ushort)bits);
        static ulong W(double exact) => double.IsNaN(exact) ? 0x7fffUL : BitConverter.HalfToUInt16Bits((Half)exact);
        static float Brain(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
        static ulong RoundBrain(float exact) =>
            float.IsNaN(exact) ? 0x7fffUL : BitConverter.SingleToUInt32Bits(exact) is var b ? (b + 0x7fff + (b >> 16 & 1)) >> 16 : 0;
        Check("add.f16 D, A, B;", "f16 f16 f16", o => W((double)H(o[0]) + (double)H(o[1])));
        Check("mul.rn.f16 D, A, B;", "f16 f16 f16", o => W((double)H(o[0]) * (double)H(o[1])));
        Check("mul.f16x2 D, A, B;", "b32 b32 b32", o =>
            W((double)H(o[0]) * (double)H(o[1])) | W((double)H(o[0] >> 16) * (double)H(o[1] >> 16)) << 16);
        Check("mul.bf16 D, A, B;", "bf16 bf16 bf16", o => RoundBrain(Brain(o[0]) * Brain(o[1])));
        Check("max.bf16 D, A, B;", "bf16 bf16 bf16", o => RoundBrain(float.MaxNumber(Brain(o[0]), Brain(o[1]))));
        // (2^-14 + 2^-24) * 1 + 2^11 * ... is where a double's rounding would come first; checked with exact integers instead.
        Check("fma.rn.f16 D, A, B, C;", "f16 f16 f16 f16", o => Fma(H(o[0]), H(o[1]), H(o[2])));

        static ulong Fma(Half a, Half b, Half c)
        {
            if (!Half.IsFinite(a) || !Half.IsFinite(b) || !Half.IsFinite(c))
                return W((double)a * (double)b + (double)c);
            // In units of 2^-48 all three are integers; the sum of the first two halves to odd keeps the later rounding right.
            var units = new BigInteger(Math.ScaleB((double)a, 24)) * new BigInteger(Math.ScaleB((double)b, 24)) + (
                new BigInteger(Math.ScaleB((double)c, 24)) << 24);
            if (units.IsZero)
                return W((double)a * (double)b + (double)c);
            var drop = Math.Max(0, (int)BigInteger.Abs(units).GetBitLength() - 40);
            var kept = BigInteger.Abs(units) >> drop;
            if (kept << drop != BigInteger.Abs(units))
                kept |= 1;
            return W(Math.ScaleB((double)kept, drop - 48) * units.Sign);
        }
    }

    [Fact]
    public void Comparisons_treat_NaN_and_signs_as_said()
    {
        Check("setp.lt.s32 D, A, B;", "pred b32 b32", o => B((int)o[0] < (int)o[1]));
        Check("setp.hi.u32 D, A, B;", "pred b32 b32", o => B(o[0] > o[1]));
        Check("setp.ge.u64.and D, A, B, C;".Replace("u64.and", "and.u64"), "pred b64 b64 pred", o => B(o[0] >= o[1]) & o[2]);
        Check("setp.le.s16 D, A, B;", "pred b16 b16", o => B((short)o[0] <= (short)o[1]));
        Check("setp.ne.f32 D, A, B;", "pred f32 f32", o => B(F(o[0]) < F(o[1]) || F(o[0]) > F(o[1])));
        Check("setp.neu.f32 D, A, B;", "pred f32 f32", o => B(F(o[0]) != F(o[1])));
        Check("setp.gtu.f64 D, A, B;", "pred f64 f64", o => B(!(D(o[0]) <= D(o[1]))));
        Check("setp.num.f32 %p2|D, A, B;", "pred f32 f32", o => B(float.IsNaN(F(o[0])) || float.IsNaN(F(o[1]))));
        Check("setp.lt.or.s32 D, A, B, !C;", "pred b32 b32 pred", o => B((int)o[0] < (int)o[1]) | o[2] ^ 1);
        Check("set.gt.f32.s32 D, A, B;", "b32 b32 b32", o => (int)o[0] > (int)o[1] ? 0x3f800000UL : 0);
        Check("set.eq.u32.f32 D, A, B;", "b32 f32 f32", o => F(o[0]) == F(o[1]) ? uint.MaxValue : 0UL);
        Check("selp.b64 D, A, B, C;", "b64 b64 b64 pred", o => o[2] != 0 ? o[0] : o[1]);
        Check("slct.u32.f32 D, A, B, C;", "b32 b32 b32 f32", o => F(o[2]) >= 0 ? o[0] : o[1]);
    }
}
