using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>Kernels of every loader kind on the CPU device.</summary>
public sealed class LaunchTests : IDisposable
{
    private readonly Context _context = Context.Create(static builder => builder.CPU().EnableAlgorithms());
    private readonly Accelerator _accelerator;

    public LaunchTests() => _accelerator = _context.GetPreferredDevice(preferCPU: true).CreateAccelerator(_context);

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 8)]
    [InlineData(1000, 8)]
    [InlineData(1000, 1024)]
    public void ExplicitKernelRunsEveryThreadOnce(int n, int groupSize)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = _accelerator.Allocate1D(new int[n]);
        var kernel = _accelerator.LoadStreamKernel<ArrayView<int>, int, int>(AddKernel);
        kernel(((n + groupSize - 1) / groupSize, groupSize), buffer.View, 3, n);
        kernel(((n + groupSize - 1) / groupSize, groupSize), buffer.View, 4, n);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(7, value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(100)]
    [InlineData(1024)]
    public void BarrierLetsThreadsSeeEachOthersSharedMemory(int groupSize)
    {
        const int Groups = 3;
        int n = Groups * groupSize;
        using MemoryBuffer1D<int, Stride1D.Dense> input = _accelerator.Allocate1D(Enumerable.Range(0, n).ToArray());
        using MemoryBuffer1D<int, Stride1D.Dense> output = _accelerator.Allocate1D<int>(n);
        _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(ReverseKernel)((Groups, groupSize), input.View, output.View);
        int[] expected = [.. Enumerable.Range(0, n).Select(i => (i / groupSize * groupSize) + groupSize - 1 - (i % groupSize))];
        Assert.Equal(expected, output.GetAsArray1D());
    }

    [Fact]
    public void AutoGroupedKernelRunsOverItsExtent()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = _accelerator.Allocate1D<int>(5 * 7);
        _accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>>(IndexKernel)(new Index2D(5, 7), buffer.View);
        Assert.Equal(Enumerable.Range(0, 35).Select(i => (i % 5 * 100) + (i / 5)), buffer.GetAsArray1D());
    }

    [Fact]
    public void ExceptionInKernelSurfacesAtTheLaunch()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = _accelerator.Allocate1D<int>(10);
        var kernel = _accelerator.LoadStreamKernel<ArrayView<int>, int, int>(AddKernel);
        AcceleratorException exception = Assert.ThrowsAny<AcceleratorException>(() => kernel((1, 16), buffer.View, 1, 16));
        Assert.Contains("LaunchTests.AddKernel", exception.Message, StringComparison.Ordinal);
        Assert.IsType<IndexOutOfRangeException>(exception.InnerException);
    }

    private static void AddKernel(ArrayView<int> data, int value, int n)
    {
        int i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        data[i] += value;
    }

    private static void ReverseKernel(ArrayView<int> input, ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(1024);
        shared[Group.IdxX] = input[Grid.GlobalIndex.X];
        Group.Barrier();
        output[Grid.GlobalIndex.X] = shared[Group.DimX - 1 - Group.IdxX];
    }

    private static void IndexKernel(Index2D index, ArrayView<int> data) => data[(index.Y * 5) + index.X] = (index.X * 100) + index.Y;
}
