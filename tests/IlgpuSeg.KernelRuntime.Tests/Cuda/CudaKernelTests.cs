using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class CudaKernelTests : CudaTest
{
    [Fact]
    public void ArgumentsGoInOneBlock()
    {
        using var buffer = Buffer([.. Enumerable.Range(0, 100).Select(i => (float)i)]);
        Scale()((4, 32), buffer.View, 2);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => 2f * i), buffer.GetAsArray1D());
    }

    [Fact]
    public void ImplicitKernelsGetTheirExtent()
    {
        using var buffer = Accelerator.Allocate1D(Enumerable.Repeat(-1, 1000).ToArray());
        Accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(CudaKernels.Number)(700, buffer.View);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i < 700 ? i : -1), buffer.GetAsArray1D());
        buffer.MemSetToZero();
        Accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>>(CudaKernels.Number, 64)(65, buffer.View);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i < 65 ? i : 0), buffer.GetAsArray1D());
    }

    [Fact]
    public void SpecializedValuesMakeVersions()
    {
        using var buffer = Accelerator.Allocate1D<int>(2);
        var constant = Accelerator.LoadStreamKernel<ArrayView<int>, SpecializedValue<int>>(CudaKernels.Constant);
        Assert.Equal(0, Compiler.Compilations);
        foreach (int value in new[] { 5, -7, 5, 5, -7 })
        {
            constant((1, 2), buffer.View, SpecializedValue.New(value));
            Assert.Equal([value, value], buffer.GetAsArray1D());
        }
        Assert.Equal(2, Compiler.Compilations);
    }

    [Fact]
    public void KernelsAreLoadedOncePerAccelerator()
    {
        using var buffer = Buffer(1f);
        for (int i = 0; i < 3; i++)
            Scale()((1, 32), buffer.View, 2);
        Assert.Equal(8f, buffer.GetAsArray1D()[0]);
        Assert.Equal(1, Compiler.Compilations);
        using CudaAccelerator second = Open(0);
        second.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale);
        Assert.Equal(2, Compiler.Compilations);
    }

    [Fact]
    public void ArgumentsThatAreNotAlignedGetAVersionOfTheirOwn()
    {
        using var buffer = Buffer(1f, 1f, 1f, 1f);
        var scale = Scale();
        scale((1, 32), buffer.View, 3);
        scale((1, 32), buffer.View.SubView(1, 2), 2);
        scale((1, 32), buffer.View.SubView(3, 1), 5);
        Assert.Equal([3f, 6f, 6f, 15f], buffer.GetAsArray1D());
        Assert.Equal([PtxAssumptions.All, new PtxAssumptions(AlignedViews: false, DisjointViews: true)], Compiler.Assumptions);
    }

    [Theory]
    [InlineData(64, 1024, false)]
    [InlineData(1024, 100 * 1024, true)]
    public void LargeDynamicSharedMemoryIsAskedFor(int threads, int bytes, bool asks)
    {
        using var buffer = Buffer([.. Enumerable.Range(0, threads)]);
        Driver.Calls = [];
        var reverse = Accelerator.LoadStreamKernel<ArrayView<int>>(CudaKernels.Reverse);
        for (int i = 0; i < 3; i++)
            reverse(new KernelConfig(1, threads, SharedMemoryConfig.RequestDynamic<byte>(bytes)), buffer.View);
        Assert.Equal(Enumerable.Range(0, threads).Reverse(), buffer.GetAsArray1D());
        Assert.Equal(asks ? 1 : 0, Driver.Calls.Count(call => call == "cuFuncSetAttribute"));
    }

    [Fact]
    public void MoreSharedMemoryThanTheDeviceHasIsRefusedBeforeTheLaunch()
    {
        using var buffer = Buffer(1);
        var reverse = Accelerator.LoadStreamKernel<ArrayView<int>>(CudaKernels.Reverse);
        ArgumentOutOfRangeException exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => reverse(new KernelConfig(1, 1, SharedMemoryConfig.RequestDynamic<byte>(228 * 1024)), buffer.View));
        Assert.Contains("233472 bytes of dynamic shared memory were asked for; the device has 232448", exception.Message);
    }

    [Fact]
    public void RefusedModulesShowTheDriversLog()
    {
        CudaException exception = Fails(
            () => Accelerator.LoadStreamKernel<ArrayView<int>>(CudaKernels.Broken), "CUDA_ERROR_INVALID_PTX",
            "cuModuleLoadDataEx", "loading kernel CudaKernels.Broken on Emulated GPU 0 (sm_90)", "PTX line");
        // The device goes on, and the kernel can be tried again.
        Assert.Equal(exception.Message, Fails(
            () => Accelerator.LoadStreamKernel<ArrayView<int>>(CudaKernels.Broken), "CUDA_ERROR_INVALID_PTX").Message);
        using var buffer = Buffer(1f);
        Scale()((1, 1), buffer.View, 3);
        Assert.Equal([3f], buffer.GetAsArray1D());
    }

    [Fact]
    public void FailuresWhileLoadingCanBeRepaired()
    {
        Driver.Fail("cuModuleGetFunction", CudaError.CUDA_ERROR_NOT_FOUND);
        Fails(() => Scale(), "CUDA_ERROR_NOT_FOUND", "looking for kernel CudaKernels.Scale");
        Driver.Fail("cuModuleGetFunction", CudaError.CUDA_SUCCESS);
        Driver.Fail("cuModuleLoadDataEx", CudaError.CUDA_ERROR_OUT_OF_MEMORY);
        Fails(() => Scale(), "CUDA_ERROR_OUT_OF_MEMORY");
        Driver.Fail("cuModuleLoadDataEx", CudaError.CUDA_SUCCESS);
        using var buffer = Buffer(2f);
        Scale()((1, 1), buffer.View, 3);
        Assert.Equal([6f], buffer.GetAsArray1D());
    }

    [Fact]
    public void FailedLaunchesTellTheirShape()
    {
        using var buffer = Buffer(1f);
        var scale = Scale();
        Driver.Fail("cuLaunchKernel", CudaError.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
        Fails(() => scale((3, 64), buffer.View, 2), "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
            "launching kernel CudaKernels.Scale", "grid (3, 1, 1), group (64, 1, 1)", "registers");
        Driver.Fail("cuLaunchKernel", CudaError.CUDA_SUCCESS);
        scale((3, 64), buffer.View, 2);
        Assert.Equal([2f], buffer.GetAsArray1D());
    }

    [Fact]
    public void KernelThatFailsIsNamedWhereSomebodyWaits()
    {
        using var buffer = Buffer(1, 2);
        Accelerator.LoadStreamKernel<ArrayView<int>>(CudaKernels.Overrun)((1, 1), buffer.View);
        Fails(() => Accelerator.DefaultStream.Synchronize(), "CUDA_ERROR_ILLEGAL_ADDRESS",
            "cuStreamSynchronize", "waiting for a stream whose last kernel was CudaKernels.Overrun");
        // The device is lost; all that is asked of it fails, and closing it does not.
        Fails(() => buffer.GetAsArray1D(), "CUDA_ERROR_ILLEGAL_ADDRESS");
        Fails(() => Accelerator.Allocate1D<int>(1), "CUDA_ERROR_ILLEGAL_ADDRESS");
        Lost = true;
    }

    private bool Lost { get; set; }

    public override void Dispose()
    {
        if (Lost)
            Context.Dispose();
        else
            base.Dispose();
    }

    [Fact]
    public void AttributesAndOccupancy()
    {
        CudaKernelAttributes attributes = Accelerator.GetKernelAttributes(CudaKernels.Scale);
        Assert.Equal((0, 0, 1024, 90), (attributes.LocalBytes, attributes.SharedBytes, attributes.MaxThreadsPerGroup, attributes.BinaryVersion));
        Assert.True(attributes.Registers > 0);
        Assert.Equal(2, Accelerator.GetGroupsPerMultiprocessor(CudaKernels.Scale, 1024));
        Assert.Equal(16, Accelerator.GetGroupsPerMultiprocessor(CudaKernels.Scale, 128));
        Assert.Equal(2, Accelerator.GetGroupsPerMultiprocessor(CudaKernels.Reverse, 32, 100 * 1024));
        Fails(() => Accelerator.GetGroupsPerMultiprocessor(CudaKernels.Scale, 2048), "CUDA_ERROR_INVALID_VALUE", "groups of 2048 threads");
        Assert.Throws<NotSupportedException>(() => Accelerator.GetKernelAttributes(CudaKernels.Constant));
    }
}
