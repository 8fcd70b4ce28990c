using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>What a launch or a load refuses, and in which words.</summary>
public sealed class LaunchCheckTests : CpuTest
{
    [Theory]
    [InlineData(0, 1, 1, 1, "at least one")]
    [InlineData(1, 1, 0, 1, "at least one")]
    [InlineData(-3, 1, 1, 1, "at least one")]
    [InlineData(1, 65536, 1, 1, "larger than the device's (2147483647, 65535, 65535)")]
    [InlineData(1, 1, 1025, 1, "larger than the device's (1024, 1024, 64)")]
    [InlineData(1, 1, 32, 64, "has 2048 threads; at most 1024")]
    public void DimensionsOutsideOfTheLimitsAreRefused(int gridX, int gridY, int groupX, int groupY, string words)
    {
        using var buffer = Zeros<int>(1);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(Touch);
        var config = new KernelConfig(new Index3D(gridX, gridY, 1), new Index3D(groupX, groupY, 1));
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => kernel(config, buffer.View));
        Assert.Contains("LaunchCheckTests.Touch", exception.Message, StringComparison.Ordinal);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void TooMuchDynamicSharedMemoryIsRefused()
    {
        using var buffer = Zeros<int>(1);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(Touch);
        int elements = (Accelerator.MaxSharedMemoryPerGroup / sizeof(float)) + 1;
        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => kernel((1, 1, SharedMemoryConfig.RequestDynamic<float>(elements)), buffer.View));
        Assert.Contains("dynamic shared memory", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SpecializationLimitsTheGroup()
    {
        using var buffer = Zeros<int>(1);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(Touch, new KernelSpecialization(16, null));
        kernel((1, 16), buffer.View);
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel((1, 17), buffer.View));
        Assert.Throws<NotSupportedException>(
            () => Accelerator.LoadStreamKernel<ArrayView<int>>(Touch, new KernelSpecialization(2048, null)));
    }

    [Fact]
    public void DisposedBuffersAreNamed()
    {
        var buffer = Zeros<int>(4);
        ArrayView<int> view = buffer.AsContiguous();
        var inStruct = new Holder { Number = 1, Views = new Pair { First = view.SubView(0, 2), Second = view.SubView(1) } };
        buffer.Dispose();
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(Touch);
        Assert.Contains("'data'", Assert.Throws<ObjectDisposedException>(() => kernel((1, 1), view)).Message, StringComparison.Ordinal);
        var structKernel = Accelerator.LoadStreamKernel<Holder>(TouchStruct);
        Assert.Contains(
            "'holder.Views.First'",
            Assert.Throws<ObjectDisposedException>(() => structKernel((1, 1), inStruct)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ASlotThatIsUsedAgainDoesNotReviveOldViews()
    {
        var old = Zeros<int>(1);
        ArrayView<int> view = old.AsContiguous();
        old.Dispose();
        using var young = Zeros<int>(1);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(Touch);
        Assert.Throws<ObjectDisposedException>(() => kernel((1, 1), view));
        kernel((1, 1), young.View);
    }

    [Fact]
    public void BuffersOfAnotherAcceleratorAreRefused()
    {
        using Accelerator other = Context.CreateCPUAccelerator(0);
        using var buffer = other.Allocate1D(new int[1]);
        using AcceleratorStream stream = other.CreateStream();
        var kernel = Accelerator.LoadKernel<ArrayView<int>>(Touch);
        Assert.Contains(
            "belongs to",
            Assert.Throws<ArgumentException>(() => kernel(Accelerator.DefaultStream, (1, 1), buffer.View)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "stream",
            Assert.Throws<ArgumentException>(() => kernel(stream, (1, 1), ArrayView<int>.Empty)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void NullBuffersAndDisposedAcceleratorsAreRefused()
    {
        MemoryBuffer1D<int, Stride1D.Dense> nothing = null!;
        Assert.Throws<ArgumentNullException>(() => (ArrayView<int>)nothing);
        Accelerator other = Context.CreateCPUAccelerator(0);
        var kernel = other.LoadStreamKernel<ArrayView<int>>(Touch);
        other.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel((1, 1), ArrayView<int>.Empty));
        Assert.Throws<ObjectDisposedException>(() => other.LoadStreamKernel<ArrayView<int>>(Touch));
        Assert.Throws<ObjectDisposedException>(() => other.Allocate1D<int>(1));
    }

    [Fact]
    public void NegativeAndHugeExtentsAreRefusedAndEmptyOnesLaunchNothing()
    {
        using var buffer = Zeros<int>(1);
        var kernel = Accelerator.LoadAutoGroupedStreamKernel<LongIndex3D, ArrayView<int>>(TouchIndex);
        kernel(new LongIndex3D(5, 0, 5), buffer.View);
        Assert.Equal(0, buffer.GetAsArray1D()[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel(new LongIndex3D(5, -1, 5), buffer.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel(new LongIndex3D(1L << 40, 1, 1), buffer.View));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Accelerator.LoadImplicitlyGroupedStreamKernel<LongIndex3D, ArrayView<int>>(TouchIndex, 1025));
    }

    [Fact]
    public void MethodsThatCanNotBeKernelsAreRefused()
    {
        Assert.Contains("not a static method", Refusal(() => Accelerator.LoadStreamKernel<int>(NotStatic)), StringComparison.Ordinal);
        Assert.Contains("not a static method", Refusal(() => Accelerator.LoadStreamKernel<int>(n => _ = n)), StringComparison.Ordinal);
        Assert.Contains("'holder.Text'", Refusal(() => Accelerator.LoadStreamKernel<TextHolder>(TouchText)), StringComparison.Ordinal);
    }

    [Fact]
    public void ExceptionInKernelSurfacesAsOne()
    {
        using var buffer = Zeros<int>(10);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(OutOfRange);
        foreach (int groups in new[] { 1, 1000 })
        {
            var exception = Assert.ThrowsAny<AcceleratorException>(() => kernel((groups, 16), buffer.View));
            Assert.Equal(AcceleratorType.CPU, exception.AcceleratorType);
            Assert.Contains("LaunchCheckTests.OutOfRange failed in group (", exception.Message, StringComparison.Ordinal);
            Assert.Contains("Index 10 lies outside of a view of 10 elements", exception.Message, StringComparison.Ordinal);
            Assert.IsType<IndexOutOfRangeException>(exception.InnerException);
        }
        kernel((1, 10), buffer.View);
        Assert.All(buffer.GetAsArray1D(), value => Assert.True(value > 0));
    }

    private static string Refusal(Action load) => Assert.Throws<NotSupportedException>(load).Message;

    private static void Touch(ArrayView<int> data) => data[0] = 1;

    private static void TouchIndex(LongIndex3D index, ArrayView<int> data) => data[0] = 1;

    private static void TouchStruct(Holder holder) => holder.Views.First[0] = holder.Number;

    private static void TouchText(TextHolder holder) => _ = holder.Text.Length;

    private static void OutOfRange(ArrayView<int> data) => data[Group.IdxX] = 1;

    private void NotStatic(int number) => _ = Accelerator.Name.Length + number;

    private struct Pair
    {
        public ArrayView<int> First;
        public ArrayView1D<int, Stride1D.Dense> Second;
    }

    private struct Holder
    {
        public int Number;
        public Pair Views;
    }

    private readonly struct TextHolder(string text)
    {
        public readonly string Text = text;
    }
}
