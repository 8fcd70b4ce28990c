using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The device that the kernels' tests run on: here the CPU. Another project compiles the same tests for an emulated GPU.</summary>
internal static class TestDevice
{
    /// <summary>How many of the random cases are drawn.</summary>
    public const int FewSeeds = 6, ManySeeds = 16;

    /// <summary>Products with more multiplications are left out.</summary>
    public const long MostMultiplications = long.MaxValue;

    /// <summary>Whether the larger tiles of tensor-core products are tested: on the CPU, where values go through mailboxes, compiling one takes minutes.</summary>
    public const bool TakesLargeTensorTiles = false;

    public static KernelHost Host { get; } = new(AcceleratorSource.Open("cpu"));

    /// <summary>The same device, running the GPU's form of products.</summary>
    public static KernelHost BlockHost { get; } = new(Host.Accelerator) { Products = ProductTiles.Blocks };
}
