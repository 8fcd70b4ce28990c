using IlgpuSeg.Kernels;
using IlgpuSeg.Ops;
using IlgpuSeg.Tests.Ops;

namespace IlgpuSeg.Tests;

/// <summary>What mixed precision saves; alone, because it reads the device's counters.</summary>
[Collection("Allocator")]
public class AutocastMemoryTests
{
    [Fact]
    public void WhatIsSavedForBackwardTakesHalfTheMemory()
    {
        var full = SavedBytes(mixed: false);
        var half = SavedBytes(mixed: true);
        // 2 bytes instead of 4 for every activation; the last result and size classes allow a little more.
        Assert.True(half <= 0.55 * full, $"{half:N0} bytes in mixed precision, {full:N0} in float");
    }

    [Fact]
    public void ABFloat16TensorTakesTwoBytesAnElement()
    {
        using var scope = new TensorScope();
        var before = Device.Cpu.Allocator.LiveBytes;
        var x = Tensor.Full([1 << 16], 1.5, DType.BFloat16, Device.Cpu);
        Assert.Equal(2 << 16, Device.Cpu.Allocator.LiveBytes - before);
        Assert.Equal([(BFloat16)1.5f, (BFloat16)1.5f], x.ToArray<BFloat16>().Take(2));
    }

    private static long SavedBytes(bool mixed)
    {
        using var scope = new TensorScope();
        var device = Device.Cpu;
        var x = Parameter(1, DType.Float32, 1, 32, 32, 16);
        var (w, v, s) = (Parameter(2, DType.Float32, 1, 1, 16, 16), Parameter(3, DType.Float32, 3, 3, 16), Parameter(4, DType.Float32, 16));
        var before = device.Allocator.LiveBytes;
        Tensor y = x;
        using (new Autocast(mixed))
        {
            for (var i = 0; i < 8; i++)
            {
                using var layer = new TensorScope();
                var h = BatchNorm.Apply(y, s, s, Constant(0, 16), Constant(1, 16), training: true);
                y = layer.Keep(Add.Apply(h, Gelu.Apply(DepthwiseConv2d.Apply(Conv2d.Apply(h, w, null), v, null, padding: 1))));
            }
        }
        return device.Allocator.LiveBytes - before;
    }

    private static Tensor Parameter(int seed, DType dtype, params int[] shape)
    {
        var tensor = TestTensors.Random(seed, shape).To(dtype);
        tensor.RequiresGrad = true;
        return tensor;
    }

    private static Tensor Constant(double value, int length) => Tensor.Full([length], value, DType.Float32, Device.Cpu);
}
