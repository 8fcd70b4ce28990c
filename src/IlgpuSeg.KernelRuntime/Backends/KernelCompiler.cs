using System.Reflection;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Frontend;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends;

/// <summary>What all back ends start from, and the compiler as tools see it.</summary>
internal static class KernelCompiler
{
    /// <summary>A kernel as SSA code after all passes that the back ends share.</summary>
    public static Function BuildIr(KernelEntry entry, object?[]? specialized = null, CompileTarget? target = null)
    {
        var offset = entry.IsExplicit ? 0 : 1;
        var values = specialized is null ? null : (object?[])[.. new object?[offset], .. specialized];
        var function = KernelFrontend.Build(entry.Method, !entry.IsExplicit, values, target);
        Pipeline.Run(function, target ?? CompileTarget.Cpu);
        return function;
    }

    /// <summary>That code as text.</summary>
    public static string DumpIr(MethodInfo method) =>
        Printer.Print(BuildIr(KernelEntry.Of(method)));
}
