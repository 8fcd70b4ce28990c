using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Copies between views, buffers, arrays, spans and page-locked memory.</summary>
public sealed class CopyTests : CpuTest
{
    private static readonly int[] Data = [1, 2, 3, 4, 5];

    [Fact]
    public void ArraysGoInAndOut()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using var buffer = Zeros<int>(5);
        var back = new int[5];
        buffer.CopyFromCPU(Data);
        buffer.CopyToCPU(back);
        Assert.Equal(Data, back);
        buffer.View.CopyFromCPU(stream, [5, 4, 3, 2, 1]);
        buffer.View.CopyToCPU(stream, back);
        Assert.Equal([5, 4, 3, 2, 1], back);
        buffer.AsContiguous().SubView(1, 2).CopyFromCPU([7, 8]);
        Assert.Equal([5, 7, 8, 2, 1], buffer.GetAsArray1D(stream));
        Assert.Equal([7, 8], buffer.AsContiguous().SubView(1, 2).GetAsArray(stream));
        Assert.Equal([5, 7, 8, 2, 1], buffer.View.GetAsArray1D());
        using var copy = Accelerator.Allocate1D(stream, Data);
        Assert.Equal(Data, copy.GetAsArray1D());
    }

    [Fact]
    public void SpansAndReferencesGoInAndOut()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using var buffer = Zeros<int>(5);
        ReadOnlySpan<int> source = Data.AsSpan(1, 3);
        buffer.View.CopyFromCPU(stream, source);
        var back = new int[5];
        buffer.View.CopyToCPU(stream, back.AsSpan());
        Assert.Equal([2, 3, 4, 0, 0], back);
        ArrayView<int> view = buffer.AsContiguous();
        view.CopyFromCPU(source);
        view.CopyFromCPU(ref back[0], 5);
        view.CopyToCPU(stream, ref back[2], 3);
        Assert.Equal([2, 3, 2, 3, 4], back);
        buffer.View.CopyToCPU(ref back[3], 2);
        Assert.Equal([2, 3, 2, 2, 3], back);
    }

    [Fact]
    public void ViewsAreCopiedAndFilled()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using var source = Buffer(Data);
        using var target = Zeros<int>(8);
        source.View.CopyTo(target.View.SubView(1, 5));
        Assert.Equal([0, 1, 2, 3, 4, 5, 0, 0], target.GetAsArray1D());
        target.AsContiguous().SubView(3).CopyFrom(source.AsContiguous());
        Assert.Equal([0, 1, 2, 1, 2, 3, 4, 5], target.GetAsArray1D());
        target.AsContiguous().SubView(2, 2).MemSetToZero(stream);
        target.View.SubView(6, 2).MemSet(stream, 1);
        Assert.Equal([0, 1, 0, 0, 2, 3, 0x01010101, 0x01010101], target.GetAsArray1D());
        target.MemSet(stream, 0xFF, 0, 4);
        target.CopyFrom(stream, source.AsRawArrayView(0, 8), 8);
        Assert.Equal([-1, 1, 1, 2], target.GetAsArray1D()[..4]);
        source.CopyTo(stream, 16, target.AsRawArrayView(0, 4));
        Assert.Equal(5, target.GetAsArray1D()[0]);
        target.MemSetToZero();
        Assert.All(target.GetAsArray1D(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void CopiesBetweenAcceleratorsWork()
    {
        using Accelerator other = Context.CreateCPUAccelerator(0);
        using var source = Buffer(Data);
        using var target = other.Allocate1D<int>(5);
        source.View.CopyTo(target.View);
        Assert.Equal(Data, target.GetAsArray1D());
    }

    [Fact]
    public void PageLockedArraysAreCopiedInStreams()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using PageLockedArray1D<int> host = Accelerator.AllocatePageLocked1D<int>(5);
        using PageLockedArray1D<int> back = Accelerator.AllocatePageLocked1D<int>(5, uninitialized: true);
        Assert.All(host.GetArray(), value => Assert.Equal(0, value));
        Data.CopyTo(host.Span);
        using var buffer = Zeros<int>(5);
        buffer.View.CopyFromPageLockedAsync(stream, host);
        buffer.View.CopyToPageLockedAsync(stream, back);
        stream.Synchronize();
        Assert.Equal(Data, back.GetArray());
        host[1] = 20;
        host[2L] = 30;
        buffer.AsContiguous().CopyFromPageLockedAsync(host);
        Assert.Equal([1, 20, 30, 4, 5], buffer.GetAsArray1D());
        Assert.Equal((5L, 5L), (host.Length, host.Extent.X));
        host.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.View.CopyFromPageLockedAsync(host));
        Assert.Equal(0, PageLockedArray1D<int>.Empty.Length);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var buffer = Zeros<int>(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyFromCPU(Data));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyToCPU(new int[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsContiguous().CopyTo(buffer.AsContiguous().SubView(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.MemSet(Accelerator.DefaultStream, 0, 0, 17));
        Assert.Throws<ArgumentNullException>(() => buffer.CopyFromCPU(null!));
        using Accelerator other = Context.CreateCPUAccelerator(0);
        Assert.Throws<ArgumentException>(() => buffer.CopyFromCPU(other.DefaultStream, [1]));
        ArrayView<int> view = buffer.AsContiguous();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.CopyFromCPU([1]));
        Assert.Throws<ObjectDisposedException>(() => view.GetAsArray());
        Assert.Throws<ObjectDisposedException>(() => view.MemSetToZero());
    }

    [Fact]
    public async Task StreamsSynchronizeAndMeasureTime()
    {
        AcceleratorStream stream = Accelerator.CreateStream();
        Assert.NotSame(stream, Accelerator.DefaultStream);
        Assert.Same(Accelerator.DefaultStream, Accelerator.DefaultStream);
        ProfilingMarker start = stream.AddProfilingMarker();
        await Task.Delay(5);
        ProfilingMarker end = stream.AddProfilingMarker();
        end.Synchronize();
        Assert.InRange((end - start).TotalMilliseconds, 4, 10_000);
        Assert.Equal(end.MeasureFrom(start), end - start);
        Assert.True(Accelerator.AddProfilingMarker() - end >= TimeSpan.Zero);
        await stream.SynchronizeAsync().WaitAsync(TimeSpan.FromSeconds(10));
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        using Context plain = Context.Create(static builder => builder.CPU());
        using Accelerator accelerator = plain.CreateCPUAccelerator(0);
        Assert.Throws<NotSupportedException>(() => accelerator.DefaultStream.AddProfilingMarker());
    }
}
