using IlgpuSeg.Kernels;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Tests;

public class CastTests
{
    [Fact]
    public void GoesThroughEveryFloatingPointTypeAndBack()
    {
        using var scope = new TensorScope();
        var x = Tensor.From<float>([1, -2.5f, 3.140625f, 0, 1e30f], [5]);
        foreach (var dtype in new[] { DType.BFloat16, DType.Float64 })
        {
            var y = x.To(dtype);
            Assert.Equal(dtype, y.DType);
            Assert.Equal(x.Shape, y.Shape);
            Assert.Equal(dtype == DType.BFloat16 ? x.ToDoubles().Select(v => (double)(float)(BFloat16)(float)v) : x.ToDoubles(), y.ToDoubles());
            Assert.Equal(y.ToDoubles(), y.To(DType.Float32).ToDoubles());
            Assert.Equal(y.ToDoubles(), y.To(DType.Float64).To(DType.BFloat16).To(dtype).ToDoubles(), (a, b) => Math.Abs(a - b) <= Math.Abs(a) / 256);
        }
        Assert.Same(x, x.To(DType.Float32));
    }

    [Fact]
    public void TheGradientIsCastBack()
    {
        using var scope = new TensorScope();
        var x = Tensor.From<float>([1.001f, -2], [2]);
        x.RequiresGrad = true;
        var y = x.To(DType.BFloat16);
        Assert.Equal([1.0, -2], y.ToDoubles());
        y.Backward(Tensor.From([(BFloat16)0.5f, (BFloat16)3f], [2]));
        Assert.Equal((DType.Float32, "0.5, 3"), (x.Grad!.DType, string.Join(", ", x.Grad.ToDoubles())));
    }

    [Fact]
    public void IntegersAreRefused()
    {
        using var scope = new TensorScope();
        Assert.Throws<ArgumentException>(() => Tensor.From<int>([1], [1]).To(DType.Float32));
        Assert.Throws<ArgumentException>(() => Tensor.From<float>([1], [1]).To(DType.Int32));
    }

    [Fact]
    public void ABFloat16TensorPrints()
    {
        using var scope = new TensorScope();
        Assert.Equal("Tensor [2] BFloat16 on cpu\n[ 1.5000, -2.0000]", Tensor.FromDoubles([1.5, -2.001], [2], DType.BFloat16, Device.Cpu).ToString());
    }

    [Fact]
    public void SafetensorsKeepsBFloat16()
    {
        var path = Path.Combine(Path.GetTempPath(), $"bf16-{Guid.NewGuid():N}.safetensors");
        try
        {
            BFloat16[] values = [(BFloat16)1f, (BFloat16)(-3.14f), BFloat16.FromBits(0x7F80)];
            SafeTensorsWriter.Write(path, [WeightEntry.From<BFloat16>("a", [3], values)]);
            using var file = SafeTensorsFile.Open(path);
            Assert.Equal((WeightType.BFloat16, 6L), (file["a"].Type, file["a"].ByteLength));
            Assert.Equal(values.Select(v => (float)v), file["a"].ToFloats());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
