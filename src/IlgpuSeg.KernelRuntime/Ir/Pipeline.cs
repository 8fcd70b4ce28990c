using IlgpuSeg.KernelRuntime.Ir.Passes;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>The passes between front end and back ends, in order.</summary>
internal static class Pipeline
{
    public static void Run(Function function)
    {
        Cleanup.Run(function);
        CommonSubexpressions.Run(function);
        Cleanup.Run(function);
    }
}
