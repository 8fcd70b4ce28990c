namespace IlgpuSeg.Tests;

// The allocator's counters are shared by all tensors of a device, so these tests do not run beside others.
[Collection("Allocator")]
[CollectionDefinition("Allocator", DisableParallelization = true)]
public class TensorScopeTests
{
    [Fact]
    public void FreesWhatItDoesNotKeep()
    {
        Tensor freed, kept;
        using (var scope = new TensorScope())
        {
            freed = Tensor.Zeros([4], DType.Float32, Device.Cpu);
            kept = scope.Keep(Tensor.Zeros([4], DType.Float32, Device.Cpu));
        }
        Assert.Throws<ObjectDisposedException>(() => freed.ToArray<float>());
        Assert.Equal(4, kept.ToArray<float>().Length);
        kept.Dispose();
    }

    [Fact]
    public void AKeptTensorBelongsToTheEnclosingScope()
    {
        Tensor kept;
        using (new TensorScope())
        {
            using (var inner = new TensorScope())
                kept = inner.Keep(Tensor.Zeros([4], DType.Float32, Device.Cpu));
            Assert.Equal(4, kept.ToArray<float>().Length);
        }
        Assert.Throws<ObjectDisposedException>(() => kept.ToArray<float>());
    }

    [Fact]
    public void ScopesCloseInnermostFirst()
    {
        var outer = new TensorScope();
        var inner = new TensorScope();
        Assert.Throws<InvalidOperationException>(outer.Dispose);
        inner.Dispose();
        outer.Dispose();
    }

    [Fact]
    public void WhatAGraphSavedOutlivesTheScopeUntilBackward()
    {
        var allocator = Device.Cpu.Allocator;
        var before = allocator.LiveBytes;
        using (new TensorScope())
        {
            var x = Tensor.Full([1000], 3, DType.Float64, Device.Cpu);
            x.RequiresGrad = true;
            Tensor y;
            using (var inner = new TensorScope())
            {
                var middle = TestOps.Square(x);
                y = inner.Keep(TestOps.Sum(TestOps.Square(middle)));
            }
            y.Backward();
            // d/dx x^4 = 4 x^3
            Assert.All(x.Grad!.ToDoubles(), g => Assert.Equal(108, g, 12));
        }
        Assert.Equal(before, allocator.LiveBytes);
    }

    [Fact]
    public void AGraphThatIsNeverUsedIsFreedWithItsScope()
    {
        var allocator = Device.Cpu.Allocator;
        var before = allocator.LiveBytes;
        for (var step = 0; step < 3; step++)
        {
            using var scope = new TensorScope();
            var x = Tensor.Full([1000], 3, DType.Float64, Device.Cpu);
            x.RequiresGrad = true;
            TestOps.Square(TestOps.Square(x));
        }
        Assert.Equal(before, allocator.LiveBytes);
    }

    [Fact]
    public void AllocatorReusesAndCounts()
    {
        using var test = new TestDevice();
        var allocator = test.Allocator;
        var t = Tensor.Empty([100_000], DType.Float32, test.Device);
        var size = Memory.DeviceAllocator.BlockSize(400_000);
        Assert.Equal((size, size, 0), (allocator.LiveBytes, allocator.PeakBytes, allocator.CachedBytes));
        t.Dispose();
        Assert.Equal((0, size, size), (allocator.LiveBytes, allocator.PeakBytes, allocator.CachedBytes));
        using var again = Tensor.Empty([99_990], DType.Float32, test.Device);
        Assert.Equal((size, 0), (allocator.ReservedBytes, allocator.CachedBytes));
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 256)]
    [InlineData(256, 256)]
    [InlineData(257, 512)]
    [InlineData(1_000_000, 1_000_192)]
    public void BlocksAreMultiplesOf256Bytes(long bytes, long expected) =>
        Assert.Equal(expected, Memory.DeviceAllocator.BlockSize(bytes));
}
