using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ElementwiseTests
{
    [Theory]
    [MemberData(nameof(Seeds.Few), MemberType = typeof(Seeds))]
    public void FlatKernelsInSingle(int seed) => Flat<float>(seed, 1e-6);

    [Theory]
    [MemberData(nameof(Seeds.Few), MemberType = typeof(Seeds))]
    public void FlatKernelsInDouble(int seed) => Flat<double>(seed, 1e-15);

    private static void Flat<T>(int seed, double tolerance)
        where T : unmanaged, INumber<T>
    {
        var draw = Draw.Image(seed);
        var (p, q) = (draw.Values(draw.Count), draw.Values(draw.Count));
        using var a = Upload<T>(p);
        using var b = Upload<T>(q);
        using var y = Unwritten<T>(draw.Count);
        ElementwiseKernels.Add<T>(Host, a.View, b.View, y.View);
        AssertClose([.. p.Zip(q, (s, t) => s + t)], Download(y), tolerance, "a + b");
        ElementwiseKernels.Multiply<T>(Host, a.View, b.View, y.View);
        AssertClose([.. p.Zip(q, (s, t) => s * t)], Download(y), tolerance, "a * b");
        using var other = Unwritten<T>(draw.Count);
        ElementwiseKernels.MultiplyBackward<T>(Host, a.View, b.View, a.View, y.View, other.View);
        AssertClose([.. p.Zip(q, (s, t) => s * t)], Download(y), tolerance, "dy * b");
        AssertClose([.. p.Select(s => s * s)], Download(other), tolerance, "dy * a");
        ElementwiseKernels.Scale(Host, a.View, T.CreateChecked(-0.75), y.View);
        AssertClose([.. p.Select(s => -0.75 * s)], Download(y), tolerance, "factor * x");
        ElementwiseKernels.ScaleByElement<T>(Host, a.View, b.View, y.View);
        AssertClose([.. p.Select(s => q[0] * s)], Download(y), tolerance, "factor[0] * x");
        ElementwiseKernels.Add<T>(Host, a.View, b.View, a.View);
        AssertClose([.. p.Zip(q, (s, t) => s + t)], Download(a), tolerance, "a + b in place");
    }

    [Theory]
    [MemberData(nameof(Seeds.Few), MemberType = typeof(Seeds))]
    public void ScalesPerSampleChannelAndBoth(int seed)
    {
        var draw = Draw.Image(seed);
        var (n, c) = (draw.Images, draw.Channels);
        var pixels = draw.Height * draw.Width;
        var (x, bySample, byChannel, byBoth) = (draw.Values(draw.Count), draw.Values(n), draw.Values(c), draw.Values(n * c));
        using var dx = Upload<float>(x);
        using var y = Unwritten<float>(draw.Count);
        using var samples = Upload<float>(bySample);
        ElementwiseKernels.ScaleSamples<float>(Host, dx.View, samples.View, y.View);
        AssertClose([.. x.Select((v, i) => v * bySample[i / (pixels * c)])], Download(y), 1e-6, "per sample");
        using var both = Upload<float>(byBoth);
        ElementwiseKernels.ScaleSampleChannels<float>(Host, dx.View, both.View, y.View, n, c);
        AssertClose([.. x.Select((v, i) => v * byBoth[i / (pixels * c) * c + i % c])], Download(y), 1e-6, "per sample and channel");
        using var channels = Upload<float>(byChannel);
        ChannelScaleKernels.Scale<float>(Host, dx.View, channels.View, y.View, draw.Rows, c);
        AssertClose([.. x.Select((v, i) => v * byChannel[i % c])], Download(y), 1e-6, "per channel");
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 7, 9)]
    [InlineData(2, 8, 16)]
    [InlineData(1, 700, 3)]
    [InlineData(2, 70, 36)]
    public void ScaledResidualBothWays(int samples, int rows, int channels)
    {
        var draw = new Draw(rows);
        var count = samples * rows * channels;
        var (x, branch, g) = (draw.Values(count), draw.Values(count), draw.Values(count));
        var (scale, drop) = (draw.Values(channels), draw.Values(samples));
        using var deviceX = Upload<float>(x);
        using var deviceBranch = Upload<float>(branch);
        using var deviceG = Upload<float>(g);
        using var deviceScale = Upload<float>(scale);
        using var deviceDrop = Upload<float>(drop);
        using var result = Unwritten<float>(count);
        using var dscale = Unwritten<float>(channels);
        using var workspace = Unwritten<float>(ScaledResidualKernels.WorkspaceLength(samples, rows, channels));
        var expected = new double[channels];
        for (var i = 0; i < count; i++) expected[i % channels] += g[i] * branch[i] * drop[i / (rows * channels)];
        foreach (var host in Hosts)
        {
            ScaledResidualKernels.Forward<float, Real32>(
                host, deviceX.View, deviceBranch.View, deviceScale.View, deviceDrop.View, result.View);
            AssertClose([.. x.Select((v, i) => v + branch[i] * Factor(i))], Download(result), 1e-6, "y");
            ScaledResidualKernels.Backward<float, Real32>(
                host, deviceG.View, deviceBranch.View, deviceScale.View, deviceDrop.View, workspace.View, result.View, dscale.View);
            AssertClose([.. g.Select((v, i) => v * Factor(i))], Download(result), 1e-6, "dbranch");
            AssertClose(expected, Download(dscale), 1e-5, "dscale");
        }

        double Factor(int i) => scale[i % channels] * drop[i / (rows * channels)];
    }
}
