#if KERNELS_BUNDLED
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;
using IlgpuSeg.SelfTest;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>The operations on an emulated NVIDIA GPU, which runs their kernels' PTX: small cases, as a self-test of a device runs them.</summary>
public sealed class EmulatedGpuTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.Cuda(new EmulatedCudaDriver(90)));
    private readonly CudaAccelerator accelerator;
    private readonly Device device;

    public EmulatedGpuTests()
    {
        accelerator = (CudaAccelerator)context.GetCudaDevice(0).CreateAccelerator(context);
        device = Device.Of(accelerator, "emulated");
        // The emulator refuses accesses beyond an allocation, and so beyond a tensor.
        device.Allocator.SegmentBytes = 0;
    }

    public static TheoryData<string> Names => [.. OpCases.All.Select(c => c.Name)];

    public void Dispose()
    {
        device.Allocator.ReleaseCache();
        context.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AgreesWithTheCpu(string name)
    {
        var opCase = OpCases.All.Single(c => c.Name == name);
        var options = new SelfTestOptions { SmallCases = 1, LargeCases = 0, GradientChecks = false };
        foreach (var sample in SelfTestRunner.Samples(opCase, options))
            Assert.All(SelfTestRunner.Check(sample, device, options), row => Assert.True(row.Ok, row.ToString()));
    }
}
#endif
