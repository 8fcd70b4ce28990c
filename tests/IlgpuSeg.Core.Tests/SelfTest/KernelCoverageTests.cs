#if KERNELS_BUNDLED
using System.Reflection;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.Kernels;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>The cases of the operations launch every kernel of the library, so that a self-test of a device passes over none.</summary>
public class KernelCoverageTests
{
    /// <summary>Kernels that no case launches on the CPU, and why.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["AttentionBlock.ForwardKernel"] = "for GPUs; the same cases launch it there",
        ["GemmBlock.LargeKernel"] = "for GPUs; the same cases launch it there",
        ["GemmBlock.SmallKernel"] = "for GPUs; the same cases launch it there",
        ["GemmTensor.ProductKernel"] = "for GPUs on which tf32 is allowed, and for bfloat16 operands; see TensorProductTests",
    };

    [Fact]
    public void EveryKernelIsLaunched()
    {
        var launched = new HashSet<string>();
        var thread = Environment.CurrentManagedThreadId;
        var accelerator = Device.Cpu.Accelerator;
        // Other tests launch on the same accelerator from their own threads.
        Action<KernelEntry> record = entry =>
        {
            if (Environment.CurrentManagedThreadId == thread) launched.Add(NameOf(entry.Method));
        };
        accelerator.Launching += record;
        try
        {
            foreach (var opCase in OpCases.All)
            {
                foreach (var sample in SelfTestRunner.Samples(opCase, new SelfTestOptions { SmallCases = 4 }))
                    sample.Run(DType.Float32, Device.Cpu);
            }
        }
        finally
        {
            accelerator.Launching -= record;
        }
        var all = KernelCatalog.All.Select(kernel => NameOf(kernel.Method)).ToHashSet();
        Assert.Equal([], all.Except(launched).Except(Exceptions.Keys).Order());
        Assert.Equal([], Exceptions.Keys.Where(name => launched.Contains(name) || !all.Contains(name)));
    }

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";
}
#endif
