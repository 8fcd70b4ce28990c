#if KERNELS_BUNDLED
using System.Numerics;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>Kernels, and type arguments of kernels, that no other test launches; compared with their plain runs only.</summary>
public sealed class OtherKernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(45)]
    public void SumsInBFloat16(int length)
    {
        var random = new Random(length);
        using var sum = DeviceData.Host.Accelerator.Allocate1D(Numbers());
        using var addend = DeviceData.Host.Accelerator.Allocate1D(Numbers());
        AccumulateKernels.Add(DeviceData.Host, sum.View.BaseView, addend.View.BaseView);
        Assert.DoesNotContain(sum.GetAsArray1D(), value => float.IsNaN(BFloat16.Widen(value)));

        BFloat16[] Numbers() => [.. Enumerable.Range(0, length).Select(_ => BFloat16.Round(random.NextSingle() - 0.5f))];
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 9)]
    [InlineData(37, 14)]
    public void BatchNormWithGelu(int rows, int channels)
    {
        Launch<float, Real32>(rows, channels);
        Launch<double, Real64>(rows, channels);
    }

    private static void Launch<T, R>(int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var arrays = new TestArrays<T>(rows);
        var host = TestArrays<T>.Host;
        var (x, dy, y) = (arrays.On(arrays.Values(rows * channels)), arrays.On(arrays.Values(rows * channels)), arrays.Unset(rows * channels));
        var p = new BatchNormChannels<T>(Channel(), Channel(), Channel(), Channel());
        var (dweight, dbias) = (arrays.Unset(channels), arrays.Unset(channels));
        BatchNormKernels.Normalize<T, R, GeluActivation<T, R>>(host, x, p, y, rows, channels);
        BatchNormKernels.ParameterGradients<T, R, GeluActivation<T, R>>(
            host, x, dy, p, arrays.Unset(BatchNormKernels.WorkspaceLength(rows, channels)), dweight, dbias, rows, channels);
        BatchNormKernels.Backward<T, R, GeluActivation<T, R>>(host, x, dy, p, batchStatistics: true, dweight, dbias, y, rows, channels);
        Assert.DoesNotContain(TestArrays<T>.Read(y), double.IsNaN);

        ILGPU.ArrayView<T> Channel() => arrays.On(arrays.Values(channels));
    }
}
#endif
