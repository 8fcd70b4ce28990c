using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Atomic operations: what they return and leave, and that nothing is lost between threads.</summary>
public sealed class AtomicTests : CpuTest
{
    [Fact]
    public void OperationsReturnTheOldValueAndLeaveTheNew()
    {
        int i = 12;
        Assert.Equal((12, 15), (Atomic.Add(ref i, 3), i));
        Assert.Equal((15, 7), (Atomic.And(ref i, 7), i));
        Assert.Equal((7, 15), (Atomic.Or(ref i, 8), i));
        Assert.Equal((15, 5), (Atomic.Xor(ref i, 10), i));
        Assert.Equal((5, -2), (Atomic.Min(ref i, -2), i));
        Assert.Equal((-2, -2), (Atomic.Min(ref i, 9), i));
        Assert.Equal((-2, 9), (Atomic.Max(ref i, 9), i));
        Assert.Equal((9, 4), (Atomic.Exchange(ref i, 4), i));
        Assert.Equal((4, 4), (Atomic.CompareExchange(ref i, 5, 6), i));
        Assert.Equal((4, 6), (Atomic.CompareExchange(ref i, 4, 6), i));
        uint u = uint.MaxValue;
        Assert.Equal((uint.MaxValue, 1u), (Atomic.Add(ref u, 2), u));
        Assert.Equal((1u, 1u), (Atomic.Min(ref u, 0xFFFF_FFF0), u));
        Assert.Equal((1u, 0xFFFF_FFF0), (Atomic.Max(ref u, 0xFFFF_FFF0), u));
        long l = 1L << 40;
        Assert.Equal((1L << 40, 1L << 41), (Atomic.Add(ref l, 1L << 40), l));
        Assert.Equal((1L << 41, 5L), (Atomic.Min(ref l, 5), l));
        ulong w = 1UL << 63;
        Assert.Equal((1UL << 63, 1UL << 63), (Atomic.Max(ref w, 5), w));
        Assert.Equal((1UL << 63, (1UL << 63) ^ 5), (Atomic.Xor(ref w, 5), w));
        Index1D index = 3;
        Assert.Equal((new Index1D(3), new Index1D(10)), (Atomic.Add(ref index, 7), index));
        Assert.Equal((new Index1D(10), new Index1D(1)), (Atomic.CompareExchange(ref index, 10, 1), index));
        Assert.Equal((new Index1D(1), new Index1D(2)), (Atomic.Exchange(ref index, 2), index));
    }

    [Fact]
    public void FloatingPointOperations()
    {
        float f = 1.5f;
        Assert.Equal((1.5f, 4.0f), (Atomic.Add(ref f, 2.5f), f));
        Assert.Equal((4.0f, 4.0f), (Atomic.Min(ref f, 5), f));
        Assert.Equal((4.0f, 5.0f), (Atomic.Max(ref f, 5), f));
        Assert.Equal((5.0f, -0.0f), (Atomic.Exchange(ref f, -0.0f), f));
        Atomic.CompareExchange(ref f, 0.0f, 7.0f);
        Assert.True(float.IsNegative(f), "0 and -0 have different bits");
        double d = double.NaN;
        Assert.True(double.IsNaN(Atomic.Add(ref d, 1)) && double.IsNaN(d));
        d = -2;
        Assert.Equal((-2.0, -3.0), (Atomic.Min(ref d, -3), d));
        Assert.Equal((-3.0, -3.0), (Atomic.CompareExchange(ref d, -2, 1), d));
    }

    [Fact]
    public void NothingIsLostBetweenThreads()
    {
        using var counts = Zeros<int>(4);
        using var sums = Zeros<double>(1);
        Accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<double>>(CountKernel)((1000, 64), counts.View, sums.View);
        Assert.Equal([64_000, 63_999, 0, 0], counts.GetAsArray1D());
        Assert.Equal(64_000 * 0.5, sums.GetAsArray1D()[0]);
    }

    private static void CountKernel(ArrayView<int> counts, ArrayView<double> sums)
    {
        Atomic.Add(ref counts[0], 1);
        Atomic.Max(ref counts[1], Grid.GlobalIndex.X);
        Atomic.Min(ref counts[2], Grid.GlobalIndex.X);
        Atomic.Xor(ref counts[3], 5);
        Atomic.Add(ref sums[0], 0.5);
    }
}
