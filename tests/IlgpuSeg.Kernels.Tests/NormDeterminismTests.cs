#if KERNELS_BUNDLED
using ILGPU;
using static IlgpuSeg.Kernels.Tests.ThreadCounts;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The same bits for any number of threads, for everything here that adds up over rows, channels or pixels.</summary>
public class NormDeterminismTests
{
    private const int Rows = 5000;
    private const int Channels = 19;

    [Fact]
    public void Reductions()
    {
        AssertSameBits(Channels, (run, y) => ColumnReduction.Dot<float, Real32>(
            run.Host, run.Values(Rows * Channels), run.Values(Rows * Channels),
            run.Values(ColumnReduction.WorkspaceLength(Rows, Channels)), y, Rows, Channels));
        AssertSameBits(1, (run, y) => FlatReduction.Sum<float, Real32>(
            run.Host, run.Values(70001), run.Values(FlatReduction.WorkspaceLength(70001)), y));
    }

    [Fact]
    public void Normalisations()
    {
        AssertSameBits(4 * Channels, (run, y) => BatchNormKernels.BatchStatistics<float, Real32>(
            run.Host, run.Values(Rows * Channels), run.Values(BatchNormKernels.WorkspaceLength(Rows, Channels)), Part(y, 0), Part(y, 1),
            Part(y, 2), Part(y, 3), 0.1, 1e-5, Rows, Channels));
        AssertSameBits(2 * Channels, (run, y) => BatchNormKernels.ParameterGradients<float, Real32, ReluActivation<float>>(
            run.Host, run.Values(Rows * Channels), run.Values(Rows * Channels),
            new(run.Values(Channels), run.Values(Channels), run.Values(Channels), run.Values(Channels)),
            run.Values(BatchNormKernels.WorkspaceLength(Rows, Channels)), Part(y, 0), Part(y, 1), Rows, Channels));
        AssertSameBits(2 * Channels, (run, y) => LayerNormKernels.ParameterGradients<float, Real32>(
            run.Host, run.Values(Rows * Channels), run.Values(Rows * Channels), run.Values(Rows), run.Values(Rows),
            run.Values(LayerNormKernels.WorkspaceLength(Rows, Channels)), Part(y, 0), Part(y, 1), Rows, Channels));
        AssertSameBits(Rows * Channels, (run, y) => LayerNormKernels.Forward<float, Real32>(
            run.Host, run.Values(Rows * Channels), run.Values(Channels), run.Values(Channels), y, run.Values(Rows), run.Values(Rows),
            1e-6, Rows, Channels));

        static ArrayView<float> Part(ArrayView<float> y, int i) => y.SubView(i * Channels, Channels);
    }

    [Fact]
    public void WarpGradients()
    {
        var s = new WarpShape(2, 21, 17, 43, 35, Channels);
        AssertSameBits(s.Images * s.InHeight * s.InWidth * Channels, (run, dx) => FlowWarpKernels.Backward<float, Real32>(
            run.Host, run.Values(s.Images * s.OutPixels * Channels), Points(run), run.Integers(FlowWarpKernels.WorkspaceLength(s)), dx, s));
        AssertSameBits(s.Images * s.OutPixels * 2, (run, dflow) => FlowWarpKernels.FlowGradient<float, Real32>(
            run.Host, run.Values(s.Images * s.InHeight * s.InWidth * Channels), run.Values(s.Images * s.OutPixels * Channels), Points(run),
            dflow, s));

        WarpPoints<float> Points(ThreadCounts run)
        {
            var pixels = s.Images * s.OutPixels;
            var points = new WarpPoints<float>(run.Integers(pixels), run.Values(pixels), run.Values(pixels));
            FlowWarpKernels.Points<float, Real32>(run.Host, run.Values(2 * pixels), points, s);
            return points;
        }
    }
}
#endif
