using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// Integer arithmetic, bit fields, logic and shifts. add, sub, mul and the others that exist for floating-point types too go to
/// <see cref="FloatDecoder"/> when their type says so.
/// </summary>
internal static class IntegerDecoder
{
    private static readonly PtxType[] Integers = [U16, U32, U64, S16, S32, S64];
    private static readonly PtxType[] Bits = [B16, B32, B64];

    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["add"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.AddOrMultiply(d) : AddOrSubtract(d, (a, b) => a + b, BigInteger.Add),
        ["sub"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.AddOrMultiply(d) : AddOrSubtract(d, (a, b) => a - b, BigInteger.Subtract),
        ["mul"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.AddOrMultiply(d) : Multiply(d),
        ["mad"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.Fused(d) : MultiplyAdd(d),
        ["div"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.Divide(d) : Divide(d, (a, b) => a / b),
        ["rem"] = d => Divide(d, BigInteger.Remainder),
        ["abs"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.SignOnly(d) : Signed(d, v => v < 0 ? 0 - (ulong)v : (ulong)v),
        ["neg"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.SignOnly(d) : Signed(d, v => 0 - (ulong)v),
        ["min"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.Extremum(d) : Extremum(d, true),
        ["max"] = d => FloatDecoder.IsFloat(d) ? FloatDecoder.Extremum(d) : Extremum(d, false),
        ["sad"] = SumOfDifferences,
        ["popc"] = d => Count(d, (v, _) => (ulong)BitOperations.PopCount(v)),
        ["clz"] = d => Count(d, (v, bits) => (ulong)(BitOperations.LeadingZeroCount(v) - (64 - bits))),
        ["brev"] = Reverse,
        ["bfind"] = FindHighest,
        ["bfe"] = Extract,
        ["bfi"] = Insert,
        ["and"] = d => Logic(d, (a, b) => a & b),
        ["or"] = d => Logic(d, (a, b) => a | b),
        ["xor"] = d => Logic(d, (a, b) => a ^ b),
        ["not"] = Not,
        ["cnot"] = d => Unary(d, d.Type(Bits), (v, _) => v == 0 ? 1UL : 0),
        ["lop3"] = Lop3,
        ["shl"] = ShiftLeft,
        ["shr"] = ShiftRight,
        ["shf"] = FunnelShift,
        ["prmt"] = Permute,
    };

    private static Instruction Unary(Decoding d, PtxType type, Func<ulong, PtxType, ulong> function) =>
        new Map1(d.Target(type), d.Source(type), v => function(v & type.Mask(), type) & type.Mask());

    private static Instruction AddOrSubtract(Decoding d, Func<ulong, ulong, ulong> function, Func<BigInteger, BigInteger, BigInteger> exact)
    {
        if (d.Take("sat"))
        {
            d.Type(S32);
            return new Map2(d.Target(S32), d.Source(S32), d.Source(S32),
                (a, b) => (uint)(int)BigInteger.Clamp(exact((int)a, (int)b), int.MinValue, int.MaxValue));
        }

        var type = d.Type(Integers);
        return new Map2(d.Target(type), d.Source(type), d.Source(type), (a, b) => function(a, b) & type.Mask());
    }

    /// <summary>The full product of two numbers of this type.</summary>
    private static BigInteger Product(PtxType type, ulong a, ulong b) => Value(type, a) * Value(type, b);

    private static BigInteger Value(PtxType type, ulong v) => type.IsSigned() ? type.SignExtend(v) : v & type.Mask();

    private static ulong Low(BigInteger v, PtxType type) => (ulong)(v & type.Mask());

    private static (string Part, PtxType Type, PtxType Result) ProductForm(Decoding d)
    {
        var part = d.TakeOne("the part of the product", "lo", "hi", "wide");
        var type = d.Type(part == "wide" ? [U16, U32, S16, S32] : Integers);
        var result = part != "wide" ? type : type switch { U16 => U32, S16 => S32, U32 => U64, _ => S64 };
        return (part, type, result);
    }

    private static Func<ulong, ulong, ulong> ProductFunction(string part, PtxType type)
    {
        if (part == "lo")
            return (a, b) => a * b & type.Mask();
        if (part == "wide")
            return type.IsSigned()
                ? (a, b) => (ulong)(type.SignExtend(a) * type.SignExtend(b))
                : (a, b) => (a & type.Mask()) * (b & type.Mask());
        return (a, b) => Low(Product(type, a, b) >> type.Bits(), type);
    }

    private static Instruction Multiply(Decoding d)
    {
        var (part, type, result) = ProductForm(d);
        var product = ProductFunction(part, type);
        return new Map2(d.Target(result), d.Source(type), d.Source(type), (a, b) => product(a, b) & result.Mask());
    }

    private static Instruction MultiplyAdd(Decoding d)
    {
        var (part, type, result) = ProductForm(d);
        if (part == "hi" && d.Take("sat"))
            throw d.Refuse("mad.hi.sat is not emulated");
        var product = ProductFunction(part, type);
        return new Map3(d.Target(result), d.Source(type), d.Source(type), d.Source(result), (a, b, c) => product(a, b) + c & result.Mask());
    }

    private static Instruction Divide(Decoding d, Func<BigInteger, BigInteger, BigInteger> function)
    {
        var type = d.Type(Integers);
        // Division by zero yields an unspecified value, and so does the quotient that does not fit: nobody may look at it.
        bool Undefined(ulong a, ulong b) => (b & type.Mask()) == 0
            || type.IsSigned() && type.SignExtend(b) == -1 && type.SignExtend(a) == -1L << (type.Bits() - 1);
        return new Map2(d.Target(type), d.Source(type), d.Source(type), (a, b) =>
            Low(function(Value(type, a), Value(type, b)), type), Undefined);
    }

    private static Instruction Signed(Decoding d, Func<long, ulong> function)
    {
        var type = d.Type(S16, S32, S64);
        return new Map1(d.Target(type), d.Source(type), v => function(type.SignExtend(v)) & type.Mask());
    }

    private static Instruction Extremum(Decoding d, bool minimum)
    {
        var type = d.Type(Integers);
        bool Less(ulong a, ulong b) => type.IsSigned() ? type.SignExtend(a) < type.SignExtend(b) : (a & type.Mask()) < (b & type.Mask());
        return new Map2(d.Target(type), d.Source(type), d.Source(type), (a, b) => (Less(a, b) == minimum ? a : b) & type.Mask());
    }

    private static Instruction SumOfDifferences(Decoding d)
    {
        var type = d.Type(Integers);
        return new Map3(d.Target(type), d.Source(type), d.Source(type), d.Source(type),
            (a, b, c) => Low(Value(type, c) + BigInteger.Abs(Value(type, a) - Value(type, b)), type));
    }

    private static Instruction Count(Decoding d, Func<ulong, int, ulong> function)
    {
        var type = d.Type(B32, B64);
        return new Map1(d.Target(U32), d.Source(type), v => function(v & type.Mask(), type.Bits()));
    }

    private static Instruction Reverse(Decoding d) => Unary(d, d.Type(B32, B64), static (v, type) =>
    {
        var result = 0UL;
        for (var i = 0; i < type.Bits(); i++)
            result |= (v >> i & 1) << (type.Bits() - 1 - i);
        return result;
    });

    private static Instruction FindHighest(Decoding d)
    {
        var distance = d.Take("shiftamt");
        var type = d.Type(U32, U64, S32, S64);
        return new Map1(d.Target(U32), d.Source(type), v =>
        {
            // For negative numbers the highest zero is looked for.
            var bits = (type.IsSigned() && type.SignExtend(v) < 0 ? ~v : v) & type.Mask();
            if (bits == 0)
                return uint.MaxValue;
            var highest = 63 - BitOperations.LeadingZeroCount(bits);
            return (ulong)(distance ? type.Bits() - 1 - highest : highest);
        });
    }

    private static Instruction Extract(Decoding d)
    {
        var type = d.Type(U32, U64, S32, S64);
        return new Map3(d.Target(type), d.Source(type), d.Source(U32), d.Source(U32), (a, position, length) =>
        {
            var (pos, len, msb) = ((int)(position & 0xff), (int)(length & 0xff), type.Bits() - 1);
            var sign = type.IsUnsigned() || len == 0 ? 0 : a >> Math.Min(pos + len - 1, msb) & 1;
            var result = 0UL;
            for (var i = 0; i <= msb; i++)
                result |= (i < len && pos + i <= msb ? a >> (pos + i) & 1 : sign) << i;
            return result;
        });
    }

    private static Instruction Insert(Decoding d)
    {
        var type = d.Type(B32, B64);
        return new Map4(d.Target(type), d.Source(type), d.Source(type), d.Source(U32), d.Source(U32), (a, b, position, length) =>
        {
            var (pos, len, result) = ((int)(position & 0xff), (int)(length & 0xff), b);
            for (var i = 0; i < len && pos + i < type.Bits(); i++)
                result = result & ~(1UL << (pos + i)) | (a >> i & 1) << (pos + i);
            return result;
        });
    }

    private static Instruction Logic(Decoding d, Func<ulong, ulong, ulong> function)
    {
        var type = d.Type(Pred, B16, B32, B64);
        return new Map2(d.Target(type), d.Source(type), d.Source(type), (a, b) => function(a, b) & (type == Pred ? 1 : type.Mask()));
    }

    private static Instruction Not(Decoding d)
    {
        var type = d.Type(Pred, B16, B32, B64);
        return new Map1(d.Target(type), d.Source(type), v => ~v & (type == Pred ? 1 : type.Mask()));
    }

    private static Instruction Lop3(Decoding d)
    {
        d.Type(B32);
        var (target, a, b, c, table) = (d.Target(B32), d.Source(B32), d.Source(B32), d.Source(B32), d.Immediate(0, 255));
        return new Map3(target, a, b, c, (x, y, z) =>
        {
            var result = 0UL;
            for (var row = 0; row < 8; row++)
            {
                if ((table >> row & 1) != 0)
                    result |= ((row & 4) != 0 ? x : ~x) & ((row & 2) != 0 ? y : ~y) & ((row & 1) != 0 ? z : ~z);
            }

            return result & uint.MaxValue;
        });
    }

    // Shift amounts are .u32 whatever the type, and clamp at the width instead of wrapping.

    private static Instruction ShiftLeft(Decoding d)
    {
        var type = d.Type(Bits);
        return new Map2(d.Target(type), d.Source(type), d.Source(U32), (a, n) => (uint)n >= type.Bits() ? 0 : a << (int)n & type.Mask());
    }

    private static Instruction ShiftRight(Decoding d)
    {
        var type = d.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64);
        return new Map2(d.Target(type), d.Source(type), d.Source(U32), (a, n) =>
        {
            if (type.IsSigned())
                return (ulong)(type.SignExtend(a) >> (int)Math.Min((uint)n, 63)) & type.Mask();
            return (uint)n >= type.Bits() ? 0 : (a & type.Mask()) >> (int)n;
        });
    }

    private static Instruction FunnelShift(Decoding d)
    {
        var left = d.TakeOne("a direction", "l", "r") == "l";
        var clamp = d.TakeOne("a mode", "clamp", "wrap") == "clamp";
        d.Type(B32);
        return new Map3(d.Target(B32), d.Source(B32), d.Source(B32), d.Source(U32), (a, b, c) =>
        {
            var n = (int)(clamp ? Math.Min((uint)c, 32) : (uint)c & 31);
            var pair = b << 32 | a & uint.MaxValue;
            return (left ? pair << n >> 32 : pair >> n) & uint.MaxValue;
        });
    }

    private static Instruction Permute(Decoding d)
    {
        d.Type(B32);
        if (d.TakeAny("f4e", "b4e", "rc8", "ecl", "ecr", "rc16") is not null)
            throw d.Refuse("the special modes of prmt are not emulated");
        return new Map3(d.Target(B32), d.Source(B32), d.Source(B32), d.Source(B32), (a, b, selector) =>
        {
            var bytes = b << 32 | a & uint.MaxValue;
            var result = 0UL;
            for (var i = 0; i < 4; i++)
            {
                var control = (int)(selector >> 4 * i & 15);
                var value = bytes >> 8 * (control & 7) & 255;
                // The top bit of a control replicates the byte's sign.
                result |= ((control & 8) == 0 ? value : (value & 128) != 0 ? 255UL : 0) << 8 * i;
            }

            return result;
        });
    }
}
