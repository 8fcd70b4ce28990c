using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class CudaDeviceTests
{
    [Fact]
    public void PropertiesComeFromTheDriver()
    {
        using var context = Context.Create(builder => builder.Cuda(new EmulatedCudaDriver(90, 86) { Version = 12040 }));
        Assert.Equal(2, context.GetCudaDevices().Count);
        CudaDevice device = context.GetCudaDevice(1);
        Assert.Equal(AcceleratorType.Cuda, device.AcceleratorType);
        Assert.Equal("Emulated GPU 1 (sm_86)", device.Name);
        Assert.Equal(1, device.DeviceId);
        Assert.Equal(new CudaArchitecture(8, 6), device.Architecture);
        Assert.Equal(new CudaInstructionSet(8, 4), device.InstructionSet);
        Assert.Equal("12.4", device.DriverVersion.ToString());
        Assert.Equal(32, device.WarpSize);
        Assert.Equal(1024, device.MaxNumThreadsPerGroup);
        Assert.Equal(new Index3D(int.MaxValue, 65535, 65535), device.MaxGridSize);
        Assert.Equal(new Index3D(1024, 1024, 64), device.MaxGroupSize);
        Assert.Equal(99 * 1024, device.MaxSharedMemoryPerGroup);
        Assert.Equal(1L << 32, device.MemorySize);
        Assert.Equal("00000000:02:00.0", device.NVMLPCIBusId);
    }

    [Fact]
    public void AcceleratorsAreListedBesideTheProcessor()
    {
        var driver = new EmulatedCudaDriver(90);
        using var context = Context.Create(builder => builder.CPU().Cuda(driver));
        Assert.Equal([AcceleratorType.CPU, AcceleratorType.Cuda], context.Devices.Select(device => device.AcceleratorType));
        using Accelerator accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
        Assert.IsType<CudaAccelerator>(accelerator);
        Assert.NotEqual(0, accelerator.NativePtr);
        Assert.Equal(1, driver.Devices[0].ContextReferences);
    }

    [Fact]
    public void DriverWithoutDeviceListsNone()
    {
        using var context = Context.Create(builder => builder.Cuda(new EmulatedCudaDriver()));
        Assert.Empty(context.Devices);
    }

    [Fact]
    public void DriverThatDoesNotStartSaysWhy()
    {
        var driver = new EmulatedCudaDriver(90);
        driver.Fail("cuInit", (CudaError)803);
        using var context = Context.Create(builder => builder.Cuda(driver));
        Assert.Empty(context.Devices);
        Assert.Equal("the NVIDIA driver does not start: cuInit: error 803", CudaDriver.Start(driver));
    }

    [Fact]
    public void TooOldIsRefusedWithTheReason()
    {
        using var context = Context.Create(builder => builder.Cuda(new EmulatedCudaDriver(75) { Version = 12000 }));
        CudaDevice device = context.GetCudaDevice(0);
        Assert.Null(device.InstructionSet);
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => device.CreateCudaAccelerator(context));
        Assert.Contains("compute capability 7.5", exception.Message);
    }

    [Fact]
    public void FlagsGoToTheDriver()
    {
        var driver = new EmulatedCudaDriver(90);
        using var context = Context.Create(builder => builder.Cuda(driver));
        using CudaAccelerator accelerator = context.CreateCudaAccelerator(0, CudaAcceleratorFlags.ScheduleBlockingSync);
        Assert.Equal(CudaAcceleratorFlags.ScheduleBlockingSync, driver.Devices[0].ContextFlags);
    }

    [Fact]
    public void FailureToOpenLeavesTheContextUsable()
    {
        var driver = new EmulatedCudaDriver(90);
        using var context = Context.Create(builder => builder.Cuda(driver));
        driver.Fail("cuDevicePrimaryCtxRetain", CudaError.CUDA_ERROR_UNKNOWN);
        CudaException exception = Assert.Throws<CudaException>(() => context.CreateCudaAccelerator(0));
        Assert.Contains("cuDevicePrimaryCtxRetain: CUDA_ERROR_UNKNOWN (a description) while opening Emulated GPU 0 (sm_90)", exception.Message);
        driver.Fail("cuDevicePrimaryCtxRetain", CudaError.CUDA_SUCCESS);
        using CudaAccelerator accelerator = context.CreateCudaAccelerator(0);
        Assert.Equal(9, accelerator.Architecture.Major);
    }

    [Fact]
    public void VersionsCompareAndPrint()
    {
        Assert.True(CudaArchitecture.SM_90 > CudaArchitecture.SM_89);
        Assert.True(CudaInstructionSet.ISA_80 >= new CudaInstructionSet(8, 0));
        Assert.Equal("SM_90", CudaArchitecture.SM_90.ToString());
        CudaDriverVersion version = CudaDriverVersion.FromMajorMinor(12, 8);
        Assert.Equal((12, 8, 12080), (version.Major, version.Minor, version.Value));
        Assert.True(version > CudaDriverVersion.FromValue(12040));
    }
}
