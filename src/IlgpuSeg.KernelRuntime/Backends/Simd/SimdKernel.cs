using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.KernelRuntime.Ir;
using IlgpuSeg.KernelRuntime.Ir.Passes;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>A kernel compiled to vector code; one version of the code per way that groups fall into warps, made when first needed.</summary>
internal sealed unsafe class SimdKernel : CompiledCpuKernel
{
    private const int SharedAlignment = 64;

    private readonly KernelEntry _entry;
    private readonly object?[]? _specialized;
    private readonly Lazy<Code>[] _codes;
    private readonly ConcurrentDictionary<string, SimdKernel> _versions = [];

    // Groups of several warps that meet at barriers run as plain C# so far.
    private readonly Lazy<CompiledCpuKernel> _plain;

    public SimdKernel(KernelEntry entry, object?[]? specialized = null)
    {
        _entry = entry;
        _specialized = specialized;
        _plain = new Lazy<CompiledCpuKernel>(() => new PlainKernelCompiler().Compile(entry));
        _codes = [.. Enum.GetValues<GroupKind>().Select(kind => new Lazy<Code>(() => Emit(kind)))];
        if (specialized is not null || !entry.Parameters.Any(p => p.IsSpecialized))
        {
            _ = _codes[(int)GroupKind.Line].Value;
        }
    }

    public override void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
    {
        var code = _codes[(int)KindOf(dimensions)].Value;
        var size = dimensions.GroupSize;
        if (code.MeetsAtBarriers && size > Lanes.Count)
        {
            _plain.Value.RunGroups(arguments, dimensions, firstGroup, groupCount);
            return;
        }

        var scratch = Scratch.Of(code.SharedBytes + dimensions.DynamicSharedBytes + code.LocalBytes);
        var frame = new LaunchFrame
        {
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
            Local = scratch,
            Shared = scratch + code.LocalBytes,
            Dynamic = scratch + code.LocalBytes + code.SharedBytes,
        };
        code.Run(&frame, arguments, firstGroup, groupCount);
    }

    public override CompiledCpuKernel Specialize(byte* arguments)
    {
        if (_specialized is not null || !_entry.Parameters.Any(p => p.IsSpecialized))
        {
            return this;
        }

        var values = new object?[_entry.Parameters.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = _entry.Parameters[i];
            values[i] = parameter.IsSpecialized ? Marshal.PtrToStructure((nint)arguments + parameter.Offset, parameter.Type) : null;
        }

        return _versions.GetOrAdd(string.Join('|', values), _ => new SimdKernel(_entry, values));
    }

    private static GroupKind KindOf(in LaunchDimensions dimensions) =>
        dimensions.Group.Y == 1 && dimensions.Group.Z == 1 ? GroupKind.Line
        : dimensions.Group.X % Lanes.Count == 0 ? GroupKind.Rows : GroupKind.Any;

    private Code Emit(GroupKind kind)
    {
        var function = KernelCompiler.BuildIr(_entry, _specialized);
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
        var code = new KernelEmitter(function, forest, kind, offsets, shared).Emit();
        RuntimeHelpers.PrepareDelegate(code);
        return new Code(code, sharedBytes, localBytes, function.Values().Any(v => v.Op is Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast));
    }

    private sealed record Code(KernelCode Run, int SharedBytes, int LocalBytes, bool MeetsAtBarriers);

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
