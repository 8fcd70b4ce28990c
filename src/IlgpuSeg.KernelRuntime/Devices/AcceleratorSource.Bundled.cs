using ILGPU;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime;

public static partial class AcceleratorSource
{
    private static partial Context CreateContext() =>
        Context.Create(static builder => builder.AllAccelerators().EnableAlgorithms().Profiling());

    private static partial string Explanation(string name) =>
        name.StartsWith("cuda", StringComparison.OrdinalIgnoreCase) && CudaDriver.Obstacle is { } obstacle
            ? $" Of NVIDIA GPUs there are none, as {obstacle}."
            : "";
}
