using System.Globalization;
using System.Numerics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Addresses, loads and stores. Constant distances go into the instruction: [register + distance].</summary>
internal sealed partial class PtxEmitter
{
    private static string MemorySuffix(MemoryType memory) => memory switch
    {
        MemoryType.Int8 => "s8",
        MemoryType.UInt8 => "u8",
        MemoryType.Int16 => "s16",
        MemoryType.UInt16 => "u16",
        MemoryType.Int32 => "b32",
        MemoryType.Float32 => "f32",
        MemoryType.Float64 => "f64",
        _ => "b64",
    };

    private static string SpaceSuffix(AddressSpace space) => space switch
    {
        AddressSpace.Global => ".global",
        AddressSpace.Shared => ".shared",
        AddressSpace.Local => ".local",
        _ => "",
    };

    private void Address(Value value)
    {
        if (!NeedsRegister(value))
        {
            return;
        }

        var narrow = value.Space == AddressSpace.Shared;
        var type = narrow ? "s32" : "s64";
        if (value.Op != Op.PtrAdd)
        {
            var (name, offset) = _layout.Place(value);
            Line($"mov.{(narrow ? "u32" : "u64")} {Name(value)}, {name}{(offset == 0 ? "" : $"+{offset}")}");
            return;
        }

        var pointer = AsPointerIn(value.Args[0], value.Space);
        if (value.Args.Length > 1)
        {
            AddIndex(Name(value), pointer, value.Args[1], value.Scale, narrow);
            pointer = Name(value);
        }

        if (value.Imm != 0 || value.Args.Length == 1)
        {
            Line($"add.{type} {Name(value)}, {pointer}, {value.Imm.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private void AddIndex(string target, string pointer, Value index, int scale, bool narrow)
    {
        var number = Use(index);
        if (narrow)
        {
            if (index.Type == IrType.Int64)
            {
                number = Temporary(RegisterClass.Bits32);
                Line($"cvt.u32.u64 {number}, {Use(index)}");
            }

            Line(scale == 1 ? $"add.s32 {target}, {pointer}, {number}" : $"mad.lo.s32 {target}, {number}, {scale}, {pointer}");
        }
        else if (index.Type == IrType.Int32)
        {
            Line($"mad.wide.s32 {target}, {number}, {scale}, {pointer}");
        }
        else if (scale == 1)
        {
            Line($"add.s64 {target}, {pointer}, {number}");
        }
        else if (BitOperations.IsPow2(scale))
        {
            var bytes = Temporary(RegisterClass.Bits64);
            Line($"shl.b64 {bytes}, {number}, {BitOperations.Log2((uint)scale)}");
            Line($"add.s64 {target}, {pointer}, {bytes}");
        }
        else
        {
            Line($"mad.lo.s64 {target}, {number}, {scale}, {pointer}");
        }
    }

    /// <summary>Whether anything needs the address itself: accesses take a base and a distance.</summary>
    private bool NeedsRegister(Value pointer)
    {
        if (pointer is { Op: Op.PtrAdd, Args.Length: > 1 })
        {
            return true;
        }

        // Where the distance is too far for an instruction the base of the access is this value itself.
        if (pointer.Op == Op.PtrAdd && AccessGroups.Split(pointer).Base == pointer)
        {
            return true;
        }

        return _users.GetValueOrDefault(pointer)?.Exists(user => user.Op switch
        {
            Op.Load or Op.AsyncCopy or Op.LoadMatrix => false,
            Op.Store or Op.Atomic => Array.IndexOf(user.Args, pointer, 1) > 0,
            Op.PtrAdd => user.Args.Length > 1 || AccessGroups.Split(user).Base == user || NeedsRegister(user),
            _ => true,
        }) ?? false;
    }

    /// <summary>[base + distance]</summary>
    private string Place(Value pointer)
    {
        var (root, offset) = AccessGroups.Split(pointer);
        var name = "";
        if (root.Op is Op.Local or Op.Shared or Op.DynamicShared)
        {
            (name, var start) = _layout.Place(root);
            offset += start;
        }
        else
        {
            name = UseRegister(root);
        }

        return offset == 0 ? $"[{name}]" : $"[{name}+{offset.ToString(CultureInfo.InvariantCulture)}]";
    }

    /// <summary>A pointer in the form of a state space: generic where it comes from another.</summary>
    private string AsPointerIn(Value pointer, AddressSpace space)
    {
        if (pointer.IsConstant || pointer.Space == space)
        {
            return Use(pointer);
        }

        if (space != AddressSpace.Generic)
        {
            throw new InvalidOperationException($"A pointer in {pointer.Space} memory where {space} is expected.");
        }

        var generic = Temporary(RegisterClass.Bits64);
        var address = Use(pointer);
        if (pointer.Space == AddressSpace.Shared)
        {
            Line($"cvt.u64.u32 {generic}, {address}");
            address = generic;
        }

        Line($"cvta{SpaceSuffix(pointer.Space)}.u64 {generic}, {address}");
        return generic;
    }

    private void Access(Value value)
    {
        Value[] members = [value];
        if (_groups.Of(value) is { } group)
        {
            if (group.Anchor != value)
            {
                return;
            }

            members = group.Members;
        }

        var vector = members.Length > 1 ? $".v{members.Length}" : "";
        var suffix = $"{vector}.{MemorySuffix(value.Memory)}";
        var space = SpaceSuffix(AddressSpaces.Accessed(value));
        if (value.Op == Op.Load)
        {
            var targets = Braced([.. members.Select(Name)]);
            var place = Place(members[0].Args[0]);
            Line($"ld{space}{(_isConstant(value) ? ".nc" : "")}{suffix} {targets}, {place}");
            return;
        }

        // Pointers in memory are generic.
        string[] sources = [.. members.Select(m => m.Memory == MemoryType.Pointer ? AsPointerIn(m.Args[1], AddressSpace.Generic)
            : members.Length > 1 ? UseRegister(m.Args[1]) : Use(m.Args[1]))];
        Line($"st{space}{suffix} {Place(members[0].Args[0])}, {Braced(sources)}");
    }

    private static string Braced(string[] operands) => operands.Length == 1 ? operands[0] : $"{{{string.Join(", ", operands)}}}";
}
