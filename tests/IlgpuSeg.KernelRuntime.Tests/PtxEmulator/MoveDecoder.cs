using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>mov in its forms, and conversions between generic addresses and those of a state space.</summary>
internal static class MoveDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["mov"] = Move, ["cvta"] = ConvertAddress, ["isspacep"] = IsInSpace,
    };

    private static Instruction Move(Decoding d)
    {
        var type = d.Type(Pred, B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        var operands = d.Statement.Operands;
        if (operands.Count == 2 && operands[0] is VectorOperand)
            return Unpack(d, type);
        if (operands.Count == 2 && operands[1] is VectorOperand)
            return Pack(d, type);
        var target = d.Target(type);
        return new Map1(target, Variable(d, type) ?? d.Source(type), a => a & type.Mask());
    }

    /// <summary>The address of a variable within its state space.</summary>
    private static ConstantSource? Variable(Decoding d, PtxType type)
    {
        var (name, offset) = d.Statement.Operands.ElementAtOrDefault(1) switch
        {
            NameOperand { Second: null, Negated: false } plain => (plain.Name, 0L),
            SymbolOperand symbol => (symbol.Name, symbol.Offset),
            _ => ("", 0L),
        };
        if (d.Statement.Scope.Find(name) is not PtxVariable variable)
            return null;
        d.Next();
        if (variable.Space == StateSpace.Param)
            throw d.Refuse("the address of an entry's parameter is not emulated");
        if (type is not (B32 or U32 or B64 or U64 or S32 or S64))
            throw d.Refuse($"an address is no {type.Name()}");
        return new ConstantSource((ulong)(Decoding.AddressOf(variable) + offset));
    }

    private static PtxType Part(Decoding d, PtxType whole, int count) => (whole, count) switch
    {
        (B32, 2) or (B64, 4) => B16,
        (B64, 2) => B32,
        _ => throw d.Refuse($"mov{whole.Name()} does not pack or unpack {count} parts"),
    };

    private static Instruction Pack(Decoding d, PtxType type)
    {
        var target = d.Target(type);
        var elements = ((VectorOperand)d.Statement.Operands[1]).Elements;
        var part = Part(d, type, elements.Count);
        return new Packing(target, [.. d.Vector(elements.Count).Select(e => d.Source(e, part))], part.Bits());
    }

    private static Instruction Unpack(Decoding d, PtxType type)
    {
        var elements = ((VectorOperand)d.Statement.Operands[0]).Elements;
        var part = Part(d, type, elements.Count);
        var targets = d.Vector(elements.Count).Select(e => d.TargetOrSink(e, part)).ToArray();
        return new Unpacking(targets, d.Source(type), part.Bits());
    }

    private static Instruction ConvertAddress(Decoding d)
    {
        var toSpace = d.Take("to");
        var space = Space(d, d.TakeOne("a state space", "global", "shared", "shared::cta", "local", "const", "param"));
        var type = d.Type(U32, U64);
        if (type == U32)
            throw d.Refuse("addresses have 64 bits here: cvta.u64");
        var (target, window) = (d.Target(U64), Window(space));
        if (!toSpace && Variable(d, U64) is { } variable)
        {
            var declared = (PtxVariable)d.Statement.Scope.Find(((NameOperand)d.Statement.Operands[1]).Name)!;
            return declared.Space == space
                ? new Map1(target, variable, a => a + window)
                : throw d.Refuse($"{declared.Name} lives in .{declared.Space.ToString().ToLowerInvariant()}");
        }

        return new AddressConversion(target, d.Source(U64), space, toSpace ? 0 - window : window, toSpace);
    }

    public static StateSpace Space(Decoding d, string name) => name switch
    {
        "global" => StateSpace.Global,
        "shared" or "shared::cta" => StateSpace.Shared,
        "local" => StateSpace.Local,
        "const" => StateSpace.Const,
        _ => throw d.Refuse($"generic addresses of .{name} are not emulated"),
    };

    public static ulong Window(StateSpace space) => space switch
    {
        StateSpace.Shared => DeviceMemory.SharedWindow,
        StateSpace.Local => DeviceMemory.LocalWindow,
        StateSpace.Const => DeviceMemory.ConstWindow,
        _ => 0,
    };

    private static Instruction IsInSpace(Decoding d)
    {
        var space = Space(d, d.TakeOne("a state space", "global", "shared", "shared::cta", "local", "const"));
        return new Map1(d.Target(Pred), d.Source(U64), a => InWindow(space, a) ? 1UL : 0);
    }

    public static bool InWindow(StateSpace space, ulong address)
    {
        if (space != StateSpace.Global)
            return address - Window(space) < DeviceMemory.WindowSize;
        return !InWindow(StateSpace.Shared, address) && !InWindow(StateSpace.Local, address) && !InWindow(StateSpace.Const, address);
    }
}

/// <summary>Several registers become one, the first in the lowest bits.</summary>
internal sealed class Packing(int target, Source[] parts, int bits) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        Span<ulong> packed = stackalloc ulong[32];
        for (var i = 0; i < parts.Length; i++)
        {
            var part = parts[i].Read(warp, lanes);
            for (var lane = 0; lane < 32; lane++)
                packed[lane] |= (part[lane] & (1UL << bits) - 1) << bits * i;
        }

        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
            row[BitOperations.TrailingZeroCount(rest)] = packed[BitOperations.TrailingZeroCount(rest)];
        warp.SetDefined(target, lanes);
    }
}

/// <summary>One register becomes several.</summary>
internal sealed class Unpacking(int[] targets, Source source, int bits) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        Span<ulong> whole = stackalloc ulong[32];
        source.Read(warp, lanes).CopyTo(whole);
        for (var i = 0; i < targets.Length; i++)
        {
            if (targets[i] < 0)
                continue;
            var row = warp.Row(targets[i]);
            for (var rest = lanes; rest != 0; rest &= rest - 1)
            {
                var lane = BitOperations.TrailingZeroCount(rest);
                row[lane] = whole[lane] >> bits * i & (1UL << bits) - 1;
            }

            warp.SetDefined(targets[i], lanes);
        }
    }
}

/// <summary>cvta: an address that does not belong to the state space named makes a fault.</summary>
internal sealed class AddressConversion(int target, Source source, StateSpace space, ulong difference, bool toSpace) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var addresses = source.Read(warp, lanes);
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var address = addresses[lane];
            if (toSpace ? !MoveDecoder.InWindow(space, address) : space != StateSpace.Global && address >= DeviceMemory.WindowSize)
                throw warp.Fault(1u << lane, $"{address:x} is not an address of {space.ToString().ToLowerInvariant()} memory");
            row[lane] = address + difference;
        }

        warp.SetDefined(target, lanes);
    }
}
