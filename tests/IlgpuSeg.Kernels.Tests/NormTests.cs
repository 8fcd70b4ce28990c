using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class NormTests
{
    // Large enough that a row of one or three channels, whose deviation is 0 or small by chance, stays well-conditioned.
    private const double Eps = 0.1;

    public static TheoryData<int, int> Sizes => new() { { 2, 1 }, { 9, 7 }, { 64, 8 }, { 65, 9 }, { 100, 33 }, { 8500, 3 }, { 700, 20 }, { 130, 132 } };

    public static TheoryData<int, int> RowSizes => new() { { 2, 1 }, { 9, 7 }, { 33, 8 }, { 5, 64 }, { 3, 100 }, { 70, 3 }, { 300, 12 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void BatchNormInSingle(int rows, int channels) => Array.ForEach(HostsFor(rows), host => Batch<float, Real32>(host, rows, channels, 5e-6));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void BatchNormInDouble(int rows, int channels) => Array.ForEach(HostsFor(rows), host => Batch<double, Real64>(host, rows, channels, 1e-13));

    private static void Batch<T, R>(KernelHost host, int rows, int channels, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var data = new NormData(rows, channels);
        using var x = Upload<T>(data.X);
        using var dy = Upload<T>(data.Dy);
        using var weight = Upload<T>(data.Weight);
        using var bias = Upload<T>(data.Bias);
        using var runningMean = Upload<T>(data.RunningMean);
        using var runningVar = Upload<T>(data.RunningVar);
        using var workspace = Unwritten<T>(BatchNormKernels.WorkspaceLength(rows, channels));
        using var mean = Unwritten<T>(channels);
        using var inverse = Unwritten<T>(channels);
        using var result = Unwritten<T>(rows * channels);
        using var dweight = Unwritten<T>(channels);
        using var dbias = Unwritten<T>(channels);

        BatchNormKernels.BatchStatistics<T, R>(
            host, x.View, workspace.View, mean.View, inverse.View, runningMean.View, runningVar.View, 0.1, Eps, rows, channels);
        var expected = NormReference.Run(data, Enumerable.Range(0, channels).Select(c => Enumerable.Range(0, rows).Select(r => r * channels + c)));
        AssertClose([.. data.RunningMean.Zip(expected.Mean, (a, b) => 0.9 * a + 0.1 * b)], Download(runningMean), tolerance, "running mean");
        AssertClose(
            [.. data.RunningVar.Zip(expected.Var, (a, b) => 0.9 * a + 0.1 * b * rows / (rows - 1))], Download(runningVar), tolerance, "running var");
        var channelData = new BatchNormChannels<T>(mean.View, inverse.View, weight.View, bias.View);
        BatchNormKernels.Normalize<T, R, IdentityActivation<T>>(host, x.View, channelData, result.View, rows, channels);
        AssertClose(expected.Y, Download(result), tolerance, "y");
        BatchNormKernels.ParameterGradients<T, R, IdentityActivation<T>>(
            host, x.View, dy.View, channelData, workspace.View, dweight.View, dbias.View, rows, channels);
        AssertClose(expected.Dweight, Download(dweight), tolerance, "dweight");
        AssertClose(expected.Dbias, Download(dbias), tolerance, "dbias");
        BatchNormKernels.Backward<T, R, IdentityActivation<T>>(
            host, x.View, dy.View, channelData, true, dweight.View, dbias.View, result.View, rows, channels);
        AssertClose(expected.Dx, Download(result), tolerance, "dx");

        BatchNormKernels.InverseDeviation<T, R>(host, runningVar.View, inverse.View, Eps);
        var fixedInverse = Download(runningVar).Select(v => 1 / Math.Sqrt(v + Eps)).ToArray();
        AssertClose(fixedInverse, Download(inverse), tolerance, "1 / deviation");
        using var unread = Upload<T>(Enumerable.Repeat(double.NaN, channels).ToArray());
        BatchNormKernels.Backward<T, R, IdentityActivation<T>>(
            host, x.View, dy.View, channelData, false, unread.View, unread.View, result.View, rows, channels);
        AssertClose(
            [.. data.Dy.Select((g, i) => g * fixedInverse[i % channels] * data.Weight[i % channels])], Download(result), tolerance, "fixed dx");
    }

    // The mean is 10,000 deviations away: a variance as a difference of squares would have no digit left.
    [Fact]
    public void VarianceSurvivesALargeMean()
    {
        const int rows = 4096;
        var x = Enumerable.Range(0, rows).Select(r => 4096 + (r % 2 == 0 ? 0.5 : -0.5)).ToArray();
        using var values = Upload<float>(x);
        using var workspace = Unwritten<float>(BatchNormKernels.WorkspaceLength(rows, 1));
        using var mean = Unwritten<float>(1);
        using var inverse = Unwritten<float>(1);
        using var runningMean = Zeros<float>(1);
        using var runningVar = Zeros<float>(1);
        foreach (var host in Hosts)
        {
            BatchNormKernels.BatchStatistics<float, Real32>(
                host, values.View, workspace.View, mean.View, inverse.View, runningMean.View, runningVar.View, 1, 0, rows, 1);
            AssertClose([4096], Download(mean), 1e-7, "mean");
            AssertClose([0.25 * rows / (rows - 1)], Download(runningVar), 1e-6, "variance");
        }
    }

#if KERNELS_BUNDLED
    // More chunks than the second stage has threads for a channel, and rounds of four; the last chunk has one row.
    [Theory]
    [InlineData(70)]
    [InlineData(300)]
    public void ChunksOfABatchMerge(int chunks)
    {
        const int channels = 5;
        var rows = 2 * chunks - 1;
        var x = new Draw(chunks).Values(rows * channels);
        var partials = new double[2 * chunks * channels];
        for (var k = 0; k < chunks; k++)
        for (var c = 0; c < channels; c++)
        {
            var first = x[2 * k * channels + c];
            var second = k < chunks - 1 ? x[(2 * k + 1) * channels + c] : first;
            partials[k * channels + c] = (first + second) / 2;
            partials[(chunks + k) * channels + c] = (first - second) * (first - second) / 2;
        }
        using var workspace = Upload<double>(partials);
        using var mean = Unwritten<double>(channels);
        using var inverse = Unwritten<double>(channels);
        using var runningMean = Zeros<double>(channels);
        using var runningVar = Zeros<double>(channels);
        var cut = new ColumnCut { Rows = rows, Columns = channels, ChunkRows = 2, Lanes = 1, Chunks = chunks };
        BatchNormBlock.Merge<double, Real64>(
            TestDevice.BlockHost, workspace.View, mean.View, inverse.View, runningMean.View, runningVar.View, 1, Eps, cut);
        var columns = Enumerable.Range(0, channels).Select(c => Enumerable.Range(0, rows).Select(r => x[r * channels + c]).ToArray()).ToArray();
        AssertClose([.. columns.Select(v => v.Average())], Download(mean), 1e-14, "mean");
        AssertClose(
            [.. columns.Select(v => v.Sum(value => (value - v.Average()) * (value - v.Average())) / (rows - 1))], Download(runningVar), 1e-14,
            "variance");
    }
#endif

    [Theory]
    [MemberData(nameof(RowSizes))]
    public void LayerNormInSingle(int rows, int channels) => Array.ForEach(Hosts, host => Layer<float, Real32>(host, rows, channels, 5e-6));

    [Theory]
    [MemberData(nameof(RowSizes))]
    public void LayerNormInDouble(int rows, int channels) => Array.ForEach(Hosts, host => Layer<double, Real64>(host, rows, channels, 1e-13));

    private static void Layer<T, R>(KernelHost host, int rows, int channels, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var data = new NormData(rows, channels);
        using var x = Upload<T>(data.X);
        using var dy = Upload<T>(data.Dy);
        using var weight = Upload<T>(data.Weight);
        using var bias = Upload<T>(data.Bias);
        using var workspace = Unwritten<T>(LayerNormKernels.WorkspaceLength(rows, channels));
        using var mean = Unwritten<T>(rows);
        using var inverse = Unwritten<T>(rows);
        using var result = Unwritten<T>(rows * channels);
        using var dweight = Unwritten<T>(channels);
        using var dbias = Unwritten<T>(channels);
        LayerNormKernels.Forward<T, R>(
            host, x.View, weight.View, bias.View, result.View, mean.View, inverse.View, Eps, rows, channels);
        var expected = NormReference.Run(data, Enumerable.Range(0, rows).Select(r => Enumerable.Range(r * channels, channels)));
        AssertClose(expected.Y, Download(result), tolerance, "y");
        AssertClose(expected.Mean, Download(mean), tolerance, "mean");
        LayerNormKernels.Backward<T, R>(host, x.View, dy.View, weight.View, mean.View, inverse.View, result.View, rows, channels);
        AssertClose(expected.Dx, Download(result), tolerance, "dx");
        LayerNormKernels.ParameterGradients<T, R>(
            host, x.View, dy.View, mean.View, inverse.View, workspace.View, dweight.View, dbias.View, rows, channels);
        AssertClose(expected.Dweight, Download(dweight), tolerance, "dweight");
        AssertClose(expected.Dbias, Download(dbias), tolerance, "dbias");
    }

    private sealed class NormData
    {
        public NormData(int rows, int channels)
        {
            var draw = new Draw(rows * 7 + channels);
            Channels = channels;
            (X, Dy) = ([.. draw.Values(rows * channels).Select(v => v + 0.5)], draw.Values(rows * channels));
            (Weight, Bias, RunningMean) = (draw.Values(channels), draw.Values(channels), draw.Values(channels));
            RunningVar = [.. draw.Values(channels).Select(v => v + 2.5)];
        }

        public int Channels { get; }

        public double[] X { get; }

        public double[] Dy { get; }

        public double[] Weight { get; }

        public double[] Bias { get; }

        public double[] RunningMean { get; }

        public double[] RunningVar { get; }
    }

    /// <summary>Normalisation over any sets of elements, and its gradients by the chain rule written out.</summary>
    private sealed record NormReference(
        double[] Mean, double[] Var, double[] Y, double[] Dx, double[] Dweight, double[] Dbias)
    {
        public static NormReference Run(NormData data, IEnumerable<IEnumerable<int>> sets)
        {
            var (means, vars) = (new List<double>(), new List<double>());
            var (y, dx) = (new double[data.X.Length], new double[data.X.Length]);
            var (dweight, dbias) = (new double[data.Channels], new double[data.Channels]);
            foreach (int[] set in sets.Select(s => s.ToArray()))
            {
                var mean = set.Average(i => data.X[i]);
                var variance = set.Average(i => (data.X[i] - mean) * (data.X[i] - mean));
                var deviation = Math.Sqrt(variance + Eps);
                means.Add(mean);
                vars.Add(variance);
                double dmean = 0, dvariance = 0;
                foreach (var i in set)
                {
                    var c = i % data.Channels;
                    var normal = (data.X[i] - mean) / deviation;
                    y[i] = normal * data.Weight[c] + data.Bias[c];
                    dweight[c] += data.Dy[i] * normal;
                    dbias[c] += data.Dy[i];
                    var g = data.Dy[i] * data.Weight[c];
                    dmean -= g / deviation;
                    dvariance -= g * (data.X[i] - mean) / (2 * deviation * deviation * deviation);
                }
                foreach (var i in set)
                {
                    dx[i] = data.Dy[i] * data.Weight[i % data.Channels] / deviation + dmean / set.Length
                        + dvariance * 2 * (data.X[i] - mean) / set.Length;
                }
            }
            return new NormReference([.. means], [.. vars], y, dx, dweight, dbias);
        }
    }
}
