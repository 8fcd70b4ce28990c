using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>
/// Flat arrays by groups that each take a run of consecutive elements: a kernel runs
/// <c>for (var i = ElementLoop.First(run); i &lt; ElementLoop.End(run, n); i += Group.DimX)</c>. On the CPU the run is long, so that what a
/// group costs is spread over many vectors; on a GPU it is a few elements per thread.
/// </summary>
public static class ElementLoop
{
    private const int CpuRun = 2048;
    private const int GpuElementsPerThread = 4;

    /// <summary>The calling thread's first element; callable inside kernels that <see cref="Config"/> launches.</summary>
    /// <param name="run">From <see cref="Run"/>.</param>
    public static int First(int run) => Grid.IdxX * run + Group.IdxX;

    /// <summary>The end of the group's run; callable inside kernels.</summary>
    /// <param name="run">From <see cref="Run"/>.</param>
    /// <param name="count">The number of elements.</param>
    public static int End(int run, int count) => count - Grid.IdxX * run < run ? count : (Grid.IdxX + 1) * run;

    /// <summary>Elements of a run.</summary>
    /// <param name="host">Where to run.</param>
    public static int Run(KernelHost host) =>
        host.Accelerator.AcceleratorType == AcceleratorType.CPU ? CpuRun : GpuElementsPerThread * host.Lanes;

    /// <summary>The launch of one group per run.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="count">The number of elements, at least 1.</param>
    /// <param name="samples">Where elements are counted within a sample: samples, which a kernel finds in Grid.IdxY.</param>
    /// <exception cref="ArgumentOutOfRangeException">So many elements that a thread's next index would overflow.</exception>
    public static KernelConfig Config(KernelHost host, int count, int samples = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, int.MaxValue - host.Lanes);
        return new KernelConfig(new Index3D(KernelHost.Blocks(count, Run(host)), samples, 1), new Index3D(host.Lanes, 1, 1));
    }
}
