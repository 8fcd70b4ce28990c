namespace IlgpuSeg.Tests;

public class TensorTests
{
    [Fact]
    public void KeepsWhatItWasMadeFrom()
    {
        using var t = Tensor.From<float>([1, 2, 3, 4, 5, 6], [1, 2, 1, 3]);
        Assert.Equal(DType.Float32, t.DType);
        Assert.Equal((1, 2, 1, 3), (t.N, t.H, t.W, t.C));
        Assert.Equal([1f, 2, 3, 4, 5, 6], t.ToArray<float>());
        Assert.Equal([1.0, 2, 3, 4, 5, 6], t.ToDoubles());
    }

    [Fact]
    public void RefusesAWrongCount()
    {
        var e = Assert.Throws<ShapeException>(() => Tensor.From<float>([1, 2, 3], [2, 2]));
        Assert.Contains("[2, 2]", e.Message);
        Assert.Contains("3", e.Message);
    }

    [Fact]
    public void RefusesAnotherElementType()
    {
        using var t = Tensor.Zeros([2], DType.Float64, Device.Cpu);
        Assert.Contains("Float64", Assert.Throws<InvalidOperationException>(() => t.View<float>()).Message);
    }

    [Fact]
    public void RefusesMoreElementsThanKernelsIndex() =>
        Assert.Throws<OverflowException>(() => Tensor.Empty([65536, 65536], DType.Float32, Device.Cpu));

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Int32)]
    public void FillsWithOneValue(DType dtype)
    {
        using var t = Tensor.Full([3, 2], 7, dtype, Device.Cpu);
        Assert.All(t.ToDoubles(), x => Assert.Equal(7, x));
    }

    [Fact]
    public void ZerosAreZeroInReusedMemory()
    {
        Tensor.Full([1000], 5, DType.Float32, Device.Cpu).Dispose();
        using var t = Tensor.Zeros([1000], DType.Float32, Device.Cpu);
        Assert.All(t.ToArray<float>(), x => Assert.Equal(0, x));
    }

    [Fact]
    public void ReshapeSharesElementsAndOutlivesItsSource()
    {
        var t = Tensor.From<float>([1, 2, 3, 4], [4]);
        using var r = t.Reshape(2, 2);
        t.Dispose();
        Assert.Equal([1f, 2, 3, 4], r.ToArray<float>());
        Assert.Throws<ShapeException>(() => r.Reshape(3));
    }

    [Fact]
    public void AFreedTensorIsNotReadable()
    {
        var t = Tensor.Zeros([4], DType.Float32, Device.Cpu);
        t.Dispose();
        t.Dispose();
        Assert.Throws<ObjectDisposedException>(() => t.ToArray<float>());
        Assert.Contains("freed", t.ToString());
    }

    [Fact]
    public void SaysWhatItIs() =>
        Assert.StartsWith("Tensor(Float32, [8], cpu): 2, 2, 2", Tensor.Full([8], 2, DType.Float32, Device.Cpu).ToString());

    [Fact]
    public void IntegersHaveNoGradient()
    {
        using var t = Tensor.Zeros([2], DType.Int32, Device.Cpu);
        Assert.Throws<InvalidOperationException>(() => t.RequiresGrad = true);
    }

    [Fact]
    public void ShapesCompareByTheirExtents()
    {
        Assert.True(new Shape(1, 2) == new Shape(1, 2));
        Assert.True(new Shape(1, 2) != new Shape(2, 1));
        Assert.Equal(1, default(Shape).Length);
        Assert.Equal("[4, 5]", new Shape(4, 5).ToString());
        Assert.Throws<ArgumentException>(() => new Shape(2, -1));
    }
}
