using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>Kernels of every loader kind: which threads run, and with which arguments.</summary>
public sealed class LaunchTests : CpuTest
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 8)]
    [InlineData(1000, 8)]
    [InlineData(1000, 1024)]
    [InlineData(100_000, 3)]
    public void ExplicitKernelRunsEveryThreadOnce(int n, int groupSize)
    {
        using var buffer = Zeros<int>(n);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>, int, int>(AddKernel);
        kernel(((n + groupSize - 1) / groupSize, groupSize), buffer.View, 3, n);
        kernel(((n + groupSize - 1) / groupSize, groupSize), buffer.View, 4, n);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(7, value));
    }

    [Fact]
    public void PositionsCoverGridAndGroupInThreeDimensions()
    {
        var grid = new Index3D(3, 4, 2);
        var group = new Index3D(5, 2, 3);
        using var seen = Zeros<int>(grid.Size * group.Size);
        using var errors = Zeros<int>(1);
        Accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(PositionKernel)((grid, group), seen.View, errors.View);
        Assert.All(seen.GetAsArray1D(), value => Assert.Equal(1, value));
        Assert.Equal(0, errors.GetAsArray1D()[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(257)]
    [InlineData(10_000)]
    public void AutoGroupedKernelRunsOverOneDimension(int n)
    {
        using var buffer = Zeros<long>(Math.Max(n, 1));
        Accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<long>>(Index1DKernel)(n, buffer.View);
        Accelerator.LoadAutoGroupedStreamKernel<LongIndex1D, ArrayView<long>>(LongIndex1DKernel)(n, buffer.View);
        Assert.Equal(Enumerable.Range(0, n).Select(i => 11L * i), buffer.GetAsArray1D().Take(n));
    }

    [Fact]
    public void AutoGroupedKernelRunsOverTwoAndThreeDimensions()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using var buffer = Zeros<int>(5 * 7 * 3);
        Accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>>(Index2DKernel)(new Index2D(5, 7), buffer.View);
        Assert.Equal(Enumerable.Range(0, 35).Select(i => (i % 5 * 100) + (i / 5)), buffer.GetAsArray1D().Take(35));
        Accelerator.LoadAutoGroupedKernel<Index3D, ArrayView<int>>(Index3DKernel)(stream, new Index3D(5, 7, 3), buffer.View);
        Assert.Equal(Enumerable.Range(0, 105).Select(i => (i % 5 * 10_000) + (i / 5 % 7 * 100) + (i / 35)), buffer.GetAsArray1D());
        Accelerator.LoadAutoGroupedKernel<LongIndex3D, ArrayView<int>>(LongIndex3DKernel)(stream, new LongIndex3D(5, 7, 3), buffer.View);
        Assert.Equal(Enumerable.Range(0, 105).Select(i => -i), buffer.GetAsArray1D());
        Accelerator.LoadAutoGroupedStreamKernel<LongIndex2D, ArrayView<int>>(LongIndex2DKernel)(new LongIndex2D(15, 7), buffer.View);
        Assert.Equal(Enumerable.Range(0, 105), buffer.GetAsArray1D());
    }

    [Fact]
    public void ImplicitlyGroupedKernelHasTheGroupSizeThatWasAskedFor()
    {
        using AcceleratorStream stream = Accelerator.CreateStream();
        using var buffer = Zeros<int>(100);
        Accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>>(GroupSizeKernel, 24)(100, buffer.View);
        Assert.All(buffer.GetAsArray1D(), size => Assert.Equal(24, size));
        Accelerator.LoadImplicitlyGroupedKernel<Index1D, ArrayView<int>>(GroupSizeKernel, 48)(stream, 100, buffer.View);
        Assert.All(buffer.GetAsArray1D(), size => Assert.Equal(48, size));
    }

    [Fact]
    public void ArgumentsOfEverySizeArrive()
    {
        using var output = Zeros<double>(8);
        var kernel = Accelerator.LoadStreamKernel<byte, double, short, Mixed, float, long, ArrayView<double>>(ArgumentsKernel);
        kernel((1, 1), 200, 2.5, -3, new Mixed(output.View, 4, 5.5, 6), 7.25f, long.MinValue, output.View);
        Assert.Equal([200, 2.5, -3, 4, 5.5, 6, 7.25, long.MinValue], output.GetAsArray1D());
    }

    [Fact]
    public void FourteenParametersArrive()
    {
        using var sum = Zeros<int>(1);
        var kernel = Accelerator
            .LoadStreamKernel<ArrayView<int>, int, int, int, int, int, int, int, int, int, int, int, int, int>(FourteenKernel);
        kernel((1, 1), sum.View, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        Assert.Equal(Enumerable.Range(1, 13).Aggregate(0, (old, digit) => (old * 3) + digit), sum.GetAsArray1D()[0]);
    }

    [Fact]
    public void SpecializedValuesArrive()
    {
        using var output = Zeros<int>(1);
        var kernel = Accelerator.LoadKernel<ArrayView<int>, SpecializedValue<int>>(SpecializedKernel);
        foreach (int value in new[] { 3, 4, 3 })
        {
            kernel(Accelerator.DefaultStream, (1, 1), output.View, SpecializedValue.New(value));
            Assert.Equal(value, output.GetAsArray1D()[0]);
        }
    }

    [Fact]
    public void GenericKernelRunsForEveryTypeArgument()
    {
        using var integers = Buffer(1, 2, 3);
        using var doubles = Buffer(1.5, 2.5);
        Accelerator.LoadStreamKernel<ArrayView<int>>(DoubleKernel)((1, 3), integers.View);
        Accelerator.LoadStreamKernel<ArrayView<double>>(DoubleKernel)((1, 2), doubles.View);
        Assert.Equal([2, 4, 6], integers.GetAsArray1D());
        Assert.Equal([3.0, 5.0], doubles.GetAsArray1D());
    }

    [Fact]
    public void EmptyViewsAreArguments()
    {
        using var output = Zeros<int>(1);
        Accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<int>>(EmptyViewKernel)((1, 1), ArrayView<float>.Empty, output.View);
        Assert.Equal(1, output.GetAsArray1D()[0]);
    }

    private static void AddKernel(ArrayView<int> data, int value, int n)
    {
        int i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        data[i] += value;
    }

    private static void PositionKernel(ArrayView<int> seen, ArrayView<int> errors)
    {
        Atomic.Add(ref seen[Grid.GlobalLinearIndex], 1);
        Index3D global = Grid.GlobalIndex;
        bool right = global.X == (Grid.IdxX * Group.DimX) + Group.IdxX
            && global.Y == (Grid.IdxY * Group.DimY) + Group.IdxY
            && global.Z == (Grid.IdxZ * Group.DimZ) + Group.IdxZ
            && Grid.LongGlobalIndex == global.ToLongIndex()
            && Grid.Index.InBounds(Grid.Dimension)
            && Group.Index.InBounds(Group.Dimension)
            && Group.LinearIndex == (((Group.IdxZ * Group.DimY) + Group.IdxY) * Group.DimX) + Group.IdxX
            && Group.IsFirstThread == (Group.LinearIndex == 0)
            && Group.IsLastThread == (Group.LinearIndex == Group.Dimension.Size - 1)
            && Warp.LaneIdx == Group.LinearIndex % Warp.WarpSize
            && Warp.WarpIdx == Group.LinearIndex / Warp.WarpSize
            && Warp.IsFirstLane == (Warp.LaneIdx == 0)
            && Warp.IsLastLane == (Warp.LaneIdx == Warp.WarpSize - 1);
        if (!right)
            Atomic.Add(ref errors[0], 1);
    }

    private static void Index1DKernel(Index1D index, ArrayView<long> data) => data[index] = index;

    private static void LongIndex1DKernel(LongIndex1D index, ArrayView<long> data) => data[index] += 10 * index;

    private static void Index2DKernel(Index2D index, ArrayView<int> data) => data[(index.Y * 5) + index.X] = (index.X * 100) + index.Y;

    private static void LongIndex2DKernel(LongIndex2D index, ArrayView<int> data) =>
        data[(index.Y * 15) + index.X] = (int)((index.Y * 15) + index.X);

    private static void Index3DKernel(Index3D index, ArrayView<int> data) =>
        data[(((index.Z * 7) + index.Y) * 5) + index.X] = (index.X * 10_000) + (index.Y * 100) + index.Z;

    private static void LongIndex3DKernel(LongIndex3D index, ArrayView<int> data)
    {
        long number = (((index.Z * 7) + index.Y) * 5) + index.X;
        data[number] = (int)-number;
    }

    private static void GroupSizeKernel(Index1D index, ArrayView<int> data) => data[index] = Group.DimX;

    private static void ArgumentsKernel(byte a, double b, short c, Mixed d, float e, long f, ArrayView<double> output)
    {
        output[0] = a;
        output[1] = b;
        output[2] = c;
        d.View[3] = d.Small;
        output[4] = d.Wide;
        output[5] = d.Byte;
        output[6] = e;
        output[7] = f;
    }

    private static void FourteenKernel(
        ArrayView<int> sum, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m)
    {
        int upper = Push(Push(Push(Push(Push(Push(a, b), c), d), e), f), g);
        sum[0] = Push(Push(Push(Push(Push(Push(upper, h), i), j), k), l), m);
    }

    private static int Push(int number, int digit) => (number * 3) + digit;

    private static void SpecializedKernel(ArrayView<int> output, SpecializedValue<int> value) => output[0] = value;

    private static void DoubleKernel<T>(ArrayView<T> data)
        where T : unmanaged, System.Numerics.INumber<T> =>
        data[Group.IdxX] += data[Group.IdxX];

    private static void EmptyViewKernel(ArrayView<float> view, ArrayView<int> output) => output[0] = view.IsValid ? 2 : 1;

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Mixed(ArrayView<double> view, int small, double wide, byte last)
    {
        public readonly byte Byte = last;
        public readonly ArrayView<double> View = view;
        public readonly int Small = small;
        public readonly double Wide = wide;
    }
}
