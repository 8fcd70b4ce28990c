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
    public void SaysWhatItIsAndShowsItsElements()
    {
        using var t = Tensor.From([1f, -2.5f, 3, 40, 0.125f, 6], [2, 3]);
        Assert.Equal("Tensor [2, 3] Float32 on cpu\n[[ 1.0000, -2.5000,  3.0000],\n [40.0000,  0.1250,  6.0000]]", t.ToString());
        (t.RequiresGrad, t.Name) = (true, "weight");
        Assert.StartsWith("Tensor 'weight' [2, 3] Float32 on cpu, requires a gradient\n[[", t.ToString());
        Assert.StartsWith("Tensor [2, 3] Float32 on cpu, result of Scale\n[[", (t * 2).ToString());
    }

    [Fact]
    public void ShowsBothEndsOfLongAxes()
    {
        using var t = Tensor.Arange(1000);
        Assert.Equal("Tensor [1000] Int32 on cpu\n[  0,   1,   2, ..., 997, 998, 999]", t.ToString());
        using var image = Tensor.Arange(2 * 7 * 8).Reshape(2, 7, 8);
        Assert.Equal(
            """
            Tensor [2, 7, 8] Int32 on cpu
            [[[  0,   1,   2, ...,   5,   6,   7],
              [  8,   9,  10, ...,  13,  14,  15],
              [ 16,  17,  18, ...,  21,  22,  23],
              ...,
              [ 32,  33,  34, ...,  37,  38,  39],
              [ 40,  41,  42, ...,  45,  46,  47],
              [ 48,  49,  50, ...,  53,  54,  55]],

             [[ 56,  57,  58, ...,  61,  62,  63],
              [ 64,  65,  66, ...,  69,  70,  71],
              [ 72,  73,  74, ...,  77,  78,  79],
              ...,
              [ 88,  89,  90, ...,  93,  94,  95],
              [ 96,  97,  98, ..., 101, 102, 103],
              [104, 105, 106, ..., 109, 110, 111]]]
            """, image.ToString());
    }

    [Fact]
    public void ShowsScalarsNothingAndNumbersOfAllSizes()
    {
        Assert.Equal("Tensor [] Float64 on cpu\n2.5000", Tensor.Full([], 2.5, DType.Float64).ToString());
        Assert.Equal("Tensor [0] Float32 on cpu\n[]", Tensor.Zeros([0]).ToString());
        Assert.Equal("Tensor [2] Float32 on cpu\n[1.0000e+08, 1.0000e-05]", Tensor.From([1e8f, 1e-5f], [2]).ToString());
        Assert.Equal("Tensor [2] Float32 on cpu\n[   NaN, 1.0000]", Tensor.From([float.NaN, 1f], [2]).ToString());
    }

    [Fact]
    public void MakesTensorsOfManyKinds()
    {
        using var scope = new TensorScope();
        Assert.Equal([1f, 1, 1], Tensor.Ones([3]).ToArray<float>());
        Assert.Equal([0, 1, 2], Tensor.Arange(3).ToArray<int>());
        Assert.Equal([0.0, 1, 2], Tensor.Arange(3, DType.Float64).ToArray<double>());
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Arange(-1));
        Assert.Throws<ArgumentException>(() => Tensor.Rand([2], 1, DType.Int32));

        var uniform = Tensor.Rand([1000], seed: 5).ToDoubles();
        Assert.Equal(uniform, Tensor.Rand([1000], new Philox(5)).ToDoubles());
        Assert.NotEqual(uniform, Tensor.Rand([1000], seed: 6).ToDoubles());
        Assert.All(uniform, v => Assert.InRange(v, 0, 1));
        Assert.Equal(0.5, uniform.Average(), 0.05);
        var normal = Tensor.Randn([4000], seed: 5, DType.Float64).ToDoubles();
        Assert.Equal(0, normal.Average(), 0.05);
        Assert.Equal(1, normal.Select(v => v * v).Average(), 0.1);
    }

    [Fact]
    public void MovesBetweenDevicesWithItsGradient()
    {
        using var scope = new TensorScope();
        using var test = new TestDevice("there");
        var x = Tensor.From([1f, 2, 3], [3]);
        x.RequiresGrad = true;
        Assert.Same(x, x.To(Device.Cpu));
        var there = x.To(test.Device);
        Assert.Equal(("there", 1), (there.Device.Name, test.Allocator.LiveBlocks));
        Assert.Equal([1f, 2, 3], there.ToArray<float>());
        ((there * there).To(Device.Cpu) * 2).Sum().Backward();
        Assert.Equal(Device.Cpu, x.Grad!.Device);
        Assert.Equal([4f, 8, 12], x.Grad.ToArray<float>());
        scope.Dispose();
    }

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
