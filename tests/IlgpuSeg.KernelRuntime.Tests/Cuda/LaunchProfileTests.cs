using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

public sealed class LaunchProfileTests() : CudaTest(90, 90)
{
    [Fact]
    public void EveryLaunchIsCountedByKernelAndGrid()
    {
        using var buffer = Buffer(1f, 1f);
        var scale = Accelerator.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale);
        scale((1, 32), buffer.View, 2);
        using (var profile = new LaunchProfile(Accelerator))
        {
            scale((1, 32), buffer.View, 2);
            scale((1, 32), buffer.View, 2);
            scale((2, 64), buffer.View, 2);
            var rows = profile.Read();
            Assert.Equal(
                [(1, 32, 2), (2, 64, 1)],
                rows.Select(row => (row.Grid.X, row.Group.X, row.Launches)).Order());
            Assert.All(rows, row => Assert.Equal(nameof(CudaKernels.Scale), row.Kernel.Name));
            Assert.All(rows, row => Assert.True(row.Time > TimeSpan.Zero));
            Assert.Throws<InvalidOperationException>(() => new LaunchProfile(Accelerator));
        }
        // Its events are freed, and nothing is timed any more.
        scale((1, 32), buffer.View, 2);
        using var after = new LaunchProfile(Accelerator);
        Assert.Empty(after.Read());
    }

    [Fact]
    public void TheProcessorsLaunchesAreTimedToo()
    {
        using var context = Context.CreateDefault();
        using var accelerator = context.CreateCPUAccelerator(0);
        using var buffer = accelerator.Allocate1D([1f, 1f]);
        var scale = accelerator.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale);
        using var profile = new LaunchProfile(accelerator);
        scale((1, 8), buffer.View, 2);
        var row = Assert.Single(profile.Read());
        Assert.Equal((8, 1), (row.Group.X, row.Launches));
        Assert.True(row.Time > TimeSpan.Zero);
    }
}
