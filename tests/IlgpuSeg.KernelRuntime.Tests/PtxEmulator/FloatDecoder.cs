using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Floating-point arithmetic. Rounding modifiers are optional for add, sub and mul alone.</summary>
internal static class FloatDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["fma"] = Fused,
        ["rcp"] = d => Root(d, Approximations.Rcp, (type, a, rounding) => Floats.Divide(type, Floats.Round(type, 1.0), a, rounding)),
        ["sqrt"] = d => Root(d, Approximations.Sqrt, Floats.SquareRoot),
        ["rsqrt"] = d => Approximate(d, Approximations.Rsqrt),
        ["sin"] = d => Approximate(d, Approximations.Sin),
        ["cos"] = d => Approximate(d, Approximations.Cos),
        ["lg2"] = d => Approximate(d, Approximations.Lg2),
        ["ex2"] = d => Approximate(d, Approximations.Exp2),
        ["tanh"] = Tanh,
        ["copysign"] = CopySign,
        ["testp"] = Test,
    };

    /// <summary>Does the instruction's type say floating point?</summary>
    public static bool IsFloat(Decoding d) =>
        PtxTypes.TryParse(d.Statement.Opcode[(d.Statement.Opcode.LastIndexOf('.') + 1)..], out var type) && type.IsFloat();

    public static Rounding Direction(string modifier) => modifier switch
    {
        "rn" => Rounding.Nearest, "rz" => Rounding.Zero, "rm" => Rounding.Down, "rp" => Rounding.Up, _ => Rounding.NearestAway,
    };

    public static Instruction AddOrMultiply(Decoding d)
    {
        var rounding = d.TakeAny("rn", "rz", "rm", "rp");
        var (ftz, sat) = (d.Take("ftz"), d.Take("sat"));
        var type = d.Type(F32, F64, F16, F16X2, BF16, BF16X2);
        CheckModifiers(d, type, rounding, ftz, sat);
        if (Element(type) == BF16)
            d.Need(78, 90, $"{d.Operation}{type.Name()}");
        var (direction, element) = (Direction(rounding ?? "rn"), Element(type));
        Func<ulong, ulong, ulong> function = d.Operation switch
        {
            "add" => (a, b) => Floats.Add(element, a, b, direction),
            "sub" => (a, b) => Floats.Add(element, a, b ^ Floats.SignBit(element), direction),
            _ => (a, b) => Floats.Multiply(element, a, b, direction),
        };
        if (type == F32 && direction == Rounding.Nearest && !ftz && !sat)
            function = Fast(d.Operation);
        return Build(d, type, Wrap(element, function, ftz, sat));
    }

    /// <summary>The usual case without detours.</summary>
    private static Func<ulong, ulong, ulong> Fast(string operation) => operation switch
    {
        "add" => static (a, b) => Result(Single(a) + Single(b)),
        "sub" => static (a, b) => Result(Single(a) - Single(b)),
        _ => static (a, b) => Result(Single(a) * Single(b)),
    };

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Result(float value) => float.IsNaN(value) ? 0x7fffffff : BitConverter.SingleToUInt32Bits(value);

    private static void CheckModifiers(Decoding d, PtxType type, string? rounding, bool ftz, bool sat)
    {
        if (type == F64 && (ftz || sat))
            throw d.Refuse($"{d.Operation}.f64 has no .ftz and no .sat");
        if (Element(type) is F16 or BF16 && rounding is not (null or "rn"))
            throw d.Refuse($"{d.Operation}{type.Name()} rounds to nearest only");
        if (Element(type) == BF16 && (ftz || sat))
            throw d.Refuse($"{d.Operation}{type.Name()} has no .ftz and no .sat");
    }

    public static Instruction Fused(Decoding d)
    {
        var rounding = d.TakeOne("a rounding modifier", "rn", "rz", "rm", "rp");
        var (ftz, sat, relu) = (d.Take("ftz"), d.Take("sat"), d.Take("relu"));
        var type = d.Type(F32, F64, F16, F16X2, BF16, BF16X2);
        CheckModifiers(d, type, rounding, ftz, sat);
        if (d.Operation == "mad" && type is not (F32 or F64))
            throw d.Refuse("mad exists for .f32 and .f64 only");
        if (relu && Element(type) is not (F16 or BF16))
            throw d.Refuse(".relu exists for half types only");
        if (relu || Element(type) == BF16)
            d.Need(70, 80, $"{d.Operation}{type.Name()}");
        var (direction, element) = (Direction(rounding), Element(type));
        ulong Apply(ulong a, ulong b, ulong c)
        {
            if (ftz)
                (a, b, c) = (Floats.Flush(element, a), Floats.Flush(element, b), Floats.Flush(element, c));
            var result = Floats.Fma(element, a, b, c, direction);
            result = ftz ? Floats.Flush(element, result) : result;
            result = relu && (result & Floats.SignBit(element)) != 0 && !Floats.IsNaN(element, result) ? 0 : result;
            return sat ? Floats.Saturate(element, result) : result;
        }

        var (target, x, y, z) = (d.Target(type), d.Source(type), d.Source(type), d.Source(type));
        if (type == F32 && direction == Rounding.Nearest && !ftz && !sat)
            return new Map3(target, x, y, z, static (a, b, c) => Result(MathF.FusedMultiplyAdd(Single(a), Single(b), Single(c))));
        return type is F16X2 or BF16X2
            ? new Map3(target, x, y, z, (a, b, c) =>
                Apply(a & 0xffff, b & 0xffff, c & 0xffff) | Apply(a >> 16 & 0xffff, b >> 16 & 0xffff, c >> 16 & 0xffff) << 16)
            : new Map3(target, x, y, z, Apply);
    }

    public static Instruction Divide(Decoding d)
    {
        var mode = d.TakeOne("a rounding modifier, .approx or .full", "approx", "full", "rn", "rz", "rm", "rp");
        var ftz = d.Take("ftz");
        var type = d.Type(mode is "approx" or "full" ? [F32] : [F32, F64]);
        if (ftz && type == F64)
            throw d.Refuse("div.f64 has no .ftz");
        Func<ulong, ulong, ulong> function = mode is "approx" or "full"
            ? (a, b) => Approximations.Divide(a, b, mode == "full")
            : (a, b) => Floats.Divide(type, a, b, Direction(mode));
        return Build(d, type, Wrap(type, function, ftz, false));
    }

    private static Instruction Root(Decoding d, Func<ulong, ulong> approximate, Func<PtxType, ulong, Rounding, ulong> exact)
    {
        var mode = d.TakeOne("a rounding modifier or .approx", "approx", "rn", "rz", "rm", "rp");
        var ftz = d.Take("ftz");
        var type = d.Type(mode == "approx" ? [F32] : [F32, F64]);
        if (ftz && type == F64)
            throw d.Refuse($"{d.Operation}.f64 has no .ftz");
        return Build(d, type, Wrap(type, mode == "approx" ? approximate : a => exact(type, a, Direction(mode)), ftz));
    }

    private static Instruction Approximate(Decoding d, Func<ulong, ulong> function)
    {
        d.Require("approx");
        var ftz = d.Take("ftz");
        var type = d.Type(F32);
        return Build(d, type, Wrap(type, function, ftz));
    }

    private static Instruction Tanh(Decoding d)
    {
        d.Require("approx");
        d.Type(F32);
        d.Need(70, 75, "tanh.approx.f32");
        return Build(d, F32, Approximations.Tanh);
    }

    /// <summary>abs and neg change the sign bit alone.</summary>
    public static Instruction SignOnly(Decoding d)
    {
        var ftz = d.Take("ftz");
        var type = d.Type(F32, F64, F16, F16X2, BF16, BF16X2);
        if (ftz && (type == F64 || Element(type) == BF16))
            throw d.Refuse($"{d.Operation}{type.Name()} has no .ftz");
        if (Element(type) == BF16)
            d.Need(70, 80, $"{d.Operation}{type.Name()}");
        var (element, sign) = (Element(type), Floats.SignBit(Element(type)));
        return Build(d, type, Wrap(element, d.Operation == "abs" ? a => a & ~sign : a => a ^ sign, ftz));
    }

    public static Instruction Extremum(Decoding d)
    {
        var (ftz, nan) = (d.Take("ftz"), d.Take("NaN"));
        if (d.Take("xorsign"))
            throw d.Refuse(".xorsign is not emulated");
        var type = d.Type(F32, F64, F16, F16X2, BF16, BF16X2);
        if (type == F64 && (ftz || nan) || Element(type) == BF16 && ftz)
            throw d.Refuse($"{d.Operation}{type.Name()} does not have these modifiers");
        if (nan || Element(type) is F16 or BF16)
            d.Need(70, 80, $"{d.Operation}{(nan ? ".NaN" : "")}{type.Name()}");
        var (element, minimum) = (Element(type), d.Operation == "min");
        return Build(d, type, Wrap(element, (a, b) => Smaller(element, a, b, minimum, nan), ftz, false));
    }

    /// <summary>One NaN gives the other operand (or NaN with .NaN); -0 is less than +0.</summary>
    private static ulong Smaller(PtxType type, ulong a, ulong b, bool minimum, bool keepNaN)
    {
        var (x, y) = (Floats.ToDouble(type, a), Floats.ToDouble(type, b));
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            if (keepNaN || double.IsNaN(x) && double.IsNaN(y))
                return Floats.CanonicalNaN(type);
            return double.IsNaN(x) ? b : a;
        }

        var less = x < y || x == y && double.IsNegative(x);
        return less == minimum ? a : b;
    }

    private static Instruction CopySign(Decoding d)
    {
        var type = d.Type(F32, F64);
        var sign = Floats.SignBit(type);
        // The sign comes from the first operand, the value from the second.
        return Build(d, type, (a, b) => a & sign | b & ~sign);
    }

    private static Instruction Test(Decoding d)
    {
        var what = d.TakeOne("a property", "finite", "infinite", "number", "notanumber", "normal", "subnormal");
        var type = d.Type(F32, F64);
        return new Map1(d.Target(Pred), d.Source(type), a =>
        {
            var x = Floats.ToDouble(type, a);
            var subnormal = x != 0 && Math.Abs(x) < (type == F32 ? 1.1754943508222875e-38 : 2.2250738585072014e-308);
            return what switch
            {
                "finite" => double.IsFinite(x),
                "infinite" => double.IsInfinity(x),
                "number" => !double.IsNaN(x),
                "notanumber" => double.IsNaN(x),
                "normal" => double.IsFinite(x) && x != 0 && !subnormal, _ => subnormal,
            } ? 1UL : 0;
        });
    }

    /// <summary>The type of one element of a packed type.</summary>
    public static PtxType Element(PtxType type) => type switch { F16X2 => F16, BF16X2 => BF16, _ => type };

    private static Func<ulong, ulong> Wrap(PtxType type, Func<ulong, ulong> function, bool ftz) =>
        ftz ? a => Floats.Flush(type, function(Floats.Flush(type, a))) : function;

    private static Func<ulong, ulong, ulong> Wrap(PtxType type, Func<ulong, ulong, ulong> function, bool ftz, bool sat)
    {
        if (!ftz && !sat)
            return function;
        return (a, b) =>
        {
            var result = ftz ? Floats.Flush(type, function(Floats.Flush(type, a), Floats.Flush(type, b))) : function(a, b);
            return sat ? Floats.Saturate(type, result) : result;
        };
    }

    private static Map1 Build(Decoding d, PtxType type, Func<ulong, ulong> function)
    {
        var (target, source) = (d.Target(type), d.Source(type));
        return type is F16X2 or BF16X2
            ? new Map1(target, source, a => function(a & 0xffff) | function(a >> 16 & 0xffff) << 16)
            : new Map1(target, source, function);
    }

    private static Map2 Build(Decoding d, PtxType type, Func<ulong, ulong, ulong> function)
    {
        var (target, x, y) = (d.Target(type), d.Source(type), d.Source(type));
        return type is F16X2 or BF16X2
            ? new Map2(target, x, y, (a, b) => function(a & 0xffff, b & 0xffff) | function(a >> 16 & 0xffff, b >> 16 & 0xffff) << 16)
            : new Map2(target, x, y, function);
    }
}
