using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class PositionTests
{
    public static TheoryData<int, int, int> Sizes => new() { { 1, 1, 1 }, { 2, 5, 7 }, { 3, 9, 8 }, { 1, 33, 17 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SumsAndCentresInSingle(int samples, int positions, int channels) =>
        Array.ForEach(Hosts, host => SumsAndCentres<float, Real32>(host, samples, positions, channels, 2e-7));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SumsAndCentresInDouble(int samples, int positions, int channels) =>
        Array.ForEach(Hosts, host => SumsAndCentres<double, Real64>(host, samples, positions, channels, 1e-15));

    private static void SumsAndCentres<T, R>(KernelHost host, int samples, int positions, int channels, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var xs = new Draw(positions).Values(samples * positions * channels);
        using var x = Upload<T>(xs);
        using var sums = Unwritten<T>(samples * channels);
        using var means = Unwritten<T>(samples * channels);
        using var y = Unwritten<T>(xs.Length);
        PositionKernels.Sum<T, R>(host, x.View, sums.View, samples, positions, channels);
        PositionKernels.Center<T, R>(host, x.View, means.View, y.View, samples, positions, channels);
        var expected = new double[samples * channels];
        for (var i = 0; i < xs.Length; i++) expected[i / channels / positions * channels + i % channels] += xs[i];
        AssertClose(expected, Download(sums), tolerance, "sums");
        AssertClose(
            [.. xs.Select((v, i) => v - expected[i / channels / positions * channels + i % channels] / positions)], Download(y), 2 * tolerance,
            "centred");
    }
}
