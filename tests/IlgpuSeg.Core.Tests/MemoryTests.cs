using IlgpuSeg.Memory;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests;

public sealed class MemoryTests : IDisposable
{
    private const int KiB = 1024;

    private readonly TestDevice test = new();

    private DeviceAllocator Allocator => test.Allocator;

    public void Dispose() => test.Dispose();

    [Fact]
    public void CountsWhatIsLiveCachedAndTakenFromTheDevice()
    {
        using var a = Bytes(64 * KiB);
        using (Bytes(32 * KiB))
            Assert.Equal((96 * KiB, 0, 96 * KiB, 2), Counters());
        Assert.Equal((64 * KiB, 32 * KiB, 96 * KiB, 1), Counters());
        Assert.Equal((96 * KiB, 96 * KiB), (Allocator.PeakBytes, Allocator.PeakReservedBytes));
        Allocator.ReleaseCache();
        Allocator.ResetPeak();
        Assert.Equal((64 * KiB, 0, 64 * KiB, 1), Counters());
        Assert.Equal((64 * KiB, 64 * KiB), (Allocator.PeakBytes, Allocator.PeakReservedBytes));
    }

    [Fact]
    public void TensorsLieSideBySideInASegmentAndFreeNeighboursAreUnited()
    {
        Allocator.SegmentBytes = 64 * KiB;
        var parts = Enumerable.Range(0, 4).Select(_ => Bytes(16 * KiB)).ToArray();
        Assert.Equal((64 * KiB, 0, 64 * KiB, 4), Counters());
        // Two holes of 16 KiB do not hold 32, and the segment cannot be given back.
        parts[0].Dispose();
        parts[2].Dispose();
        Allocator.ReleaseCache();
        Assert.Equal((32 * KiB, 32 * KiB, 64 * KiB, 2), Counters());
        using var larger = Bytes(32 * KiB);
        Assert.Equal(128 * KiB, Allocator.ReservedBytes);
        // With the part between them they do, and no more is taken for it.
        parts[1].Dispose();
        using var united = Bytes(48 * KiB);
        Assert.Equal((96 * KiB, 32 * KiB, 128 * KiB, 3), Counters());
        parts[3].Dispose();
    }

    [Fact]
    public void TheSmallestHoleThatHoldsARequestServesIt()
    {
        Allocator.SegmentBytes = 64 * KiB;
        var tensors = new[] { 24, 4, 8, 28 }.Select(size => Bytes(size * KiB)).ToArray();
        tensors[0].Dispose();
        tensors[2].Dispose();
        using var small = Bytes(8 * KiB);
        using var large = Bytes(24 * KiB);
        Assert.Equal((64 * KiB, 0), (Allocator.ReservedBytes, Allocator.CachedBytes));
        tensors[1].Dispose();
        tensors[3].Dispose();
    }

    [Fact]
    public void NeighboursKeepTheirElements()
    {
        Allocator.SegmentBytes = 256 * KiB;
        var random = new Random(1);
        var alive = new Dictionary<Tensor, float>();
        for (var i = 0; i < 500; i++)
        {
            if (alive.Count > 20)
            {
                var (tensor, value) = alive.ElementAt(random.Next(alive.Count));
                Assert.All(tensor.ToArray<float>(), element => Assert.Equal(value, element));
                alive.Remove(tensor);
                tensor.Dispose();
            }
            alive.Add(Tensor.Full([random.Next(1, 5000)], i, DType.Float32, test.Device), i);
        }
        foreach (var tensor in alive.Keys) tensor.Dispose();
        Allocator.ReleaseCache();
        Assert.Equal((0, 0, 0, 0), Counters());
    }

    [Fact]
    public void WithoutSegmentsNothingIsCached()
    {
        Allocator.SegmentBytes = 0;
        var a = Bytes(4 * KiB);
        using var b = Bytes(KiB);
        a.Dispose();
        Assert.Equal((KiB, 0, KiB, 1), Counters());
        Assert.Throws<ArgumentOutOfRangeException>(() => Allocator.SegmentBytes = -1);
    }

    [Fact]
    public void TensorsThatShareElementsAreOneBlock()
    {
        using var a = Bytes(4 * KiB);
        using var b = a.Reshape(KiB, 1);
        using var c = a.Detach();
        Assert.Equal(1, Allocator.LiveBlocks);
    }

    [Fact]
    public void TheLimitGivesCachedBlocksBackFirst()
    {
        Allocator.Limit = 100 * KiB;
        Bytes(64 * KiB).Dispose();
        Bytes(16 * KiB).Dispose();
        using var a = Bytes(80 * KiB);
        // The segment of 64 KiB, of which 16 were used again, made room.
        Assert.Equal((80 * KiB, 0, 80 * KiB, 1), Counters());
        Bytes(16 * KiB).Dispose();
        Assert.Equal(16 * KiB, Allocator.CachedBytes);
        Allocator.Limit = 80 * KiB;
        Assert.Equal(0, Allocator.CachedBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => Allocator.Limit = 0);
    }

    [Fact]
    public void RunningOutNamesTheLargestTensorsAndTheProgramGoesOn()
    {
        Allocator.Limit = 100 * KiB;
        using var weights = Bytes(64 * KiB);
        weights.Name = "weights";
        using var small = Bytes(4 * KiB);
        var e = Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.Zeros([48, 256], DType.Float32, test.Device));
        Assert.StartsWith("test is out of memory: 48.0 KiB asked for (Float32 [48, 256]).", e.Message);
        Assert.Contains("68.0 KiB in use by 2 tensors", e.Message);
        Assert.Contains("limit 100.0 KiB", e.Message);
        Assert.Contains("64.0 KiB Float32 [16384] 'weights'", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal((48 * KiB, 64 * KiB), (e.RequestedBytes, e.Largest[0].Bytes));

        using var fits = Bytes(32 * KiB);
        Assert.All(fits.ToArray<float>(), v => Assert.Equal(0, v));
        small.Dispose();
    }

    [Fact]
    public void MoreThanTheMachineHasIsRefusedByTheDeviceAndTheProgramGoesOn()
    {
        Bytes(64 * KiB).Dispose();
        // 16 PiB, which no machine hands out; a tensor could not have so many elements.
        var e = Assert.Throws<OutOfDeviceMemoryException>(() => Allocator.Allocate([int.MaxValue, 1 << 20], DType.Float64));
        Assert.Contains("The device says:", e.Message);
        // The cache was given back before giving up.
        Assert.Equal(0, e.Report.CachedBytes);
        Assert.IsAssignableFrom<OutOfMemoryException>(e.InnerException);
        using var fits = Bytes(KiB);
        Assert.All(fits.ToArray<float>(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void AStepThatRanOutLeavesNothingBehind()
    {
        using var weight = Tensor.Full([64, 64], 0.01, DType.Float32, test.Device);
        weight.RequiresGrad = true;
        Step(weight, rows: 8);
        weight.ZeroGrad();
        Allocator.ReleaseCache();
        var before = Allocator.LiveBytes;
        Allocator.Limit = before + 80 * KiB;
        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<OutOfDeviceMemoryException>(() => Step(weight, rows: 256));
            weight.ZeroGrad();
            Assert.Equal(before, Allocator.LiveBytes);
            Step(weight, rows: 8);
            Assert.NotNull(weight.Grad);
            weight.ZeroGrad();
        }
    }

    [Fact]
    public void TheReportSaysWhereTensorsWereMade()
    {
        Allocator.TrackAllocations = true;
        using var scope = new TensorScope();
        var x = Bytes(8 * KiB);
        x.RequiresGrad = true;
        var y = Relu.Apply(x);
        Allocator.TrackAllocations = false;
        Bytes(2 * KiB);

        var report = Allocator.Report();
        Assert.Equal((18 * KiB, 3), (report.LiveBytes, report.LiveBlocks));
        Assert.Contains(report.Uses, use => use.Where.StartsWith("Relu in MemoryTests.TheReportSaysWhereTensorsWereMade"));
        Assert.Contains(report.Uses, use => use.Where.StartsWith("MemoryTests.Bytes"));
        Assert.Contains(report.Uses, use => use is { Where: "not tracked", What: "Float32 [512]", Count: 1, Bytes: 2 * KiB });
        Assert.Equal(2 * KiB, report.Uses[^1].Bytes);
        var lines = report.ToString().Split('\n');
        Assert.StartsWith("test: 18.0 KiB in use by 3 tensors", lines[0]);
        Assert.Equal(2 + report.Uses.Count, lines.Length);
    }

    [Fact]
    public void TheReportGroupsByPlaceAndNamesBackward()
    {
        using var x = Tensor.Full([256], 1, DType.Float32, test.Device);
        x.RequiresGrad = true;
        Allocator.TrackAllocations = true;
        for (var i = 0; i < 2; i++)
        {
            using var scope = new TensorScope();
            Scale.Apply(x, 2).Backward(Tensor.Full([256], 1, DType.Float32, test.Device));
        }
        Assert.Contains(Allocator.Report().Uses, use => use.Where.StartsWith("Scale, backward, in MemoryTests.TheReportGroups"));
        var made = new List<Tensor>();
        for (var i = 0; i < 5; i++) made.Add(Bytes(KiB));
        Assert.Contains(Allocator.Report().Uses, use => use.Count == 5 && use.Bytes == 5 * KiB);
        made.ForEach(t => t.Dispose());
    }

    private static void Step(Tensor weight, int rows)
    {
        using var scope = new TensorScope();
        var x = Tensor.Full([rows, 64], 0.1, DType.Float32, weight.Device);
        Sum.Apply(Gelu.Apply(MatMul.Apply(x, weight))).Backward();
    }

    private Tensor Bytes(int count) => Tensor.Zeros([count / sizeof(float)], DType.Float32, test.Device);

    private (long Live, long Cached, long Reserved, int Blocks) Counters() =>
        (Allocator.LiveBytes, Allocator.CachedBytes, Allocator.ReservedBytes, Allocator.LiveBlocks);
}
