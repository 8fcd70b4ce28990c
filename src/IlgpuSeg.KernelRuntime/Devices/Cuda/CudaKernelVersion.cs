using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Backends.Ptx;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>
/// A kernel for one set of specialised values. It is compiled for arguments as they mostly are (aligned views, outputs apart
/// from inputs), and once more for arguments of which only one or none of that holds when a launch needs it.
/// </summary>
internal sealed unsafe class CudaKernelVersion(CudaKernelCache cache, KernelEntry entry, object?[]? specialized)
{
    private readonly Lock _gate = new();
    private readonly CudaKernel _usual = cache.Compile(entry, specialized, PtxAssumptions.All);
    private readonly CudaKernel?[] _others = new CudaKernel?[4];

    public CudaKernel Usual => _usual;

    public CudaKernel For(byte* arguments)
    {
        PtxAssumptions holding = _usual.Module.Holding(arguments);
        return holding == PtxAssumptions.All ? _usual : Other(holding);
    }

    private CudaKernel Other(PtxAssumptions holding)
    {
        ref CudaKernel? other = ref _others[(holding.AlignedViews ? 1 : 0) + (holding.DisjointViews ? 2 : 0)];
        if (Volatile.Read(ref other) is { } known)
            return known;
        lock (_gate)
        {
            if (other is null)
                Volatile.Write(ref other, cache.Compile(entry, specialized, holding));
            return other!;
        }
    }
}

/// <summary>The versions of a kernel by the values of its specialised parameters; each is compiled at its first launch.</summary>
internal sealed unsafe class CudaKernelVersions(CudaKernelCache cache, KernelEntry entry)
{
    private readonly KernelParameter[] _specialized = [.. entry.Parameters.Where(parameter => parameter.IsSpecialized)];
    private readonly Lock _gate = new();
    private (byte[] Key, CudaKernelVersion Version)[] _versions = [];

    public CudaKernelVersion For(byte* arguments)
    {
        if (Find(arguments) is { } known)
            return known;
        lock (_gate)
        {
            if (Find(arguments) is { } other)
                return other;
            var added = new CudaKernelVersion(cache, entry, entry.SpecializedValues(arguments));
            Volatile.Write(ref _versions, [.. _versions, (KeyOf(arguments), added)]);
            return added;
        }
    }

    private CudaKernelVersion? Find(byte* arguments)
    {
        foreach ((byte[] key, CudaKernelVersion version) in Volatile.Read(ref _versions))
        {
            if (Matches(key, arguments))
                return version;
        }
        return null;
    }

    private bool Matches(byte[] key, byte* arguments)
    {
        int offset = 0;
        foreach (KernelParameter parameter in _specialized)
        {
            if (!ValueOf(parameter, arguments).SequenceEqual(key.AsSpan(offset, parameter.Size)))
                return false;
            offset += parameter.Size;
        }
        return true;
    }

    private byte[] KeyOf(byte* arguments)
    {
        var key = new List<byte>();
        foreach (KernelParameter parameter in _specialized)
            key.AddRange(ValueOf(parameter, arguments));
        return [.. key];
    }

    private static ReadOnlySpan<byte> ValueOf(KernelParameter parameter, byte* arguments) => new(arguments + parameter.Offset, parameter.Size);
}
