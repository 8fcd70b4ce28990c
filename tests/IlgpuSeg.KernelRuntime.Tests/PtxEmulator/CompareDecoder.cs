using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Comparison and selection.</summary>
internal static class CompareDecoder
{
    private static readonly string[] Operators =
        ["eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"];

    private static readonly PtxType[] Comparable = [B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64, F16, BF16];

    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["setp"] = SetPredicate, ["set"] = Set, ["selp"] = Select, ["slct"] = SelectBySign,
    };

    private static Func<ulong, ulong, bool> Comparison(Decoding d, string operation, PtxType type, bool ftz)
    {
        if (type.IsFloat())
            return FloatComparison(d, operation, type, ftz);
        if (ftz)
            throw d.Refuse(".ftz belongs to .f32");
        if (operation is "eq" or "ne")
            return operation == "eq" ? (a, b) => ((a ^ b) & type.Mask()) == 0 : (a, b) => ((a ^ b) & type.Mask()) != 0;
        var allowed = type.IsBits() ? [] : type.IsUnsigned() ? ["lt", "le", "gt", "ge", "lo", "ls", "hi", "hs"]
            : new[] { "lt", "le", "gt", "ge" };
        if (!allowed.Contains(operation))
            throw d.Refuse($"comparison .{operation} does not exist for {type.Name()}");
        int Order(ulong a, ulong b) =>
            type.IsSigned() ? type.SignExtend(a).CompareTo(type.SignExtend(b)) : (a & type.Mask()).CompareTo(b & type.Mask());
        return operation switch
        {
            "lt" or "lo" => (a, b) => Order(a, b) < 0,
            "le" or "ls" => (a, b) => Order(a, b) <= 0,
            "gt" or "hi" => (a, b) => Order(a, b) > 0,
            _ => (a, b) => Order(a, b) >= 0,
        };
    }

    private static Func<ulong, ulong, bool> FloatComparison(Decoding d, string operation, PtxType type, bool ftz)
    {
        if (ftz && type is not (F32 or F16))
            throw d.Refuse($".ftz does not exist for {type.Name()}");
        if (type == BF16)
            d.Need(78, 90, "comparison of .bf16");
        Func<double, double, bool> compare = operation switch
        {
            "eq" => (a, b) => a == b,
            "ne" => (a, b) => a < b || a > b,
            "lt" => (a, b) => a < b,
            "le" => (a, b) => a <= b,
            "gt" => (a, b) => a > b,
            "ge" => (a, b) => a >= b,
            // The unordered forms are true when an operand is NaN.
            "equ" => (a, b) => !(a < b || a > b),
            "neu" => (a, b) => a != b,
            "ltu" => (a, b) => !(a >= b),
            "leu" => (a, b) => !(a > b),
            "gtu" => (a, b) => !(a <= b),
            "geu" => (a, b) => !(a < b),
            "num" => (a, b) => !double.IsNaN(a) && !double.IsNaN(b),
            "nan" => (a, b) => double.IsNaN(a) || double.IsNaN(b),
            _ => throw d.Refuse($"comparison .{operation} does not exist for {type.Name()}"),
        };
        double Value(ulong bits) => Floats.ToDouble(type, ftz ? Floats.Flush(type, bits) : bits);
        return (a, b) => compare(Value(a), Value(b));
    }

    private static Func<ulong, ulong, ulong> Combination(string? operation) => operation switch
    {
        "and" => (t, c) => t & c, "or" => (t, c) => t | c, "xor" => (t, c) => t ^ c, _ => (t, _) => t,
    };

    private static Instruction SetPredicate(Decoding d)
    {
        var operation = d.TakeOne("a comparison", Operators);
        var combine = d.TakeAny("and", "or", "xor");
        var ftz = d.Take("ftz");
        var type = d.Type(Comparable);
        var compare = Comparison(d, operation, type, ftz);
        var (first, second) = d.TargetPair(Pred, Pred);
        if (first < 0 && second < 0)
            throw d.Refuse("setp needs a predicate to write to");
        var (a, b) = (d.Source(type), d.Source(type));
        return new Comparing(first, second, a, b, combine is null ? null : d.Source(Pred), compare, Combination(combine));
    }

    private static Instruction Set(Decoding d)
    {
        var operation = d.TakeOne("a comparison", Operators);
        var combine = d.TakeAny("and", "or", "xor");
        var ftz = d.Take("ftz");
        var result = d.Type(U32, S32, F32);
        var type = d.Type(Comparable);
        var compare = Comparison(d, operation, type, ftz);
        var combination = Combination(combine);
        // True is all ones for integers, 1.0 for floats.
        var whenTrue = result == F32 ? Floats.Round(F32, 1.0) : uint.MaxValue;
        var (target, a, b) = (d.Target(result), d.Source(type), d.Source(type));
        return combine is null
            ? new Map2(target, a, b, (x, y) => compare(x, y) ? whenTrue : 0)
            : new Map3(target, a, b, d.Source(Pred), (x, y, c) => combination(compare(x, y) ? 1UL : 0, c) != 0 ? whenTrue : 0);
    }

    private static Instruction Select(Decoding d)
    {
        var type = d.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        return new Selecting(d.Target(type), d.Source(type), d.Source(type), d.Source(Pred), static c => c != 0);
    }

    private static Instruction SelectBySign(Decoding d)
    {
        var ftz = d.Take("ftz");
        var type = d.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        var by = d.Type(S32, F32);
        if (ftz && by != F32)
            throw d.Refuse(".ftz belongs to slct with .f32");
        var (target, a, b, c) = (d.Target(type), d.Source(type), d.Source(type), d.Source(by));
        return by == S32
            ? new Selecting(target, a, b, c, static v => (int)v >= 0)
            : new Selecting(target, a, b, c, v => Floats.ToDouble(F32, ftz ? Floats.Flush(F32, v) : v) >= 0);
    }
}

/// <summary>p|q = comparison combined with c, and the comparison's opposite combined with c.</summary>
internal sealed class Comparing(
    int first, int second, Source a, Source b, Source? c, Func<ulong, ulong, bool> compare, Func<ulong, ulong, ulong> combine)
        : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var x = a.Read(warp, lanes);
        var y = b.Read(warp, lanes);
        var z = c is null ? x : c.Read(warp, lanes);
        Span<ulong> results = stackalloc ulong[32];
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var t = compare(x[lane], y[lane]) ? 1UL : 0;
            results[lane] = combine(t, z[lane]) | combine(t ^ 1, z[lane]) << 1;
        }

        // Written at the end: c may be one of the targets.
        Write(warp, first, lanes, results, 0);
        Write(warp, second, lanes, results, 1);
    }

    private static void Write(Warp warp, int target, uint lanes, ReadOnlySpan<ulong> results, int bit)
    {
        if (target < 0)
            return;
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            row[lane] = results[lane] >> bit & 1;
        }

        warp.SetDefined(target, lanes);
    }
}

/// <summary>d = c ? a : b. Only the chosen operand must have a value: code that turns branches into selections computes both.</summary>
internal sealed class Selecting(int target, Source a, Source b, Source c, Func<ulong, bool> first) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var choice = c.Read(warp, lanes);
        var fromA = 0u;
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            if (first(choice[lane]))
                fromA |= 1u << lane;
        }

        var missing = fromA & ~a.DefinedLanes(warp) | lanes & ~fromA & ~b.DefinedLanes(warp);
        if (missing != 0)
            throw warp.Fault(missing, "the selected operand is read before it has a value");
        var x = a.Peek(warp, lanes);
        var y = b.Peek(warp, lanes);
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            row[lane] = (fromA >> lane & 1) != 0 ? x[lane] : y[lane];
        }

        warp.SetDefined(target, lanes);
    }
}
