using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's form of attention, on this device.</summary>
public class AttentionBlockTests
{
    // The last two reach beyond one tile of 64 queries, keys and channels, and of 16 channels of keys.
    [Theory]
    [MemberData(nameof(AttentionTests.Shapes), MemberType = typeof(AttentionTests))]
    [InlineData(2, 70, 67, 18, 66, 1)]
    [InlineData(1, 3, 130, 3, 5, 2)]
    public void Forward(int samples, int positions, int keys, int keyChannels, int channels, double scale)
    {
        var shape = new AttentionShape(samples, positions, keys, keyChannels, channels);
        var reference = new AttentionReference(shape, positions, scale);
        using var run = new AttentionRun<float, Real32>(reference, shape, scale);
        AssertClose(reference.Unary, run.Unary(), 3e-6, "unary");
        AssertClose(reference.Y, run.Forward(new KernelHost(Host.Accelerator) { Products = ProductTiles.Blocks }), 3e-6, "y");
        // Backward computes the weights anew from the statistics.
        AssertClose(reference.DyO, run.Dot(), 3e-6, "dy . o");
        AssertClose(reference.Dq, run.QueryGradient(), 3e-6, "dq");
    }
}
