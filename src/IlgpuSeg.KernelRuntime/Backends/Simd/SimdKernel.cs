using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.KernelRuntime.Frontend;
using IlgpuSeg.KernelRuntime.Ir;
using IlgpuSeg.KernelRuntime.Ir.Passes;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// A kernel compiled to vector code; one version of the code per way that groups fall into warps and meet at barriers, made when first needed.
/// </summary>
internal sealed unsafe class SimdKernel : CompiledCpuKernel
{
    private const int SharedAlignment = 64;

    private readonly KernelEntry _entry;
    private readonly LaneWidth _widest;
    private readonly object?[]? _specialized;
    private readonly Lazy<Code>[] _codes;
    private readonly Lazy<Code?> _wideCode;
    private readonly Lazy<Code> _vectorCode;
    private readonly ConcurrentDictionary<string, SimdKernel> _versions = [];
    private readonly bool _meetsAtBarriers;

    public SimdKernel(KernelEntry entry, LaneWidth widest, object?[]? specialized = null)
    {
        _entry = entry;
        _widest = widest;
        _specialized = specialized;
        _codes = [.. Enum.GetValues<GroupKind>().SelectMany(kind => (bool[])[false, true], (kind, hasPhases) => new Lazy<Code>(() => Emit(LaneWidth.Eight, kind, hasPhases)!))];
        _wideCode = new Lazy<Code?>(() => Emit(widest, GroupKind.Line, hasPhases: false, isVector: true));
        _vectorCode = new Lazy<Code>(() => Emit(LaneWidth.Eight, GroupKind.Line, hasPhases: false, isVector: true)!);
        if (specialized is not null || !entry.Parameters.Any(p => p.IsSpecialized))
        {
            _meetsAtBarriers = CodeOf(GroupKind.Line, hasPhases: false).MeetsAtBarriers;
        }
    }

    public override void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
    {
        var size = dimensions.GroupSize;
        var hasPhases = _meetsAtBarriers && size > Lanes.Count;
        var kind = KindOf(dimensions);
        var code = (kind == GroupKind.Line ? WideCode(size) ?? VectorCode(size) : null) ?? CodeOf(kind, hasPhases);
        var warps = hasPhases ? (size + Lanes.Count - 1) / Lanes.Count : 1;
        var localBytes = warps * code.LocalBytes;
        var exchangeBytes = hasPhases ? GroupExchange.Bytes : 0;
        var scratch = Scratch.Of(exchangeBytes + (warps * code.WarpBytes) + localBytes + code.SharedBytes + dimensions.DynamicSharedBytes);
        var local = scratch + exchangeBytes + (warps * code.WarpBytes);
        var streams = WritesMoreThanCachesHold(code, arguments);
        var frame = new LaunchFrame
        {
            StreamMask = streams ? StreamingStores.Alignment : -1,
            GridX = dimensions.Grid.X,
            GridY = dimensions.Grid.Y,
            GridZ = dimensions.Grid.Z,
            GroupX = dimensions.Group.X,
            GroupY = dimensions.Group.Y,
            GroupZ = dimensions.Group.Z,
            GroupSize = size,
            DynamicBytes = dimensions.DynamicSharedBytes,
            ExtentX = (int)dimensions.Extent.X,
            ExtentY = (int)dimensions.Extent.Y,
            ExtentSize = (int)dimensions.Extent.Size,
            Exchange = (GroupExchange*)scratch,
            Warps = scratch + exchangeBytes,
            WarpBytes = code.WarpBytes,
            Local = local,
            LocalBytes = code.LocalBytes,
            Shared = local + localBytes,
            Dynamic = local + localBytes + code.SharedBytes,
        };
        code.Run(&frame, arguments, firstGroup, groupCount);
        if (streams)
        {
            // Such stores are not ordered with those that tell other threads that this one is done.
            Thread.MemoryBarrier();
        }
    }

    private static bool WritesMoreThanCachesHold(Code code, byte* arguments)
    {
        foreach (var view in code.StreamedViews)
        {
            // A view's length follows its address.
            if (*(long*)(arguments + view.Offset + sizeof(long)) * view.ElementSize >= StreamingStores.Threshold)
            {
                return true;
            }
        }

        return false;
    }

    public override CompiledCpuKernel Specialize(byte* arguments)
    {
        if (_specialized is not null || !_entry.Parameters.Any(p => p.IsSpecialized))
        {
            return this;
        }

        var values = new object?[_entry.Parameters.Count];
        var key = new System.Text.StringBuilder();
        for (var i = 0; i < values.Length; i++)
        {
            if (_entry.Parameters[i] is { IsSpecialized: true } parameter)
            {
                values[i] = RuntimeHelpers.Box(ref arguments[parameter.Offset], parameter.Type.TypeHandle);
                key.Append(Convert.ToHexString(new ReadOnlySpan<byte>(arguments + parameter.Offset, parameter.Size))).Append('|');
            }
        }

        return _versions.GetOrAdd(key.ToString(), _ => new SimdKernel(_entry, _widest, values));
    }

    /// <summary>Whether groups of the widest vector's size run code of their own.</summary>
    public bool HasWideCode => WideCode(_widest.Count) is not null;

    private static GroupKind KindOf(in LaunchDimensions dimensions) =>
        dimensions.Group.Y == 1 && dimensions.Group.Z == 1 ? GroupKind.Line
        : dimensions.Group.X % Lanes.Count == 0 ? GroupKind.Rows : GroupKind.Any;

    private Code CodeOf(GroupKind kind, bool hasPhases) => _codes[((int)kind * 2) + (hasPhases ? 1 : 0)].Value;

    // For groups that are one such vector.
    private Code? WideCode(int groupSize) => _widest != LaneWidth.Eight && groupSize == _widest.Count ? _wideCode.Value : null;

    // For groups of one warp that share memory. Such kernels do several things one after the other, so they are long: without the version for partial
    // vectors they have half as many variables, and .NET's compiler keeps only so many in registers.
    private Code? VectorCode(int groupSize) => _meetsAtBarriers && groupSize == Lanes.Count ? _vectorCode.Value : null;

    private Code? Emit(LaneWidth width, GroupKind kind, bool hasPhases, bool isVector = false)
    {
        var target = isVector ? CompileTarget.Cpu with { LineSize = width.Count } : CompileTarget.Cpu;
        var function = KernelCompiler.BuildIr(_entry, _specialized, target);
        if (!width.Takes(function))
        {
            return null;
        }

        var shared = new Dictionary<Value, int>();
        var sharedBytes = 0;
        foreach (var value in function.Values().Where(v => v.Op == Op.Shared))
        {
            shared[value] = sharedBytes;
            sharedBytes = (sharedBytes + (int)value.Imm + SharedAlignment - 1) & -SharedAlignment;
        }

        var localBytes = LocalMemoryLayout.Run(function);
        var forest = LoopForm.Run(function);
        var offset = _entry.IsExplicit ? 0 : 1;
        int[] offsets = [.. new int[offset], .. _entry.Parameters.Select(p => p.Offset)];
        var emitter = new KernelEmitter(function, forest, width, kind, hasPhases, offsets, shared);
        if (emitter.Emit() is not { } code)
        {
            return null;
        }

        RuntimeHelpers.PrepareDelegate(code);
        var streamed = emitter.Streaming.Parameters.Select(p => offsets[function.Parameters[p].Source] + function.Parameters[p].Offset).ToHashSet();
        return new Code(code, sharedBytes, localBytes, emitter.Phases?.FrameBytes ?? 0, [.. _entry.Views.Where(v => streamed.Contains(v.Offset))], function.Values().Any(v => v.Op is Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast));
    }

    private sealed record Code(KernelCode Run, int SharedBytes, int LocalBytes, int WarpBytes, ViewSlot[] StreamedViews, bool MeetsAtBarriers);

    /// <summary>Shared and local memory of the group that a thread is running.</summary>
    private sealed class Scratch
    {
        [ThreadStatic]
        private static Scratch? s_own;

        private byte* _memory;
        private int _bytes;

        ~Scratch() => NativeMemory.AlignedFree(_memory);

        public static byte* Of(int bytes)
        {
            var own = s_own ??= new Scratch();
            if (own._bytes < bytes)
            {
                NativeMemory.AlignedFree(own._memory);
                own._bytes = bytes + 4096;
                own._memory = (byte*)NativeMemory.AlignedAlloc((nuint)own._bytes, SharedAlignment);
            }

            return own._memory;
        }
    }
}
