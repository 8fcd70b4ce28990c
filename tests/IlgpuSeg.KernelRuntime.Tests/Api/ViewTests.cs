using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Views: parts, casts, bounds, and what they tell of their buffers.</summary>
public sealed class ViewTests : CpuTest
{
    [Fact]
    public void PartsShareMemory()
    {
        using var buffer = Buffer(0, 1, 2, 3, 4, 5, 6, 7);
        ArrayView<int> view = buffer.AsContiguous();
        ArrayView<int> part = view.SubView(2, 4).SubView(1);
        Assert.Equal(3, part.IntLength);
        part[0] = 33;
        Assert.Equal([3, 33], new[] { view[1] + 2, view[3] });
        Assert.Equal([33, 4, 5], part.GetAsArray());
        Assert.Equal(12, ((IContiguousArrayView)part).IndexInBytes);
        Assert.Equal(3, ((IContiguousArrayView)part).Index);
        Assert.Same(buffer, ((IArrayView)part).Buffer);
        Assert.Equal(0, view.SubView(7, 0).SubView(0).Length);
        Assert.Equal([6, 7], buffer.View.SubView(6, 2).GetAsArray1D());
        Assert.Equal([6, 7], buffer.AsArrayView<int>(6, 2).GetAsArray());
    }

    // With the packages an assertion fails there and ends the process.
    [Fact]
    public void EmptyPartsAtTheEndAreRefused()
    {
        using var buffer = Zeros<int>(8);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsContiguous().SubView(8));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsContiguous().SubView(8, 0));
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(0, 9)]
    [InlineData(8, 1)]
    [InlineData(3, -1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void PartsOutsideAreRefused(int index, int length)
    {
        using var buffer = Zeros<int>(8);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsContiguous().SubView(index, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.View.SubView(index, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArrayView<int>(buffer, index, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsArrayView<int>(index, length));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(8)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void IndicesOutsideAreRefused(long index)
    {
        using var buffer = Zeros<int>(8);
        ArrayView<int> view = buffer.AsContiguous();
        Assert.Throws<IndexOutOfRangeException>(() => view[index]);
        Assert.Throws<IndexOutOfRangeException>(() => view[new LongIndex1D(index)]);
        Assert.Throws<IndexOutOfRangeException>(() => view[(int)Math.Clamp(index, -1, 8)]);
        Assert.Throws<IndexOutOfRangeException>(() => buffer.View[new Index1D((int)Math.Clamp(index, -1, 8))]);
    }

    [Fact]
    public void CastsSeeTheSameBytes()
    {
        using var buffer = Buffer(1.0f, 2.0f, 3.0f, 4.0f, 5.0f);
        ArrayView<float> view = buffer.AsContiguous();
        Assert.Equal(20, view.Cast<byte>().Length);
        Assert.Equal(2, view.Cast<double>().Length);
        Assert.Equal(BitConverter.SingleToInt32Bits(3.0f), view.Cast<int>()[2]);
        ArrayView<Four> fours = view.Cast<Four>();
        Assert.Equal(1, fours.Length);
        Assert.Equal((1.0f, 4.0f), (fours[0].A, fours[0].D));
        Assert.Equal(20, buffer.AsRawArrayView().Length);
        Assert.Equal(8, buffer.AsRawArrayView(4, 8).Length);
        Assert.Equal(16, buffer.AsRawArrayView(4).Length);
    }

    [Fact]
    public void PropertiesDescribeTheView()
    {
        using var buffer = Zeros<double>(6);
        ArrayView<double> view = buffer.View;
        Assert.Equal((6L, 6, 48L, 8), (view.Length, view.IntLength, view.LengthInBytes, ArrayView<double>.ElementSize));
        Assert.True(view.IsValid && view.HasData() && !view.HasNoData());
        Assert.False(ArrayView<double>.Empty.IsValid);
        Assert.Equal((6, 6), (view.IntExtent.X, (int)view.Extent.X));
        Assert.Same(Accelerator, view.GetAccelerator());
        Assert.Same(Context, buffer.View.GetContext());
        Assert.Equal(AcceleratorType.CPU, view.GetAcceleratorType());
        Assert.Equal(0, view.LoadEffectiveAddressAsPtr() % 64);
        Assert.Equal(buffer.NativePtr, view.LoadEffectiveAddressAsPtr());
        Assert.Throws<InvalidOperationException>(() => ArrayView<int>.Empty.GetAccelerator());
    }

    [Fact]
    public void BuffersBelongToTheirAccelerator()
    {
        int before = Accelerator.NumberChildObjects;
        var first = Accelerator.Allocate1D<float>(10);
        MemoryBuffer raw = Accelerator.AllocateRaw(3, 8);
        Assert.Equal(before + 2, Accelerator.NumberChildObjects);
        Assert.Equal((10L, 4, 40L, 24L), (first.Length, first.ElementSize, first.LengthInBytes, raw.LengthInBytes));
        Assert.True(first.IsValid);
        first.Dispose();
        first.Dispose();
        Assert.False(first.IsValid);
        Assert.Throws<ObjectDisposedException>(() => first.AsRawArrayView());
        Accelerator.Dispose();
        Assert.True(raw.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => Accelerator.Synchronize());
    }

    [Fact]
    public void ZeroLengthIsAllowedAndNegativeIsNot()
    {
        using var empty = Accelerator.Allocate1D<int>(0);
        Assert.Empty(empty.GetAsArray1D());
        empty.MemSetToZero();
        Assert.Throws<ArgumentOutOfRangeException>(() => Accelerator.Allocate1D<int>(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Accelerator.AllocateRaw(1, 0));
        Assert.Throws<OverflowException>(() => Accelerator.Allocate1D<long>(long.MaxValue / 2));
    }

    private readonly struct Four(float a, float b, float c, float d)
    {
        public readonly float A = a;
        public readonly float B = b;
        public readonly float C = c;
        public readonly float D = d;
    }
}
