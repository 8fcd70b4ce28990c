using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>atom, red, and the fences.</summary>
internal static class AtomicDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["atom"] = d => Atomic(d, true), ["red"] = d => Atomic(d, false), ["membar"] = MemoryBarrier, ["fence"] = Fence,
    };

    private static Instruction Atomic(Decoding d, bool returns)
    {
        if (d.TakeAny("relaxed", "acquire", "release", "acq_rel") is { } order)
        {
            if (!returns && order is "acquire" or "acq_rel")
                throw d.Refuse("red is .relaxed or .release");
            d.Need(60, 70, $"{d.Operation}.{order}");
        }

        if (d.TakeAny("cta", "cluster", "gpu", "sys") is not null)
            d.Need(50, 60, $"{d.Operation} with a scope");
        var space = d.TakeAny("global", "shared", "shared::cta") switch
        {
            null => StateSpace.Generic, "global" => StateSpace.Global, _ => StateSpace.Shared,
        };
        var operation = d.TakeOne("an operation", "add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec");
        if (!returns && operation is "exch" or "cas")
            throw d.Refuse($"red.{operation} does not exist");
        var noFlush = d.Take("noftz");
        var type = d.Type(Types(operation));
        CheckTarget(d, operation, type, noFlush);
        var target = !returns ? -1 : d.TargetOrSink(d.Next(), type);
        var address = d.Address(space);
        var value = d.Source(type);
        var second = operation == "cas" ? d.Source(type) : null;
        return new Updating(target, address, value, second, type, Function(operation, type));
    }

    private static PtxType[] Types(string operation) => operation switch
    {
        "add" => [U32, S32, U64, F32, F64, F16, F16X2, BF16, BF16X2],
        "min" or "max" => [U32, S32, U64, S64],
        "and" or "or" or "xor" or "exch" => [B32, B64],
        "cas" => [B16, B32, B64],
        _ => [U32],
    };

    private static void CheckTarget(Decoding d, string operation, PtxType type, bool noFlush)
    {
        var half = FloatDecoder.Element(type) is F16 or BF16;
        if (half != noFlush)
            throw d.Refuse(half ? $"{d.Operation}.add{type.Name()} needs .noftz" : ".noftz belongs to half types");
        if (type == F64)
            d.Need(50, 60, "atomic addition of .f64");
        if (FloatDecoder.Element(type) == F16 || operation == "cas" && type == B16)
            d.Need(63, 70, $"{d.Operation}.{operation}{type.Name()}");
        if (FloatDecoder.Element(type) == BF16)
            d.Need(78, 90, $"{d.Operation}.{operation}{type.Name()}");
    }

    /// <summary>The new value from the old one and the operands; null to leave it (a cas that fails).</summary>
    private static Func<ulong, ulong, ulong, ulong?> Function(string operation, PtxType type)
    {
        if (operation == "add" && type.IsFloat())
        {
            var element = FloatDecoder.Element(type);
            return type == element
                ? (old, a, _) => Floats.Add(element, old, a, Rounding.Nearest)
                : (old, a, _) => Floats.Add(element, old & 0xffff, a & 0xffff, Rounding.Nearest) | Floats.Add(
                    element, old >> 16, a >> 16, Rounding.Nearest) << 16;
        }

        bool Less(ulong a, ulong b) => type.IsSigned() ? type.SignExtend(a) < type.SignExtend(b) : a < b;
        return operation switch
        {
            "add" => (old, a, _) => old + a & type.Mask(),
            "min" => (old, a, _) => Less(a, old) ? a : old,
            "max" => (old, a, _) => Less(old, a) ? a : old,
            "and" => (old, a, _) => old & a,
            "or" => (old, a, _) => old | a,
            "xor" => (old, a, _) => old ^ a,
            "exch" => (_, a, _) => a,
            "cas" => (old, a, b) => old == a ? b : null,
            "inc" => (old, a, _) => old >= a ? 0 : old + 1,
            _ => (old, a, _) => old == 0 || old > a ? a : old - 1,
        };
    }

    private static Instruction MemoryBarrier(Decoding d)
    {
        d.TakeOne("a scope", "cta", "gl", "sys");
        return new NoOperation();
    }

    private static Instruction Fence(Decoding d)
    {
        d.Need(60, 70, "fence");
        if (d.Take("proxy"))
            throw d.Refuse("proxies are not emulated");
        d.TakeAny("sc", "acq_rel");
        d.TakeOne("a scope", "cta", "cluster", "gpu", "sys");
        return new NoOperation();
    }
}

/// <summary>Reads, changes and writes a word, lane after lane.</summary>
internal sealed class Updating(
    int target, AddressSource address, Source value, Source? second, PtxType type, Func<ulong, ulong, ulong, ulong?> function)
        : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var rows = address.Rows(warp, lanes);
        var a = value.Read(warp, lanes);
        var b = second is null ? a : second.Read(warp, lanes);
        Span<ulong> old = stackalloc ulong[32];
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var (block, offset) = MemoryAccess.Resolve(warp, lane, address.Space, address.At(rows, lane), type.Size());
            var (x, y) = (a[lane] & type.Mask(), b[lane] & type.Mask());
            old[lane] = MemoryAccess.Update(warp, lane, block, offset, type.Size(), was => function(was, x, y));
        }

        if (target < 0)
            return;
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
            row[BitOperations.TrailingZeroCount(rest)] = old[BitOperations.TrailingZeroCount(rest)];
        warp.SetDefined(target, lanes);
    }
}
