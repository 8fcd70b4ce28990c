using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime;

public static partial class AcceleratorSource
{
    /// <summary>The package's processor and CUDA devices; CUDA devices without a driver are not an error but none.</summary>
    private static partial Context CreateContext()
    {
        Context context = Context.Create(
            static builder => builder.DefaultCPU().Cuda().EnableAlgorithms().Optimize(OptimizationLevel.O2).Profiling());
        IntrinsicRegistration.Register(context);
        return context;
    }

    private static partial string Explanation(string name) => "";
}
