using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;
using IlgpuSeg.Kernels.Ptx.Tests;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>
/// The device that the kernels' tests run on: here an emulated GPU, one for each thread that runs tests, so that these do not wait for
/// each other. Kernels are compiled once for all.
/// </summary>
internal static class TestDevice
{
    /// <summary>Fewer random cases than on the CPU: the emulator is a thousand times slower.</summary>
    public const int FewSeeds = 3, ManySeeds = 4;

    /// <summary>
    /// Larger products would each take minutes on the emulator, and show no more: several tiles in each direction, several groups and splits fit
    /// in these.
    /// </summary>
    public const long MostMultiplications = 3_000_000;

    /// <summary>Whether the larger tiles of tensor-core products are tested.</summary>
    public const bool TakesLargeTensorTiles = true;

    [ThreadStatic]
    private static ThreadDevice? own;

    /// <summary>The thread's device with the CPU's form of products, so that those kernels pass through the emulator too.</summary>
    public static KernelHost Host => Own.Vectors;

    /// <summary>The same device with the GPU's form of products.</summary>
    public static KernelHost BlockHost => Own.Blocks;

    /// <summary>A new device after a kernel has broken the last, so that one failure stays one.</summary>
    private static ThreadDevice Own
    {
        get
        {
            if (own is null || own.Driver.Devices[0].Fault != CudaError.CUDA_SUCCESS)
                own = Open();
            return own;
        }
    }

    private static ThreadDevice Open()
    {
        var driver = new EmulatedCudaDriver(90) { LaunchedEntries = PtxCoverage.LaunchedEntries };
        var context = Context.Create(builder => builder.Cuda(driver));
        var accelerator = new CudaAccelerator(context, context.GetCudaDevice(0), CudaAcceleratorFlags.ScheduleAuto, PtxCoverage.Compiler);
        return new ThreadDevice(
            driver,
            new KernelHost(accelerator) { Products = ProductTiles.Vectors, ProductBlocks = 4 },
            new KernelHost(accelerator) { Products = ProductTiles.Blocks });
    }

    private sealed record ThreadDevice(EmulatedCudaDriver Driver, KernelHost Vectors, KernelHost Blocks);
}
