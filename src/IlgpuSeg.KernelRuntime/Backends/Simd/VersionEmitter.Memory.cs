using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Loads, stores and atomics by the shape of their address.</summary>
internal sealed partial class VersionEmitter
{
    private static Type NarrowType(MemoryType memory) => memory switch
    {
        MemoryType.Int8 => typeof(sbyte),
        MemoryType.UInt8 => typeof(byte),
        MemoryType.Int16 => typeof(short),
        _ => typeof(ushort),
    };

    private static bool IsNarrow(MemoryType memory) => memory <= MemoryType.UInt16;

    private bool IsConsecutive(Value pointer, MemoryType memory) =>
        IsDense(pointer, memory) && !IsNarrow(memory);

    // 16-bit elements side by side, in a block where all lanes are on: one access of half a vector.
    private bool IsConsecutive16(Value pointer, MemoryType memory) =>
        memory.Size() == 2 && IsDense(pointer, memory) && !_flow.IsMasked(_block);

    private bool IsDense(Value pointer, MemoryType memory) =>
        ShapeOf(pointer) is { Kind: ShapeKind.Affine, Stride: var stride } && stride == memory.Size();

    private LocalBuilder? Mask => _il.IsDry || !_flow.IsMasked(_block) ? null : _ownMask[_flow.OwnerOf(_block).Index];

    private void PushMask()
    {
        if (Mask is { } mask)
        {
            _il.Emit(OpCodes.Ldloc, mask);
        }
        else
        {
            _il.Call(_il.Width.MaskType, "get_AllBitsSet", null);
        }
    }

    private void VectorLoad(Value value)
    {
        var memory = value.Memory;
        var suffix = memory.Size() == 8 ? "64" : "32";
        var element = Il.ElementOf(value.Type);
        if (IsConsecutive(value.Args[0], memory))
        {
            Push(value.Args[0], Form.Scalar);
            if (_flow.IsMasked(_block))
            {
                PushMask();
                _il.Call(_il.Width.Memory, "LoadMasked" + suffix, element, typeof(byte*), _il.Width.MaskType);
            }
            else
            {
                _il.Call(_il.Width.Memory, "Load" + suffix, element, typeof(byte*));
            }

            return;
        }

        if (IsConsecutive16(value.Args[0], memory))
        {
            Push(value.Args[0], Form.Scalar);
            _il.Call(_il.Width.Memory, memory == MemoryType.UInt16 ? "LoadUInt16" : "LoadInt16", null, typeof(byte*));
            return;
        }

        if (suffix == "32" && !IsNarrow(memory) && TryIndexed(value.Args[0]) is { } index)
        {
            PushIndexedBase(value.Args[0], index);
            Push(index.Args[1], Form.Vector);
            if (_flow.IsMasked(_block))
            {
                PushMask();
                _il.Call(_il.Width.Memory, "GatherIndexedMasked32", element, typeof(byte*), _il.Width.MaskType, _il.Width.MaskType);
            }
            else
            {
                _il.Call(_il.Width.Memory, "GatherIndexed32", element, typeof(byte*), _il.Width.MaskType);
            }

            return;
        }

        Push(value.Args[0], Form.Vector);
        PushMask();
        _il.Call(_il.Width.Memory, IsNarrow(memory) ? "GatherNarrow" : "Gather" + suffix,
            IsNarrow(memory) ? NarrowType(memory) : element, typeof(Vector512<long>), _il.Width.MaskType);
    }

    /// <summary>The part of an address that varies, if it is one Int32 index scaled by 4 and the rest is uniform.</summary>
    private Value? TryIndexed(Value pointer)
    {
        while (pointer.Op == Op.PtrAdd)
        {
            if (pointer.Args.Length > 1 && !ShapeOf(pointer.Args[1]).IsUniform)
            {
                return pointer.Scale == 4 && pointer.Args[1].Type == IrType.Int32 && ShapeOf(pointer.Args[0]).IsUniform ? pointer : null;
            }

            pointer = pointer.Args[0];
        }

        return null;
    }

    // The uniform rest of such an address.
    private void PushIndexedBase(Value pointer, Value index)
    {
        if (pointer == index)
        {
            Push(pointer.Args[0], Form.Scalar);
        }
        else
        {
            PushIndexedBase(pointer.Args[0], index);
            if (pointer.Args.Length > 1)
            {
                Push(pointer.Args[1], Form.Scalar);
                _il.Emit(OpCodes.Conv_I);
                _il.Int(pointer.Scale);
                _il.Emit(OpCodes.Mul);
                _il.Emit(OpCodes.Add);
            }
        }

        if (pointer.Imm != 0)
        {
            _il.Long(pointer.Imm);
            _il.Emit(OpCodes.Conv_I);
            _il.Emit(OpCodes.Add);
        }
    }

    private void EmitEffect(Value value)
    {
        switch (value.Op)
        {
            case Op.Store:
                Store(value);
                break;
            case Op.Atomic:
                Atomic(value);
                break;
            case Op.Fence:
                _il.Call(typeof(Thread), nameof(Thread.MemoryBarrier), null);
                break;
            case Op.Barrier:
                Barrier(value);
                break;
            case Op.BarrierReduce:
                BarrierReduce(value);
                break;
            case Op.GroupBroadcast:
                GroupBroadcast(value);
                break;
        }
    }

    private void Store(Value value)
    {
        var (pointer, data, memory) = (value.Args[0], value.Args[1], value.Memory);
        var shape = ShapeOf(pointer);
        if (shape.IsUniform && ShapeOf(data).IsUniform)
        {
            Push(pointer, Form.Scalar);
            Push(data, Form.Scalar);
            _il.Emit(StoreCode(memory));
            return;
        }

        var vector = _il.Width.VectorOf(memory.ValueType());
        var element = Il.ElementOf(memory.ValueType());
        var suffix = memory.Size() == 8 ? "64" : "32";
        if (IsConsecutive(pointer, memory))
        {
            Push(pointer, Form.Scalar);
            Push(data, Form.Vector);
            if (_flow.IsMasked(_block))
            {
                PushMask();
                _il.Call(_il.Width.Memory, "StoreMasked" + suffix, element, typeof(byte*), vector, _il.Width.MaskType);
            }
            else if (_kernel.PushStreamMask(_il, value))
            {
                _il.Call(_il.Width.Memory, "Stream" + suffix, element, typeof(byte*), vector, typeof(nint));
            }
            else
            {
                _il.Call(_il.Width.Memory, "Store" + suffix, element, typeof(byte*), vector);
            }

            return;
        }

        if (IsConsecutive16(pointer, memory))
        {
            Push(pointer, Form.Scalar);
            Push(data, Form.Vector);
            _il.Call(_il.Width.Memory, "Store16", null, typeof(byte*), vector);
            return;
        }

        Push(pointer, Form.Vector);
        Push(data, Form.Vector);
        PushMask();
        _il.Call(_il.Width.Memory, IsNarrow(memory) ? "ScatterNarrow" : "Scatter" + suffix,
            IsNarrow(memory) ? NarrowType(memory) : element, typeof(Vector512<long>), vector, _il.Width.MaskType);
    }

    private void Atomic(Value value)
    {
        var vector = _il.Width.VectorOf(value.Type);
        Push(value.Args[0], Form.Vector);
        Push(value.Args[1], Form.Vector);
        Push(value.Args.Length > 2 ? value.Args[2] : value.Args[1], Form.Vector);
        PushMask();
        _il.Int((int)value.Imm);
        _il.Call(typeof(LaneAtomics), "Apply", null, typeof(Vector512<long>), vector, vector, _il.Width.MaskType, typeof(int));
        StoreResult(value, Form.Vector);
    }

    /// <summary>Keeps the result of an effect that has just been computed in <paramref name="form"/>.</summary>
    private void StoreResult(Value value, Form form)
    {
        if (_il.IsDry)
        {
            return;
        }

        if (!_infos.TryGetValue(value, out var info) || (!info.Scalar && !info.Vector))
        {
            _il.Emit(OpCodes.Pop);
            return;
        }

        if (form == Form.Vector)
        {
            info.VectorLocal = _il.NewLocal(_il.Width.VectorOf(value.Type));
            _il.Emit(OpCodes.Stloc, info.VectorLocal);
        }
        else
        {
            info.ScalarLocal = _il.NewLocal(Il.ScalarOf(value.Type));
            _il.Emit(OpCodes.Stloc, info.ScalarLocal);
        }
    }
}
