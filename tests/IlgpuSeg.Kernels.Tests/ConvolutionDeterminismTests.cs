#if KERNELS_BUNDLED
using static IlgpuSeg.Kernels.Tests.ThreadCounts;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The same bits for any number of threads.</summary>
public class ConvolutionDeterminismTests
{
    private static readonly ConvolutionWindow Window = new(3, 3, 1, 1, 1, 1, 1, 1);

    [Fact]
    public void GradientsOfAConvolutionDoNotDependOnTheNumberOfThreads()
    {
        var shape = new ConvolutionShape(2, 37, 29, 5, 19, Window);
        AssertSameBits(shape.WeightLength, (run, dw) => Convolution.WeightGradient<float, Real32>(
            run.Host, run.Values(shape.InputLength), run.Values(shape.OutputLength), dw,
            run.Values(Convolution.WeightGradientWorkspace(run.Host, shape)), shape));
        AssertSameBits(shape.OutChannels, (run, db) => Convolution.BiasGradient<float, Real32>(
            run.Host, run.Values(shape.OutputLength), db, run.Values(Convolution.BiasGradientWorkspace(shape)), shape));
        AssertSameBits(shape.InputLength, (run, dx) => Convolution.DataGradient<float, Real32>(
            run.Host, run.Values(shape.OutputLength), run.Values(shape.WeightLength), dx,
            run.Values(Convolution.DataGradientWorkspace(run.Host, shape)), shape));
    }

    [Fact]
    public void GradientsOfADepthwiseConvolutionDoNotDependOnTheNumberOfThreads()
    {
        var shape = new DepthwiseShape(2, 41, 33, 21, Window);
        AssertSameBits(shape.WeightLength, (run, dw) => DepthwiseConvolution.WeightGradient<float, Real32>(
            run.Host, run.Values(shape.InputLength), run.Values(shape.OutputLength), dw,
            run.Values(DepthwiseConvolution.WeightGradientWorkspace(shape)), shape));
    }
}
#endif
