using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>ld and st with their qualifiers; ordering beyond that of barriers does not matter, for the emulator's memory is in
/// order.</summary>
internal static class LoadStoreDecoder
{
    private static readonly PtxType[] Types = [B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F32, F64];

    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["ld"] = Load, ["st"] = Store, ["ldu"] = LoadUniform, ["prefetch"] = Prefetch,
    };

    private static bool TakeOrder(Decoding d, string acquireOrRelease)
    {
        if (d.Take("weak"))
            return false;
        if (d.Take("volatile"))
            return true;
        if (d.TakeAny("relaxed", acquireOrRelease) is not { } order)
            return false;
        d.TakeOne($"a scope for .{order}", "cta", "cluster", "gpu", "sys");
        d.Need(60, 70, $"{d.Operation}.{order}");
        return true;
    }

    private static StateSpace TakeSpace(Decoding d) => d.TakeAny("global", "shared", "shared::cta", "local", "const", "param") switch
    {
        null => StateSpace.Generic,
        "global" => StateSpace.Global,
        "shared" or "shared::cta" => StateSpace.Shared,
        "local" => StateSpace.Local,
        "const" => StateSpace.Const,
        _ => StateSpace.Param,
    };

    private static void TakeHints(Decoding d, bool strong)
    {
        var cache = d.Operation == "ld" ? d.TakeAny("ca", "cg", "cs", "lu", "cv") : d.TakeAny("wb", "cg", "cs", "wt");
        if (strong && cache is not null)
            throw d.Refuse("cache operators belong to weak accesses");
        d.TakeAny("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate");
        if (d.Take("L2::cache_hint"))
            throw d.Refuse("cache policies are not emulated");
        if (d.Operation == "ld")
            d.TakeAny("L2::64B", "L2::128B", "L2::256B");
    }

    private static (int Count, PtxType Type) TakeShape(Decoding d)
    {
        var count = d.TakeAny("v2", "v4", "v8") switch { "v2" => 2, "v4" => 4, "v8" => 8, _ => 1 };
        var type = d.Type(Types);
        if (count * type.Size() > 16)
            throw d.Refuse($".v{count}{type.Name()} has {count * type.Size()} bytes; 16 are the limit");
        return count == 8 ? throw d.Refuse(".v8 is not emulated") : (count, type);
    }

    private static Instruction Load(Decoding d)
    {
        var strong = TakeOrder(d, "acquire");
        var space = TakeSpace(d);
        var asConstant = space == StateSpace.Global && !strong && TakeConstant(d);
        if (!asConstant)
            TakeHints(d, strong);
        var (count, type) = TakeShape(d);
        var targets = d.VectorOrOne(count).Select(
            o => o is NameOperand { Name: "_" } ? null : d.TargetRegister(o, type, relaxed: true)).ToArray();
        if (space == StateSpace.Param)
            return new LoadingParameter(targets!, type, (int)ParameterOffset(d, count * type.Size()));
        return new Loading(targets, type, d.Address(space), asConstant, strong);
    }

    /// <summary>ld.global{.cop}.nc and ld.global.nc with hints.</summary>
    private static bool TakeConstant(Decoding d)
    {
        var cache = d.TakeAny("ca", "cg", "cs");
        if (!d.Take("nc"))
        {
            // These are operators of the plain load too; its other qualifiers follow.
            if (cache is not null)
                d.TakeAny("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate");
            return false;
        }

        d.TakeAny("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate");
        d.TakeAny("L2::64B", "L2::128B", "L2::256B");
        return true;
    }

    private static long ParameterOffset(Decoding d, int bytes)
    {
        if (d.Next() is not AddressOperand { Base: { } name } address
            || d.Statement.Scope.Find(name) is not PtxVariable { Space: StateSpace.Param } parameter)
            throw d.Refuse("ld.param needs [parameter] or [parameter + offset]");
        if (address.Offset < 0 || address.Offset + bytes > parameter.Size)
            throw d.Refuse($"{bytes} bytes at offset {address.Offset} are not inside {name}, which has {parameter.Size}");
        var offset = parameter.Offset + address.Offset;
        if (offset % bytes != 0)
            throw d.Refuse($"offset {address.Offset} of {name} is not aligned to {bytes} bytes");
        return offset;
    }

    private static Instruction Store(Decoding d)
    {
        var strong = TakeOrder(d, "release");
        var space = TakeSpace(d);
        if (space is StateSpace.Const or StateSpace.Param)
            throw d.Refuse($"st.{space.ToString().ToLowerInvariant()} does not exist for entries");
        TakeHints(d, strong);
        var (count, type) = TakeShape(d);
        var address = d.Address(space);
        return new Storing([.. d.VectorOrOne(count).Select(o => d.Source(o, type, relaxed: true))], type, address, strong);
    }

    private static Instruction LoadUniform(Decoding d) => throw d.Refuse("ldu is not emulated: ld.global.nc has replaced it");

    private static Instruction Prefetch(Decoding d)
    {
        var space = TakeSpace(d);
        d.TakeOne("a cache level", "L1", "L2");
        d.Address(space);
        return new NoOperation();
    }
}

/// <summary>Has no effect that the emulator shows: fences (its memory is in order), prefetches, pauses.</summary>
internal sealed class NoOperation : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
    }
}

internal sealed class Loading(PtxRegister?[] targets, PtxType type, AddressSource address, bool asConstant, bool strong) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var (size, count) = (type.Size(), targets.Length);
        Span<ulong> values = stackalloc ulong[count];
        var rows = address.Rows(warp, lanes);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var (block, offset) = MemoryAccess.Resolve(warp, lane, address.Space, address.At(rows, lane), size * count);
            for (var i = 0; i < count; i++)
            {
                if (strong)
                    MemoryAccess.CheckStrong(warp, lane, block, offset + i * size, size, writes: false);
                values[i] = strong ? block.Read(offset + i * size, size)
                    : MemoryAccess.Load(warp, lane, block, offset + i * size, size, asConstant);
            }

            // Written after all reads: a target may hold the address.
            for (var i = 0; i < count; i++)
            {
                if (targets[i] is { } target)
                    warp.Row(target.Index)[lane] = type.IsSigned() ? (ulong)type.SignExtend(values[i]) & target.Type.Mask() : values[i];
            }
        }

        foreach (var target in targets)
        {
            if (target is not null)
                warp.SetDefined(target.Index, lanes);
        }
    }
}

internal sealed class LoadingParameter(PtxRegister[] targets, PtxType type, int offset) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (var i = 0; i < targets.Length; i++)
        {
            bytes.Clear();
            warp.Block.Launch.Parameters.AsSpan(offset + i * type.Size(), type.Size()).CopyTo(bytes);
            var value = BitConverter.ToUInt64(bytes);
            if (type.IsSigned())
                value = (ulong)type.SignExtend(value) & targets[i].Type.Mask();
            var row = warp.Row(targets[i].Index);
            for (var rest = lanes; rest != 0; rest &= rest - 1)
                row[BitOperations.TrailingZeroCount(rest)] = value;
            warp.SetDefined(targets[i].Index, lanes);
        }
    }
}

internal sealed class Storing(Source[] values, PtxType type, AddressSource address, bool strong) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var size = type.Size();
        var rows = address.Rows(warp, lanes);
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i].Read(warp, lanes);
            for (var rest = lanes; rest != 0; rest &= rest - 1)
            {
                var lane = BitOperations.TrailingZeroCount(rest);
                var (block, offset) = MemoryAccess.Resolve(warp, lane, address.Space, address.At(rows, lane), size * values.Length);
                offset += i * size;
                if (strong)
                {
                    MemoryAccess.CheckStrong(warp, lane, block, offset, size, writes: true);
                    block.Write(offset, size, value[lane]);
                }
                else
                {
                    MemoryAccess.Store(warp, lane, block, offset, size, value[lane]);
                }
            }
        }
    }
}
