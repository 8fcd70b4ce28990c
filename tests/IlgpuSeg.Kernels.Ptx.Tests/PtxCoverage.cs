using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.Kernels.Ptx.Tests;

/// <summary>What was compiled to PTX and launched on an emulated GPU in this process.</summary>
internal static class PtxCoverage
{
    private static readonly SharedCompiler TheCompiler = new();

    /// <summary>Compiles every kernel once, whatever device asks.</summary>
    public static ICudaKernelCompiler Compiler => TheCompiler;

    /// <summary>The names of the entries that were launched.</summary>
    public static ConcurrentDictionary<string, bool> LaunchedEntries { get; } = [];

    /// <summary>The kernel methods that were launched, generic ones open.</summary>
    public static HashSet<(Module, int)> LaunchedMethods =>
        [.. TheCompiler.Compiled.Where(kernel => LaunchedEntries.ContainsKey(kernel.EntryName)).Select(kernel => Identity(kernel.Method))];

    /// <summary>What all closed forms of a method have in common.</summary>
    public static (Module, int) Identity(MethodInfo method) => (method.Module, method.MetadataToken);

    private sealed class SharedCompiler : ICudaKernelCompiler
    {
        private readonly ConcurrentDictionary<object, Lazy<PtxModule>> modules = [];

        public ConcurrentBag<(MethodInfo Method, string EntryName)> Compiled { get; } = [];

        public PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized, PtxAssumptions assumptions)
        {
            var key = (entry.Key, target, assumptions, string.Join('|', specialized ?? []));
            return modules.GetOrAdd(key, _ => new Lazy<PtxModule>(() =>
            {
                var module = PtxKernelCompiler.Instance.Compile(entry, target, specialized, assumptions);
                Compiled.Add((entry.Method, module.EntryName));
                return module;
            })).Value;
        }
    }
}
