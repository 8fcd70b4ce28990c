using IlgpuSeg.KernelRuntime.Frontend;
using IlgpuSeg.KernelRuntime.Ir.Passes;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>The passes between front end and back ends, in order.</summary>
internal static class Pipeline
{
    public static void Run(Function function, CompileTarget target)
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
        if (target.IsPtx)
        {
            // The driver's compiler moves invariants itself, as far as registers allow; what was moved already it could only spill.
            LoopForm.Run(function);
        }
        else
        {
            HoistInvariants.Run(function);
        }

        CommonSubexpressions.Run(function);
        Cleanup.Run(function);
    }
}
