#if KERNELS_BUNDLED
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.Kernels.Tests;

public class BFloat16Tests
{
    // Every exponent with few fractions, and fractions around the half of the last place that is kept.
    private static readonly float[] Floats = MakeFloats();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryNumberGoesToFloatAndBack(bool plain)
    {
        using var cpu = new Cpu(plain);
        var all = Array.ConvertAll(Enumerable.Range(0, 1 << 16).ToArray(), b => BFloat16.FromBits((ushort)b));
        using var narrow = cpu.Host.Accelerator.Allocate1D(all);
        using var wide = cpu.Host.Accelerator.Allocate1D(new float[all.Length]);
        using var back = cpu.Host.Accelerator.Allocate1D(new BFloat16[all.Length]);
        CastKernels.Widen(cpu.Host, narrow.View, wide.View);
        CastKernels.Narrow(cpu.Host, wide.View, back.View);
        var floats = wide.GetAsArray1D();
        var bits = Array.ConvertAll(back.GetAsArray1D(), x => x.Bits);
        for (var b = 0; b < all.Length; b++)
        {
            Assert.Equal((uint)b << 16, BitConverter.SingleToUInt32Bits(floats[b]));
            // Signalling NaNs are made quiet; everything else is kept.
            Assert.Equal(float.IsNaN(floats[b]) ? b | 0x40 : b, bits[b]);
            Assert.Equal(bits[b], BFloat16.Round(BFloat16.Widen(all[b])).Bits);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FloatsRoundToTheNearestNumberHalvesToEven(bool plain)
    {
        using var cpu = new Cpu(plain);
        using var wide = cpu.Host.Accelerator.Allocate1D(Floats);
        using var narrow = cpu.Host.Accelerator.Allocate1D(new BFloat16[Floats.Length]);
        CastKernels.Narrow(cpu.Host, wide.View, narrow.View);
        var rounded = narrow.GetAsArray1D();
        for (var i = 0; i < Floats.Length; i++)
        {
            var expected = Reference(Floats[i]);
            if (expected != rounded[i].Bits || expected != BFloat16.Round(Floats[i]).Bits)
                Assert.Fail($"{BitConverter.SingleToUInt32Bits(Floats[i]):X8} became {rounded[i].Bits:X4}, expected {expected:X4}.");
        }
    }

    [Fact]
    public void KnownValues()
    {
        Assert.Equal(0x3F80, BFloat16.Round(1f).Bits);
        Assert.Equal(0x4049, BFloat16.Round(MathF.PI).Bits);
        Assert.Equal(0x7F80, BFloat16.Round(float.MaxValue).Bits);
        Assert.Equal(0xFF80, BFloat16.Round(float.NegativeInfinity).Bits);
        Assert.Equal(0x0000, BFloat16.Round(float.Epsilon).Bits);
        Assert.Equal(0x8000, BFloat16.Round(-0f).Bits);
        Assert.Equal(3.140625f, (float)(BFloat16)MathF.PI);
    }

    /// <summary>The nearer of the two neighbours by exact distances in double; the one with an even last bit between them.</summary>
    private static int Reference(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var below = (int)(bits >> 16);
        if (float.IsNaN(value)) return below | 0x40;
        if (float.IsInfinity(value)) return below;
        // The neighbour away from zero: beyond the largest finite number the next step stands where infinity is.
        double low = Math.Abs(Number(below)), high = low + Math.Abs(Step(below)), x = Math.Abs((double)value);
        if (x - low == high - x) return (below & 1) == 0 ? below : below + 1;
        return x - low < high - x ? below : below + 1;
    }

    private static double Number(int bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static double Step(int bits)
    {
        var exponent = (bits >> 7) & 0xFF;
        return Math.ScaleB(1, Math.Max(exponent, 1) - 127 - 7);
    }

    /// <summary>A CPU that compiles kernels, or runs their methods themselves.</summary>
    private sealed class Cpu : IDisposable
    {
        private readonly Context context = Context.CreateDefault();

        public Cpu(bool plain) =>
            Host = new KernelHost(new CPUDevice(2, plain ? CpuExecution.Plain : CpuExecution.Simd).CreateCPUAccelerator(context));

        public KernelHost Host { get; }

        public void Dispose()
        {
            Host.Accelerator.Dispose();
            context.Dispose();
        }
    }

    private static float[] MakeFloats()
    {
        var random = new Random(16);
        var floats = new List<float>();
        foreach (var fraction in new uint[] { 0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x10000, 0x17FFF, 0x18000, 0x18001, 0x7F7FFF, 0x7F8000, 0x7FFFFF })
        {
            for (var exponent = 0u; exponent < 512; exponent++)
                floats.Add(BitConverter.UInt32BitsToSingle((exponent << 23) | fraction));
        }
        for (var i = 0; i < 50_001; i++)
            floats.Add(BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)));
        return [.. floats];
    }
}
#endif
