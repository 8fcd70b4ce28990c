using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// cvt. A rounding modifier is mandatory from floating point to integer (.rni, .rzi, .rmi, .rpi), from integer to floating point and to a
/// smaller floating-point format (.rn, .rz, .rm, .rp), and forbidden where nothing can be rounded.
/// </summary>
internal static class ConvertDecoder
{
    private static readonly PtxType[] All = [U8, U16, U32, U64, S8, S16, S32, S64, BF16, F16, F32, F64, F16X2, BF16X2, TF32];

    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder> { ["cvt"] = Convert };

    private static Instruction Convert(Decoding d)
    {
        var integerRounding = d.TakeAny("rni", "rzi", "rmi", "rpi");
        var rounding = integerRounding is null ? d.TakeAny("rn", "rz", "rm", "rp", "rna") : null;
        var (ftz, sat, relu, satFinite) = (d.Take("ftz"), d.Take("sat"), d.Take("relu"), d.Take("satfinite"));
        if (satFinite)
            throw d.Refuse(".satfinite is not emulated");
        var (to, from) = (d.Type(All), d.Type(All));
        if (to is F16X2 or BF16X2)
            return Pair(d, to, from, rounding, relu);
        if (from is F16X2 or BF16X2 or TF32)
            throw d.Refuse($"cvt from {from.Name()} does not exist");
        if (relu && to is not (F16 or BF16))
            throw d.Refuse(".relu needs a half type as its result");
        CheckRounding(d, to, from, integerRounding, rounding);
        if (ftz && to != F32 && from != F32)
            throw d.Refuse(".ftz needs .f32 on one side");
        if (to == BF16 && from == F32 || to == TF32 && rounding == "rna")
            d.Need(70, 80, $"cvt{to.Name()}{from.Name()}");
        else if (to is BF16 or TF32 || from == BF16)
            d.Need(78, 90, $"cvt{to.Name()}{from.Name()}");
        var (target, source) = (d.TargetRegister(d.Next(), to, relaxed: true), d.Source(from, relaxed: true));
        var function = Function(to, from, Direction(integerRounding ?? rounding), integerRounding is not null, ftz, sat);
        var width = target.Type;
        // A wider register gets the sign or zeros.
        return new Map1(target.Index, source, a =>
        {
            var result = function(a & from.Mask());
            if (relu && (result & Floats.SignBit(to)) != 0)
                result = Floats.IsNaN(to, result) ? result : 0;
            return to.IsSigned() ? (ulong)to.SignExtend(result) & width.Mask() : result;
        });
    }

    private static Rounding Direction(string? modifier) => modifier switch
    {
        "rn" or "rni" or null => Rounding.Nearest,
        "rz" or "rzi" => Rounding.Zero,
        "rm" or "rmi" => Rounding.Down,
        "rp" or "rpi" => Rounding.Up,
        _ => Rounding.NearestAway,
    };

    private static void CheckRounding(Decoding d, PtxType to, PtxType from, string? integerRounding, string? rounding)
    {
        var name = $"cvt{to.Name()}{from.Name()}";
        if (to == TF32)
        {
            if (from != F32 || rounding is not ("rna" or "rn" or "rz"))
                throw d.Refuse("conversion to .tf32 comes from .f32 and needs .rna, .rn or .rz");
            return;
        }

        if (rounding == "rna")
            throw d.Refuse(".rna belongs to conversions to .tf32");
        if (!to.IsFloat() && !from.IsFloat())
        {
            if ((integerRounding ?? rounding) is not null)
                throw d.Refuse($"{name} rounds nothing: no rounding modifier");
        }
        else if (!to.IsFloat())
        {
            if (integerRounding is null)
                throw d.Refuse($"{name} needs an integer rounding modifier: .rni, .rzi, .rmi or .rpi");
        }
        else if (!from.IsFloat() || Narrows(to, from))
        {
            if (rounding is null)
                throw d.Refuse($"{name} needs a rounding modifier: .rn, .rz, .rm or .rp");
            if (to == BF16 && from == F32 && rounding is not ("rn" or "rz"))
                throw d.Refuse($"{name} rounds with .rn or .rz only");
        }
        else if (rounding is not null || integerRounding is not null && to != from)
        {
            throw d.Refuse($"{name} is exact: no rounding modifier");
        }
    }

    /// <summary>Between the two half formats values may be lost either way.</summary>
    private static bool Narrows(PtxType to, PtxType from) => to.Size() < from.Size() || to != from && to.Size() == from.Size();

    private static Func<ulong, ulong> Function(PtxType to, PtxType from, Rounding rounding, bool toIntegral, bool ftz, bool sat)
    {
        if (!to.IsFloat())
            return from.IsFloat()
                ? a => ToInteger(to, from, ftz ? FlushSingle(from, a) : a, rounding)
                : a => BetweenIntegers(to, from, a, sat);
        Func<ulong, ulong> convert = from.IsFloat()
            ? a => BetweenFloats(to, from, ftz ? FlushSingle(from, a) : a, rounding, toIntegral)
            : a => FromInteger(to, from.IsSigned() ? from.SignExtend(a) : (BigInteger)a, rounding);
        return a =>
        {
            var result = convert(a);
            result = ftz ? FlushSingle(to, result) : result;
            return sat ? Floats.Saturate(to, result) : result;
        };
    }

    private static ulong FlushSingle(PtxType type, ulong bits) => type == F32 ? Floats.Flush(F32, bits) : bits;

    private static ulong BetweenIntegers(PtxType to, PtxType from, ulong a, bool sat)
    {
        BigInteger value = from.IsSigned() ? from.SignExtend(a) : a;
        if (sat)
            value = BigInteger.Clamp(value, Least(to), Greatest(to));
        return (ulong)(value & to.Mask());
    }

    private static BigInteger Least(PtxType type) => type.IsSigned() ? -(BigInteger.One << (type.Bits() - 1)) : 0;

    private static BigInteger Greatest(PtxType type) => (BigInteger.One << (type.Bits() - (type.IsSigned() ? 1 : 0))) - 1;

    /// <summary>Saturates always. NaN gives 0, but the top bit alone when the source is .f64 or the result has 64 bits.</summary>
    private static ulong ToInteger(PtxType to, PtxType from, ulong a, Rounding rounding)
    {
        var value = Floats.ToDouble(from, a);
        if (double.IsNaN(value))
            return from == F64 || to.Size() == 8 ? 1UL << (to.Bits() - 1) : 0;
        if (double.IsInfinity(value))
            return (ulong)((value > 0 ? Greatest(to) : Least(to)) & to.Mask());
        return (ulong)(BigInteger.Clamp(new BigInteger(ToIntegral(value, rounding)), Least(to), Greatest(to)) & to.Mask());
    }

    private static double ToIntegral(double value, Rounding rounding) => rounding switch
    {
        Rounding.Nearest => Math.Round(value, MidpointRounding.ToEven),
        Rounding.Zero => Math.Truncate(value),
        Rounding.Down => Math.Floor(value),
        _ => Math.Ceiling(value),
    };

    private static ulong FromInteger(PtxType to, BigInteger value, Rounding rounding) =>
        value.IsZero ? 0 : Floats.Round(to, new Exact(value, 0), rounding);

    private static ulong BetweenFloats(PtxType to, PtxType from, ulong a, Rounding rounding, bool toIntegral)
    {
        var value = Floats.ToDouble(from, a);
        if (toIntegral && double.IsFinite(value))
            value = Math.CopySign(ToIntegral(value, rounding), value);
        return to == from && !toIntegral ? a : Floats.Round(to, value, rounding);
    }

    /// <summary>d = {high: a, low: b}.</summary>
    private static Instruction Pair(Decoding d, PtxType to, PtxType from, string? rounding, bool relu)
    {
        if (from != F32 || rounding is not ("rn" or "rz"))
            throw d.Refuse($"conversion to {to.Name()} comes from two .f32 and needs .rn or .rz");
        d.Need(70, 80, $"cvt{to.Name()}.f32");
        var (element, direction) = (FloatDecoder.Element(to), Direction(rounding));
        ulong One(ulong a)
        {
            var result = Floats.Round(element, Floats.ToDouble(F32, a), direction);
            return relu && (result & 0x8000) != 0 && !Floats.IsNaN(element, result) ? 0 : result;
        }

        return new Map2(d.Target(to), d.Source(F32), d.Source(F32), (a, b) => One(a) << 16 | One(b));
    }
}
