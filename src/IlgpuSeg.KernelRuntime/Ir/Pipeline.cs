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
        // Unrolling makes the indices of local arrays constant; what those held may in turn bound further loops.
        while (UnrollLoops.Run(function) | PromoteLocals.Run(function))
        {
            Cleanup.Run(function);
        }

        IfConversion.Run(function);
        CommonSubexpressions.Run(function);
        HoistInvariants.Run(function);
        CommonSubexpressions.Run(function);
        Cleanup.Run(function);
    }
}
