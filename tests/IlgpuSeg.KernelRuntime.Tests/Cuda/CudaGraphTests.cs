using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class CudaGraphTests() : CudaTest(90, 90)
{
    [Fact]
    public void RecordedWorkIsReplayed()
    {
        using var x = Buffer(1f, 2f);
        using var y = Buffer(0f, 0f);
        var scale = Scale();
        using CudaGraph graph = CudaGraph.Capture(Accelerator.DefaultStream, () =>
        {
            scale((1, 32), x.View, 3);
            x.View.CopyTo(y.View);
            scale((1, 32), y.View, -1);
        });
        Assert.Equal([1f, 2f], x.GetAsArray1D());
        graph.Launch(Accelerator.DefaultStream);
        graph.Launch(Accelerator.DefaultStream);
        Assert.Equal([9f, 18f], x.GetAsArray1D());
        Assert.Equal([-9f, -18f], y.GetAsArray1D());
    }

    [Fact]
    public void RecordedWorkRunsInOtherStreams()
    {
        using var stream = Accelerator.CreateStream();
        using var x = Buffer(1f);
        var scale = Scale();
        using CudaGraph graph = CudaGraph.Capture(Accelerator.DefaultStream, () => scale((1, 1), x.View, 4));
        graph.Launch(stream);
        stream.Synchronize();
        Assert.Equal([4f], x.GetAsArray1D());
    }

    [Fact]
    public void WaitingCannotBeRecorded()
    {
        using var x = Buffer(1f);
        Fails(
            () => CudaGraph.Capture(Accelerator.DefaultStream, () => Accelerator.DefaultStream.Synchronize()),
            "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "cuStreamSynchronize", "waiting for a stream");
        // The stream is as before.
        Scale()((1, 1), x.View, 2);
        Assert.Equal([2f], x.GetAsArray1D());
    }

    [Fact]
    public void FailureInsideOfTheWorkComesThrough()
    {
        using var x = Buffer(1f);
        Assert.Throws<InvalidTimeZoneException>(
            () => CudaGraph.Capture(Accelerator.DefaultStream, () => throw new InvalidTimeZoneException()));
        Assert.DoesNotContain("EmulatedGraph", Driver.LiveObjects);
        Scale()((1, 1), x.View, 2);
        Assert.Equal([2f], x.GetAsArray1D());
    }

    [Theory]
    [InlineData("cuStreamBeginCapture", "starting to record")]
    [InlineData("cuStreamEndCapture", "ending the recording")]
    [InlineData("cuGraphInstantiate", "preparing recorded work")]
    [InlineData("cuGraphLaunch", "replaying recorded work")]
    public void FailedCallsNameCallAndPurpose(string call, string purpose)
    {
        using var x = Buffer(1f);
        using var stream = Accelerator.CreateStream();
        Driver.Fail(call, CudaError.CUDA_ERROR_INVALID_VALUE);
        Fails(
            () =>
            {
                using CudaGraph graph = CudaGraph.Capture(stream, () => x.View.MemSetToZero(stream));
                graph.Launch(stream);
            },
            "CUDA_ERROR_INVALID_VALUE", call, purpose);
        Driver.Fail(call, CudaError.CUDA_SUCCESS);
        Assert.DoesNotContain("EmulatedGraph", Driver.LiveObjects);
    }

    [Fact]
    public void OtherAcceleratorsAreRefused()
    {
        using CudaAccelerator other = Open(1);
        using var x = Buffer(1f);
        using CudaGraph graph = CudaGraph.Capture(Accelerator.DefaultStream, () => x.MemSetToZero());
        Assert.Throws<ArgumentException>(() => graph.Launch(other.DefaultStream));
        using var context = Context.Create(builder => builder.CPU());
        using CPUAccelerator cpu = context.CreateCPUAccelerator(0);
        Assert.Throws<NotSupportedException>(() => CudaGraph.Capture(cpu.DefaultStream, () => { }));
        graph.Dispose();
        Assert.Throws<ObjectDisposedException>(() => graph.Launch(Accelerator.DefaultStream));
    }
}
