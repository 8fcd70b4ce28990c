using ILGPU;

namespace IlgpuSeg.KernelRuntime;

public static partial class AcceleratorSource
{
    private static partial Context CreateContext() =>
        Context.Create(static builder => builder.AllAccelerators().EnableAlgorithms().Profiling());
}
