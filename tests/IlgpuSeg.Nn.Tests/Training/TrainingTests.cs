using IlgpuSeg.Tests;

namespace IlgpuSeg.Nn.Tests.Training;

public class TrainingTests
{
    [Fact]
    public void TwoHundredStepsEndWithTheSameBitsForAnyNumberOfThreads()
    {
        using var first = new SmallTraining();
        using var second = new SmallTraining();
        using var alone = new SmallTraining(threads: 1);
        using var crowd = new SmallTraining(threads: 3);
        double start = 0, end = 0;
        var (steps, few) = (Effort.Of(200, 2), Effort.Of(10, 1));
        for (var step = 0; step < steps; step++)
        {
            var loss = first.Step();
            Assert.Equal(loss, second.Step());
            Assert.Equal(loss, alone.Step());
            // A few steps suffice to show a kernel whose sums depend on how its groups are spread.
            if (step < few) Assert.Equal(loss, crowd.Step());
            if (step == few - 1) first.AssertSameBits(crowd);
            if (step < few) start += loss;
            if (step >= steps - few) end += loss;
        }
        first.AssertSameBits(second);
        first.AssertSameBits(alone);
        // The run did learn, so that equal bits are those of weights that have moved.
        if (Effort.IsFull) Assert.True(end < start, $"the loss went from {start / few} to {end / few}");
    }

    [Fact]
    public void CheckpointingKeepsEveryBit()
    {
        using var plain = new SmallTraining();
        using var all = new SmallTraining(null, [.. SegmentationNetwork.Parts]);
        using var some = new SmallTraining(null, "stage3", "decoder");
        for (var step = 0; step < 4; step++)
        {
            var loss = plain.Step();
            Assert.Equal(loss, all.Step());
            Assert.Equal(loss, some.Step());
        }
        plain.AssertSameBits(all);
        plain.AssertSameBits(some);
        Assert.Equal(plain.Network.Random.Position, all.Network.Random.Position);
        Assert.Contains(plain.Network.NamedBuffers(), b => b.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal) && b.Value.Item() == 4);
    }

    [Fact]
    public void CheckpointingHoldsLessBetweenForwardAndBackward()
    {
        using var plain = new SmallTraining();
        using var all = new SmallTraining(null, [.. SegmentationNetwork.Parts]);
        var (plainHeld, allHeld) = (Held(plain), Held(all));
        Assert.True(allHeld < 0.6 * plainHeld, $"{allHeld:N0} bytes of {plainHeld:N0}");
        Assert.True(all.Allocator.PeakBytes < plain.Allocator.PeakBytes, $"peak {all.Allocator.PeakBytes:N0} bytes of {plain.Allocator.PeakBytes:N0}");

        static long Held(SmallTraining training)
        {
            var before = training.Allocator.LiveBytes;
            long held = 0;
            training.Step(size: 96, beforeBackward: () => held = training.Allocator.LiveBytes - before);
            return held;
        }
    }

    [Fact]
    public void AnUnknownPartIsRefused()
    {
        var e = Assert.Throws<ArgumentException>(() => new SmallTraining(null, "stage5"));
        Assert.Contains("stage5", e.Message);
        Assert.Contains("stage1, stage2", e.Message);
    }

    [Fact]
    public void MemoryDoesNotGrowOverAThousandSteps()
    {
        using var training = new SmallTraining();
        var warm = Effort.Of(10, 2);
        for (var step = 0; step < warm; step++) training.Step();
        var early = Counters();
        // What a run allocates in the middle of a step depends on anchors drawn at random, so the peaks may move, but nothing stays.
        for (var step = warm; step < Effort.Of(1000, 4); step++) training.Step();
        Assert.Equal(early, Counters());

        (long Live, long Reserved, int Blocks) Counters() =>
            (training.Allocator.LiveBytes, training.Allocator.ReservedBytes, training.Allocator.LiveBlocks);
    }
}
