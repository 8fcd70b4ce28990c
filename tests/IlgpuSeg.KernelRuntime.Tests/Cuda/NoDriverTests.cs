using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

/// <summary>What a machine without GPU sees; on one with a GPU the library is there and these have nothing to say.</summary>
public sealed class NoDriverTests
{
    private static bool HasDriver => CudaDriver.Current is not null;

    [Fact]
    public void MachineWithoutDriverListsOnlyTheProcessor()
    {
        if (HasDriver)
            return;
        using Context context = Context.CreateDefault();
        Assert.Equal([AcceleratorType.CPU], context.Devices.Select(device => device.AcceleratorType));
        Assert.Equal(["cpu"], AcceleratorSource.Names);
        Assert.Empty(CudaDevice.GetDevices(_ => true));
    }

    [Fact]
    public void AskingForAGpuSaysWhyThereIsNone()
    {
        if (HasDriver)
            return;
        ArgumentException exception = Assert.Throws<ArgumentException>(() => AcceleratorSource.Open("cuda:0"));
        Assert.StartsWith("There is no device 'cuda:0' here; available: cpu. Of NVIDIA GPUs there are none, as ", exception.Message);
        Assert.Contains(CudaApi.FileName, exception.Message);
        Assert.DoesNotContain("NVIDIA", Assert.Throws<ArgumentException>(() => AcceleratorSource.Open("gpu")).Message);
    }

    [Fact]
    public void TestsCannotChangeTheDriverLate()
    {
        _ = CudaDriver.Current;
        Assert.Throws<InvalidOperationException>(() => CudaDriver.Use(new EmulatedCuda.EmulatedCudaDriver(90)));
    }
}
