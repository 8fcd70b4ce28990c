using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class CudaStreamTests() : CudaTest(90, 90)
{
    [Fact]
    public void WorkIsDoneInOrderWhenSomebodyWaits()
    {
        using var stream = (CudaStream)Accelerator.CreateStream();
        using var buffer = Buffer(1f);
        var scale = Accelerator.LoadKernel<ArrayView<float>, float>(CudaKernels.Scale);
        using var result = Accelerator.AllocatePageLocked1D<float>(1);
        scale(stream, (1, 1), buffer.View, 2);
        buffer.View.CopyToPageLockedAsync(stream, result);
        scale(stream, (1, 1), buffer.View, 5);
        Assert.Equal(0, result[0]);
        stream.Synchronize();
        Assert.Equal(2, result[0]);
        Assert.Equal([10f], buffer.GetAsArray1D());
        Assert.NotEqual(0, stream.StreamPtr);
    }

    [Fact]
    public void MarkersMeasureAndOrderStreams()
    {
        using var first = (CudaStream)Accelerator.CreateStream();
        using var second = Accelerator.CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING);
        using var buffer = Buffer(1f, 1f);
        var scale = Accelerator.LoadKernel<ArrayView<float>, float>(CudaKernels.Scale);
        using ProfilingMarker start = first.AddProfilingMarker();
        scale(first, (1, 32), buffer.View, 2);
        using ProfilingMarker end = first.AddProfilingMarker();
        second.WaitFor(end);
        using var result = Accelerator.AllocatePageLocked1D<float>(2);
        buffer.View.CopyToPageLockedAsync(second, result);
        second.Synchronize();
        Assert.Equal([2f, 2f], result.GetArray());
        Assert.True(end - start > TimeSpan.Zero);
        Assert.True(end.MeasureFrom(end) == TimeSpan.Zero);
    }

    [Fact]
    public void MarkersOfOtherAcceleratorsAreRefused()
    {
        using CudaAccelerator other = Open(1);
        using ProfilingMarker here = Accelerator.AddProfilingMarker();
        using ProfilingMarker there = other.AddProfilingMarker();
        Assert.Throws<ArgumentException>(() => here.MeasureFrom(there));
        using var stream = (CudaStream)Accelerator.CreateStream();
        Assert.Throws<ArgumentException>(() => stream.WaitFor(there));
    }

    [Fact]
    public void StreamsOfOtherAcceleratorsAreRefused()
    {
        using CudaAccelerator other = Open(1);
        using var stream = other.CreateStream();
        using var buffer = Buffer(1f);
        Assert.Throws<ArgumentException>(
            () => Accelerator.LoadKernel<ArrayView<float>, float>(CudaKernels.Scale)(stream, (1, 1), buffer.View, 1));
        Assert.Throws<ArgumentException>(() => buffer.View.CopyFromCPU(stream, [1f]));
    }

    [Fact]
    public void DevicesWorkSideBySide()
    {
        using CudaAccelerator other = Open(1);
        using var here = Buffer(1f);
        using var there = other.Allocate1D([10f]);
        Scale()((1, 1), here.View, 2);
        other.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale)((1, 1), there.View, 3);
        Assert.Equal([2f], here.GetAsArray1D());
        Assert.Equal([30f], there.GetAsArray1D());
    }

    [Fact]
    public void AnyThreadCanWork()
    {
        using var buffer = Buffer(1f);
        var scale = Scale();
        Parallel.For(0, 20, _ => scale((1, 1), buffer.View, -1));
        Assert.Equal([1f], buffer.GetAsArray1D());
    }

    [Fact]
    public void DisposedStreamsAreRefused()
    {
        var stream = Accelerator.CreateStream();
        stream.Dispose();
        using var buffer = Buffer(1f);
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        Assert.Throws<ObjectDisposedException>(
            () => Accelerator.LoadKernel<ArrayView<float>, float>(CudaKernels.Scale)(stream, (1, 1), buffer.View, 1));
    }

    [Fact]
    public void AcceleratorClosesWhatItsUserForgot()
    {
        CudaAccelerator other = Open(1);
        _ = other.CreateStream();
        _ = other.AddProfilingMarker();
        _ = other.AllocatePageLocked1D<int>(10);
        var buffer = other.Allocate1D([1f, 2f]);
        other.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale)((1, 2), buffer.View, 2);
        _ = CudaGraph.Capture(other.DefaultStream, () => buffer.MemSetToZero());
        Driver.Calls = [];
        other.Dispose();
        // Kernels end before anything is taken from them, and the context goes last.
        Assert.Equal("cuCtxSynchronize", Driver.Calls.First(call => call != "cuCtxSetCurrent"));
        Assert.Equal("cuDevicePrimaryCtxRelease", Driver.Calls[^1]);
        Assert.Equal(["context"], Driver.LiveObjects);
        Assert.Throws<ObjectDisposedException>(() => other.Allocate1D<int>(1));
        buffer.Dispose();
    }
}
