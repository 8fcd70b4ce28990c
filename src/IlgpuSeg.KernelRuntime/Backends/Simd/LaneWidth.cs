using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>How many threads the vector code runs at once, and where the operations on such vectors are.</summary>
/// <remarks>
/// Eight is a warp, and takes every kernel. Sixteen is two of them in 512-bit vectors, for groups of sixteen threads in a line (their size is a
/// constant of that code) and kernels that know nothing of warps and keep no 64-bit value apart for each lane.
/// </remarks>
internal sealed class LaneWidth
{
    /// <summary>256-bit vectors of 32-bit values, 512-bit ones of 64-bit values.</summary>
    public static readonly LaneWidth Eight = new(8, typeof(Vector256<>), typeof(Vector256), typeof(Lanes), typeof(LaneMemory));

    /// <summary>512-bit vectors of 32-bit values; none of 64-bit values.</summary>
    public static readonly LaneWidth Sixteen = new(16, typeof(Vector512<>), typeof(Vector512), typeof(WideLanes), typeof(WideLaneMemory));

    private readonly Type _vector32;
    private readonly Type _api32;

    private LaneWidth(int count, Type vector32, Type api32, Type operations, Type memory)
    {
        (Count, _vector32, _api32, Operations, Memory) = (count, vector32, api32, operations, memory);
        MaskType = VectorOf(IrType.Bool);
    }

    public int Count { get; }

    /// <summary>The class that holds what <see cref="Lanes"/> does for eight.</summary>
    public Type Operations { get; }

    /// <summary>The class that holds what <see cref="LaneMemory"/> does for eight.</summary>
    public Type Memory { get; }

    /// <summary>The vector of truth values.</summary>
    public Type MaskType { get; }

    /// <summary>System.Runtime.Intrinsics' static class for masks.</summary>
    public Type MaskApi => _api32;

    /// <summary>The vector of a value per lane.</summary>
    public Type VectorOf(IrType type) => (Il.IsWide(type) ? typeof(Vector512<>) : _vector32).MakeGenericType(Il.ElementOf(type));

    /// <summary>System.Runtime.Intrinsics' static class for vectors of the type.</summary>
    public Type ApiOf(IrType type) => Il.IsWide(type) ? typeof(Vector512) : _api32;

    /// <summary>Whether there are vectors of the type.</summary>
    public bool Holds(IrType type) => this == Eight || !Il.IsWide(type);

    /// <summary>Whether a kernel's operations mean the same in vectors of this many lanes.</summary>
    public bool Takes(Function function) => this == Eight || !function.Values().Any(v =>
        v.Op is Op.Shuffle or Op.Atomic or Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast or Op.Local
        || Array.Exists(v.Args, a => a.Op == Op.Builtin && a.Builtin is BuiltinKind.LaneIdx or BuiltinKind.WarpIdx));
}
