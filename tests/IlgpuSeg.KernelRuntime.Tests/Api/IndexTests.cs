using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Arithmetic, comparison, conversion and bounds of the index types.</summary>
public sealed class IndexTests
{
    [Fact]
    public void ArithmeticIsPerCoordinate()
    {
        Index3D a = new(7, -8, 9);
        Index3D b = (2, 4, 3);
        Assert.Equal(new Index3D(9, -4, 12), a + b);
        Assert.Equal(new Index3D(5, -12, 6), a - b);
        Assert.Equal(new Index3D(14, -32, 27), a * b);
        Assert.Equal(new Index3D(3, -2, 3), a / b);
        Assert.Equal(a + b, Index3D.Add(a, b));
        Assert.Equal(a - b, a.Subtract(b));
        Assert.Equal(a * b, Index3D.Multiply(a, b));
        Assert.Equal(a / b, Index3D.Divide(a, b));
        Assert.Equal(new Index3D(2, -8, 3), Index3D.Min(a, b));
        Assert.Equal(new Index3D(7, 4, 9), Index3D.Max(a, b));
        Assert.Equal(new Index3D(5, 0, 5), Index3D.Clamp(a, Index3D.Zero, new Index3D(5)));
        Assert.Equal(new Index2D(9, -4), new Index2D(7, -8).Add((2, 4)));
        Assert.Equal(new LongIndex1D(12), LongIndex1D.Multiply(3, 4));
        Assert.Equal(new LongIndex2D(1L << 40, 6), new LongIndex2D(1L << 39, 3) * new LongIndex2D(2));
    }

    [Fact]
    public void SizesCountElements()
    {
        Assert.Equal(24, new Index3D(2, 3, 4).Size);
        Assert.Equal(1L << 40, new Index2D(1 << 20, 1 << 20).LongSize);
        Assert.Equal(1L << 40, ((IIndex)new Index2D(1 << 20, 1 << 20)).Size);
        Assert.Throws<OverflowException>(() => new Index2D(1 << 20, 1 << 20).Size);
        Assert.Equal(1L << 42, new LongIndex3D(1L << 40, 2, 2).Size);
        Assert.Equal(5, new Index1D(5).Size);
    }

    [Fact]
    public void BoundsAreHalfOpenOrInclusive()
    {
        Index2D dimension = (4, 5);
        Assert.True(new Index2D(3, 4).InBounds(dimension));
        Assert.False(new Index2D(3, 5).InBounds(dimension));
        Assert.False(new Index2D(-1, 0).InBounds(dimension));
        Assert.True(new Index2D(4, 5).InBoundsInclusive(dimension));
        Assert.False(new Index2D(4, 6).InBoundsInclusive(dimension));
        Assert.True(new LongIndex1D(9).InBounds(10) && !new LongIndex1D(10).InBounds(10));
    }

    [Fact]
    public void ConversionsKeepCoordinatesOrOverflow()
    {
        int number = new Index1D(5);
        Index1D index = number;
        LongIndex1D wide = index;
        long back = wide;
        Assert.Equal(5L, back);
        Assert.Equal(index, (Index1D)wide);
        Assert.Equal(5u, (uint)index);
        Assert.Equal(new LongIndex3D(1, 2, 3), new Index3D(1, 2, 3).ToLongIndex());
        Assert.Equal(new Index3D(1, 2, 3), (Index3D)new LongIndex3D(1, 2, 3));
        Assert.Throws<OverflowException>(() => new LongIndex2D(1L << 31, 0).ToIntIndex());
        (int x, int y, int z) = new Index3D(new Index2D(1, 2), 3);
        Assert.Equal((1, 2, 3), (x, y, z));
        Assert.Equal((1, 2, 3), new Index3D(1, new Index2D(2, 3)).ToValueTuple());
        Assert.Equal(new Index2D(2, 3), new Index3D(1, 2, 3).YZ);
        Assert.Equal(new LongIndex2D(1, 2), new LongIndex3D(1, 2, 3).XY);
    }

    [Fact]
    public void EqualityAndText()
    {
        Assert.True(new Index2D(1, 2) == (1, 2) && new Index2D(1, 2) != (2, 1));
        Assert.True(new Index3D(1, 2, 3).Equals((object)new Index3D(1, 2, 3)));
        Assert.False(new Index3D(1, 2, 3).Equals(new LongIndex3D(1, 2, 3)));
        Assert.Equal(new Index3D(1, 2, 3).GetHashCode(), new Index3D(1, 2, 3).GetHashCode());
        Assert.Equal("(1, 2, 3)", new Index3D(1, 2, 3).ToString());
        Assert.True(Index1D.Zero.IsFirst && !Index1D.One.IsFirst && Index1D.Invalid == -1);
        Assert.Equal(IndexType.LongIndex2D, default(LongIndex2D).IndexType);
        Assert.Equal(IndexType.Index3D, default(Index3D).IndexType);
    }

    [Fact]
    public void KernelConfigTakesTuples()
    {
        KernelConfig flat = (10, 64);
        Assert.Equal((new Index3D(10, 1, 1), new Index3D(64, 1, 1)), flat.ToDimensions());
        KernelConfig plane = (new Index2D(3, 4), new Index2D(8, 2));
        Assert.Equal(3 * 4 * 16, plane.Size);
        KernelConfig shared = (10, 64, SharedMemoryConfig.RequestDynamic<double>(5));
        (Index3D grid, Index3D group, SharedMemoryConfig memory) = shared;
        Assert.Equal((new Index3D(10, 1, 1), new Index3D(64, 1, 1), 40), (grid, group, memory.ArraySize));
        Assert.True(shared.UsesDynamicSharedMemory && !flat.UsesDynamicSharedMemory);
        Assert.True(flat.IsValid && !((KernelConfig)(0, 5)).IsValid);
        Assert.Equal(new Index3D(8, 1, 1), ((KernelConfig)(new Index3D(2, 3, 4), new Index1D(8))).GroupDim);
        Assert.Equal(new Index3D(8, 9, 1), ((KernelConfig)(new Index3D(2, 3, 4), new Index2D(8, 9))).GroupDim);
        Assert.Equal(new Index3D(1, 2, 3), new KernelConfig(1, 2, 3, 4, 5, 6).GridDim);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedMemoryConfig(-1, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedMemoryConfig(1, 0));
    }
}
