using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class CudaMemoryTests() : CudaTest(90, 80)
{
    [Fact]
    public void CopiesBothWaysAndWithin()
    {
        int[] data = [.. Enumerable.Range(0, 1000)];
        using var first = Buffer(data);
        using var second = Accelerator.Allocate1D<int>(1000);
        first.View.CopyTo(second.View);
        Assert.Equal(data, second.GetAsArray1D());
        second.View.SubView(10, 5).CopyFromCPU([-1, -2, -3, -4, -5]);
        Assert.Equal([9, -1, -2, -3, -4, -5, 15], second.View.SubView(9, 7).GetAsArray1D());
    }

    [Fact]
    public void FillsBytes()
    {
        using var buffer = Buffer(1, 2, 3, 4);
        buffer.MemSetToZero();
        Assert.Equal([0, 0, 0, 0], buffer.GetAsArray1D());
        buffer.MemSet(Accelerator.DefaultStream, 0xff, 4, 8);
        Assert.Equal([0, -1, -1, 0], buffer.GetAsArray1D());
    }

    [Fact]
    public void CopiesBetweenDevices()
    {
        using CudaAccelerator other = Open(1);
        using var cpuContext = Context.Create(builder => builder.CPU());
        using CPUAccelerator cpu = cpuContext.CreateCPUAccelerator(0);
        using var here = Buffer(1, 2, 3);
        using var there = other.Allocate1D<int>(3);
        using var host = cpu.Allocate1D<int>(3);
        here.View.CopyTo(there.View);
        there.View.CopyTo(host.View);
        Assert.Equal([1, 2, 3], host.GetAsArray1D());
        host.View.SubView(0, 1).CopyFromCPU([7]);
        host.View.CopyTo(here.View);
        Assert.Equal([7, 2, 3], here.GetAsArray1D());
    }

    [Fact]
    public void CopyToAnotherDeviceComesAfterTheStreamsWork()
    {
        using CudaAccelerator other = Open(1);
        using var stream = Accelerator.CreateStream();
        using var here = Buffer(1f, 2f);
        using var there = other.Allocate1D<float>(2);
        Accelerator.LoadKernel<ArrayView<float>, float>(CudaKernels.Scale)(stream, (1, 32), here.View, 10);
        here.View.CopyTo(stream, there.View);
        Assert.Equal([10f, 20f], there.GetAsArray1D());
    }

    [Fact]
    public void OutOfMemoryTellsSizesAndLeavesTheDeviceUsable()
    {
        Driver.Devices[0].MemoryLimit = 1_000_000;
        using var small = Accelerator.Allocate1D<byte>(400_000);
        Fails(() => Accelerator.Allocate1D<byte>(700_000), "CUDA_ERROR_OUT_OF_MEMORY",
            "cuMemAlloc", "700,000 bytes", "of whose 1,000,000 bytes 600,000 are free");
        Assert.Equal(600_000, Accelerator.GetFreeMemory());
        using var fits = Accelerator.Allocate1D<byte>(600_000);
        fits.MemSetToZero();
        Assert.All(fits.GetAsArray1D(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void FreedMemoryIsFree()
    {
        long before = Accelerator.GetFreeMemory();
        for (int i = 0; i < 3; i++)
        {
            using var buffer = Accelerator.Allocate1D<long>(1000);
            Assert.Equal(before - 8000, Accelerator.GetFreeMemory());
        }
        Assert.Equal(before, Accelerator.GetFreeMemory());
    }

    [Fact]
    public void EmptyBuffersHaveAnAddressAndCopyNothing()
    {
        using var buffer = Accelerator.Allocate1D<int>(0);
        Assert.NotEqual(0, buffer.NativePtr);
        Assert.Empty(buffer.GetAsArray1D());
        buffer.MemSetToZero();
    }

    [Fact]
    public void PageLockedArraysAreReadAndWrittenLater()
    {
        using var stream = Accelerator.CreateStream();
        using var buffer = Buffer(1, 2, 3, 4);
        using var array = Accelerator.AllocatePageLocked1D<int>(4);
        buffer.View.CopyToPageLockedAsync(stream, array);
        Assert.Equal([0, 0, 0, 0], array.GetArray());
        stream.Synchronize();
        Assert.Equal([1, 2, 3, 4], array.GetArray());
        buffer.View.CopyFromPageLockedAsync(stream, array);
        array[3] = -4;
        stream.Synchronize();
        Assert.Equal([1, 2, 3, -4], buffer.GetAsArray1D());
    }

    [Fact]
    public void PageLockedTwiceIsCopiedAllTheSame()
    {
        using var array = Accelerator.AllocatePageLocked1D<int>(4);
        using var again = Accelerator.PageLock<int>(array.GetArray(), array.Scope!.AddrOfLockedObject, 4);
        again.Dispose();
        Assert.Contains("page lock", Driver.LiveObjects);
        array.Dispose();
        Assert.DoesNotContain("page lock", Driver.LiveObjects);
    }

    [Theory]
    [InlineData("cuMemcpyHtoDAsync", "copying 8 bytes to Emulated GPU 0")]
    [InlineData("cuMemcpyDtoHAsync", "copying 8 bytes from Emulated GPU 0")]
    [InlineData("cuMemcpyDtoDAsync", "copying 8 bytes on Emulated GPU 0")]
    [InlineData("cuMemsetD8Async", "filling 8 bytes on Emulated GPU 0")]
    [InlineData("cuMemAlloc", "allocating 8 bytes on Emulated GPU 0")]
    [InlineData("cuMemHostRegister", "locking 8 bytes of host memory")]
    [InlineData("cuStreamSynchronize", "waiting for a stream")]
    [InlineData("cuCtxSynchronize", "waiting for Emulated GPU 0")]
    [InlineData("cuStreamCreate", "making a stream")]
    [InlineData("cuMemGetInfo", "asking for free memory")]
    [InlineData("cuCtxSetCurrent", "turning to Emulated GPU 0")]
    public void FailedCallsNameCallAndPurpose(string call, string purpose)
    {
        using var first = Buffer(1, 2);
        using var second = Buffer(1, 2);
        Driver.Fail(call, CudaError.CUDA_ERROR_INVALID_HANDLE);
        Fails(UseEverything, "CUDA_ERROR_INVALID_HANDLE", call + ": ", "while " + purpose);
        Driver.Fail(call, CudaError.CUDA_SUCCESS);
        UseEverything();

        void UseEverything()
        {
            first.View.CopyFromCPU([3, 4]);
            first.View.CopyTo(second.View);
            second.MemSetToZero();
            Assert.Equal([0, 0], second.GetAsArray1D());
            _ = Accelerator.GetFreeMemory();
            Accelerator.AllocatePageLocked1D<int>(2).Dispose();
            Accelerator.Allocate1D<int>(2).Dispose();
            Accelerator.CreateStream().Dispose();
            Accelerator.Synchronize();
        }
    }

    [Fact]
    public void BuffersOfOtherDevicesAreRefused()
    {
        using CudaAccelerator other = Open(1);
        using var there = other.Allocate1D<float>(4);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Scale()((1, 32), there.View, 2));
        Assert.Contains("belongs to Emulated GPU 1 (sm_80) [Cuda], not to Emulated GPU 0 (sm_90) [Cuda]", exception.Message);
    }

    [Fact]
    public void DisposedBuffersAreRefused()
    {
        var buffer = Buffer(1f);
        ArrayView<float> view = buffer.View;
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Scale()((1, 32), view, 2));
        Assert.Throws<ObjectDisposedException>(() => view.AsDense().CopyFromCPU([1f]));
    }
}
