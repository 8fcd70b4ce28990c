using IlgpuSeg.KernelRuntime.Backends.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Results too large for the caches are the same as small ones, aligned or not, up to their last element.</summary>
public sealed class StreamingStoreTests : IDisposable
{
    private readonly BothWays _ways = new();

    public void Dispose() => _ways.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    public void Floats(int start) => Check<float>(Twice, i => i % 1000, start);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Doubles(int start) => Check<double>(Twice, i => i % 1000, start);

    private void Check<T>(Action<ArrayView<T>, ArrayView<T>, int> kernel, Func<int, T> element, int start)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        const int Run = 4096;
        var length = (int)(StreamingStores.Threshold / System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) + 13;
        using var x = _ways.Simd.Allocate1D<T>(Run);
        x.CopyFromCPU([.. Enumerable.Range(0, Run).Select(element)]);
        using var y = _ways.Simd.Allocate1D<T>(length + start + 1);
        y.MemSetToZero();
        var results = y.View.BaseView.SubView(start, length);
        _ways.Simd.LoadStreamKernel(kernel)(((length + Run - 1) / Run, 8), x.View.BaseView, results, Run);
        var actual = y.GetAsArray1D();
        for (var i = 0; i < length; i++)
        {
            if (actual[start + i] != element(i % Run) + element(i % Run))
                Assert.Fail($"element {i} of {length} is {actual[start + i]}");
        }

        Assert.Equal(T.Zero, actual[^1]);
        Assert.All(actual.Take(start), value => Assert.Equal(T.Zero, value));
    }

    private static void Twice<T>(ArrayView<T> x, ArrayView<T> y, int run)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        for (var k = Group.IdxX; k < run; k += Group.DimX)
        {
            var i = (Grid.IdxX * run) + k;
            if (i < y.IntLength)
                y[i] = x[k] + x[k];
        }
    }
}
