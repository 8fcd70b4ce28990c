using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// What the warps of a group tell each other at barriers: votes and one broadcast value. Read is what was collected up to the last barrier,
/// so that a warp that has run ahead to the next one does not disturb those that have not read yet.
/// </summary>
internal unsafe struct GroupExchange
{
    /// <summary>Its bytes in memory; a multiple of the alignment of what follows.</summary>
    public const int Bytes = 64;

    private int _true;
    private int _voters;
    private long _value;
    private int _lastTrue;
    private int _lastVoters;
    private long _lastValue;

    /// <summary>Counts the active lanes of a warp, and those of them in which a predicate holds.</summary>
    public static void Vote(LaunchFrame* frame, Vector256<int> predicate, Vector256<int> mask)
    {
        frame->Exchange->_true += BitOperations.PopCount((predicate & mask).ExtractMostSignificantBits());
        frame->Exchange->_voters += BitOperations.PopCount(mask.ExtractMostSignificantBits());
    }

    /// <summary>The result of the votes before the barrier.</summary>
    public static int Outcome(LaunchFrame* frame, int kind)
    {
        var (count, voters) = (frame->Exchange->_lastTrue, frame->Exchange->_lastVoters);
        return (ReduceKind)kind switch
        {
            ReduceKind.And => count == voters ? 1 : 0,
            ReduceKind.Or => count > 0 ? 1 : 0,
            _ => count,
        };
    }

    /// <summary>Leaves the value of a thread for the group, if it is one of this warp.</summary>
    public static void Offer<T>(LaunchFrame* frame, int firstThread, Vector256<T> values, int thread)
    {
        if ((uint)(thread - firstThread) < Lanes.Count)
        {
            Unsafe.WriteUnaligned(&frame->Exchange->_value, values.GetElement(thread - firstThread));
        }
    }

    /// <inheritdoc cref="Offer{T}(LaunchFrame*, int, Vector256{T}, int)"/>
    public static void Offer<T>(LaunchFrame* frame, int firstThread, Vector512<T> values, int thread)
    {
        if ((uint)(thread - firstThread) < Lanes.Count)
        {
            Unsafe.WriteUnaligned(&frame->Exchange->_value, values.GetElement(thread - firstThread));
        }
    }

    /// <summary>The value that was left before the barrier.</summary>
    public static T Taken<T>(LaunchFrame* frame) => Unsafe.ReadUnaligned<T>(&frame->Exchange->_lastValue);

    /// <summary>All warps have come to a barrier, or ended.</summary>
    public static void Publish(LaunchFrame* frame)
    {
        ref var exchange = ref *frame->Exchange;
        (exchange._lastTrue, exchange._lastVoters, exchange._lastValue) = (exchange._true, exchange._voters, exchange._value);
        (exchange._true, exchange._voters) = (0, 0);
    }

    /// <summary>All warps of a group are at its beginning.</summary>
    public static void Start(LaunchFrame* frame)
    {
        (frame->Exchange->_true, frame->Exchange->_voters) = (0, 0);
        for (var warp = 0; warp < (frame->GroupSize + Lanes.Count - 1) / Lanes.Count; warp++)
        {
            *(int*)(frame->Warps + (warp * frame->WarpBytes)) = GroupPhases.AtStart;
        }
    }
}
