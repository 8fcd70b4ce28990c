using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>What threads of a group do together. In a group of one warp they are in step anyway.</summary>
internal sealed partial class VersionEmitter
{
    private void Barrier(Value value)
    {
    }

    private void BarrierReduce(Value value)
    {
        var kind = (ReduceKind)value.Imm;
        Push(value.Args[0], Form.Vector);
        PushMask();
        if (kind == ReduceKind.And)
        {
            // All: none of the active lanes lacks it.
            _il.Call(typeof(Lanes), nameof(Lanes.Lacking), null, typeof(Vector256<int>), typeof(Vector256<int>));
        }
        else
        {
            _il.Call(typeof(Vector256), "BitwiseAnd", typeof(int), typeof(Vector256<int>), typeof(Vector256<int>));
        }

        if (kind == ReduceKind.PopCount)
        {
            _il.Call(typeof(Lanes), nameof(Lanes.CountTrue), null, typeof(Vector256<int>));
        }
        else
        {
            _il.Call(typeof(Lanes), nameof(Lanes.Any), null, typeof(Vector256<int>));
            if (kind == ReduceKind.And)
            {
                _il.Int(0);
                _il.Emit(OpCodes.Ceq);
            }
        }

        StoreResult(value, Form.Scalar);
    }

    private void GroupBroadcast(Value value)
    {
        Push(value.Args[0], Form.Vector);
        Push(value.Args[1], Form.Scalar);
        _il.Call(Il.ApiOf(value.Type), "GetElement", Il.ElementOf(value.Type), Il.VectorOf(value.Type), typeof(int));
        StoreResult(value, Form.Scalar);
    }
}
