#if KERNELS_BUNDLED
using System.Reflection;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.KernelRuntime.Devices;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;
using IlgpuSeg.Ops;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>The cases of the operations launch every kernel of the library, so that a self-test of a device passes over none.</summary>
public class KernelCoverageTests
{
    /// <summary>Kernels that no case launches, and why.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["GemmTensor.ProductKernel"] = "for GPUs on which tf32 is allowed, and for bfloat16 operands; see TensorProductTests",
    };

    // Its sums need the registers of 512-bit vectors.
    private const string WidestProduct = "GemmTile.BroadKernel";

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
            foreach (var sample in Samples()) sample.Run(DType.Float32, Device.Cpu);
            foreach (var device in GpuForms(accelerator))
            {
                foreach (var sample in Samples()) sample.Run(DType.Float32, device);
                device.Allocator.ReleaseCache();
            }
        }
        finally
        {
            accelerator.Launching -= record;
        }
        var all = KernelCatalog.All.Select(kernel => NameOf(kernel.Method)).ToHashSet();
        if (CpuVectors.Lanes(accelerator) == accelerator.WarpSize) launched.Add(WidestProduct);
        Assert.Equal([], all.Except(launched).Except(Exceptions.Keys).Order());
        Assert.Equal([], Exceptions.Keys.Where(name => launched.Contains(name) || !all.Contains(name)));
    }

    private static IEnumerable<OpSample> Samples() =>
        OpCases.All.SelectMany(opCase => SelfTestRunner.Samples(opCase, new SelfTestOptions { SmallCases = 4, LargeCases = 2 }));

    /// <summary>The kernels' forms for GPUs, on the CPU: for many multiprocessors (small tiles) and for one (large ones).</summary>
    private static IEnumerable<Device> GpuForms(Accelerator accelerator) =>
        new[] { 1000, 1 }.Select(processors => Device.Of(
            new KernelHost(accelerator) { Products = ProductTiles.Blocks, Multiprocessors = processors }, $"forms for {processors} multiprocessors"));

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";
}
#endif
