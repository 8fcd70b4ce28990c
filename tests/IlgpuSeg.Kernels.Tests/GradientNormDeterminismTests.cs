#if KERNELS_BUNDLED
namespace IlgpuSeg.Kernels.Tests;

public class GradientNormDeterminismTests
{
    [Fact]
    public void TheNormHasTheSameBitsForAnyNumberOfThreads() => ThreadCounts.AssertSameBits(1, (run, y) =>
    {
        int[] lengths = [70_001, 3, 1025, 17, 9000, 1, 1, 2, 3, 4000];
        var entries = Array.ConvertAll(lengths, n => SgdTests.Entry(run.Values(n), run.Values(n), run.Values(n), 0f));
        GradientNormKernels.Norm<float, Real32>(run.Host, entries, run.Values(GradientNormKernels.WorkspaceLength(run.Host, lengths)), y);
    });
}
#endif
