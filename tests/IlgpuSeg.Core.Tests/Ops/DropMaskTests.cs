using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class DropMaskTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 3)]
    [InlineData(ulong.MaxValue, 1UL << 40)]
    public void TheKernelDrawsWhatTheGeneratorWouldHaveDrawn(ulong seed, ulong stream)
    {
        using var scope = new TensorScope();
        const double rate = 0.3;
        // Beginning in the middle of a block of four, and beyond 2^34 numbers.
        foreach (var position in new ulong[] { 0, 1, 6, (1UL << 34) + 3 })
        {
            var (device, host) = (new Philox(seed, stream) { Position = position }, new Philox(seed, stream) { Position = position });
            foreach (var dtype in new[] { DType.Float32, DType.Float64 })
            {
                var mask = DropMask.Draw([3, 67], rate, device, dtype, Device.Cpu);
                var kept = dtype == DType.Float32 ? (float)(1 / (1 - rate)) : 1 / (1 - rate);
                double[] expected = [.. Enumerable.Range(0, 201).Select(_ => host.NextUInt32() < (uint)(rate * (1L << 32)) ? 0 : kept)];
                Assert.Equal(expected, mask.ToDoubles());
                Assert.Equal(host.Position, device.Position);
            }
        }
    }

    [Fact]
    public void TheShareOfZerosIsTheRateAndNeighboursAreIndependent()
    {
        using var scope = new TensorScope();
        const int count = 200_000;
        foreach (var rate in new[] { 0.0, 0.1, 0.5, 0.9 })
        {
            var mask = DropMask.Draw([count], rate, new Philox(11), DType.Float32, Device.Cpu).ToDoubles();
            var zeros = mask.Count(m => m == 0);
            var both = Enumerable.Range(1, count - 1).Count(i => mask[i] == 0 && mask[i - 1] == 0);
            // Five standard errors of a binomial share; pairs overlap, hence twice that for them.
            Assert.InRange(zeros / (double)count - rate, -5 * Deviation(rate), 5 * Deviation(rate));
            Assert.InRange(both / (double)count - rate * rate, -10 * Deviation(rate * rate), 10 * Deviation(rate * rate));
            Assert.Equal(1, mask.Average(), 0.05);
        }

        static double Deviation(double p) => Math.Sqrt(p * (1 - p) / count) + 1e-5;
    }

    [Fact]
    public void BadRatesAndTypesAreRefused()
    {
        Assert.Throws<ArgumentException>(() => DropMask.Draw([1], 1, new Philox(1), DType.Float32, Device.Cpu));
        Assert.Throws<ArgumentException>(() => DropMask.Draw([1], -0.1, new Philox(1), DType.Float32, Device.Cpu));
        Assert.Throws<ArgumentException>(() => DropMask.Draw([1], 0.1, new Philox(1), DType.Int32, Device.Cpu));
    }
}
