#if KERNELS_BUNDLED
using System.Collections.Concurrent;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;

namespace IlgpuSeg.Kernels.Tests.Ptx;

/// <summary>The catalogue's kernels as PTX, each compiled once for all tests: the largest take seconds.</summary>
internal static class CompiledPtx
{
    private static readonly ConcurrentDictionary<string, Lazy<PtxModule>> Modules = new();

    public static PtxModule Of(CatalogKernel kernel) => Modules.GetOrAdd(
        kernel.Name, _ => new Lazy<PtxModule>(() => PtxCompiler.Compile(KernelEntry.Of(kernel.Method), PtxTarget.Oldest))).Value;
}
#endif
