using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>What the threads of a group do together in plain runs: barriers, shared and local memory, broadcasts, votes.</summary>
public sealed class GroupTests : CpuTest
{
    public static TheoryData<int> GroupSizes => [1, 2, 7, 8, 9, 32, 100, 256, 1024];

    [Theory]
    [MemberData(nameof(GroupSizes))]
    public void BarrierLetsThreadsSeeEachOthersSharedMemory(int size)
    {
        const int Groups = 3;
        using var output = Zeros<int>(Groups * size);
        Accelerator.LoadStreamKernel<ArrayView<int>>(ReverseKernel)((Groups, size), output.View);
        int[] expected = [.. Enumerable.Range(0, Groups * size).Select(i => (i / size * size) + size - 1 - (i % size))];
        Assert.Equal(expected, output.GetAsArray1D());
    }

    [Theory]
    [MemberData(nameof(GroupSizes))]
    public void TreeReductionInDynamicSharedMemoryAddsUp(int size)
    {
        using var output = Zeros<int>(2);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(ReduceKernel);
        kernel((2, size, SharedMemoryConfig.RequestDynamic<int>(size)), output.View);
        Assert.All(output.GetAsArray1D(), sum => Assert.Equal(size * (size + 1) / 2, sum));
    }

    [Theory]
    [MemberData(nameof(GroupSizes))]
    public void BroadcastGivesAllThreadsOneValue(int size)
    {
        using var output = Zeros<double>(2 * size);
        Accelerator.LoadStreamKernel<ArrayView<double>, int>(BroadcastKernel)((2, size), output.View, size / 2);
        double[] expected = [.. Enumerable.Range(0, 2 * size).Select(i => (i / size * 10_000) + (size / 2) + 0.5)];
        Assert.Equal(expected, output.GetAsArray1D());
    }

    [Theory]
    [MemberData(nameof(GroupSizes))]
    public void VotesCountPredicates(int size)
    {
        using var output = Zeros<int>(size * 3);
        Accelerator.LoadStreamKernel<ArrayView<int>, int>(VoteKernel)((1, size), output.View, size / 3);
        int[] result = output.GetAsArray1D();
        for (int i = 0; i < size; i++)
        {
            Assert.Equal(size / 3, result[i * 3]);
            Assert.Equal(size / 3 > 0 ? 1 : 0, result[(i * 3) + 1]);
            Assert.Equal(1, result[(i * 3) + 2]);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(64)]
    public void ThreadsThatHaveEndedAreNotWaitedFor(int size)
    {
        using var output = Zeros<int>(size);
        Accelerator.LoadStreamKernel<ArrayView<int>, int>(EarlyReturnKernel)((1, size), output.View, size / 2);
        Assert.Equal(Enumerable.Range(0, size).Select(i => i < size / 2 ? size / 2 : 0), output.GetAsArray1D());
    }

    [Fact]
    public void BarriersInCalledMethodsAndThroughStaticAbstractsAreFound()
    {
        using var output = Zeros<int>(64);
        Accelerator.LoadStreamKernel<ArrayView<int>>(IndirectKernel<ReverseOnly>)((1, 64), output.View);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => 63 - i), output.GetAsArray1D());
    }

    [Fact]
    public void SeveralSharedArraysAreApartAndStartUndefined()
    {
        using var output = Zeros<float>(64 * 3);
        Accelerator.LoadStreamKernel<ArrayView<float>>(TwoArraysKernel)((1, 64), output.View);
        float[] result = output.GetAsArray1D();
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (float)(63 - i)), result.Take(64));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (float)(2 * (63 - i))), result.Skip(64).Take(64));
        Assert.All(result.Skip(128), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void LocalMemoryBelongsToOneThread()
    {
        using var output = Zeros<int>(256);
        Accelerator.LoadStreamKernel<ArrayView<int>>(LocalKernel)((2, 128), output.View);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => (i % 128 * 28) + 8), output.GetAsArray1D());
    }

    [Fact]
    public void BarriersThatNotAllThreadsReachAreReported()
    {
        using var output = Zeros<int>(64);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(DivergedKernel);
        var exception = Assert.ThrowsAny<AcceleratorException>(() => kernel((1, 64), output.View));
        Assert.Contains("wait at different barriers", exception.Message, StringComparison.Ordinal);
        Accelerator.LoadStreamKernel<ArrayView<int>>(ReverseKernel)((1, 64), output.View);
        Assert.Equal(63, output.GetAsArray1D()[0]);
    }

    [Fact]
    public void ExceptionBetweenBarriersEndsTheGroup()
    {
        using var output = Zeros<int>(64);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(FailingKernel);
        var exception = Assert.ThrowsAny<AcceleratorException>(() => kernel((4, 64), output.View));
        Assert.Contains("thread (17, 0, 0)", exception.Message, StringComparison.Ordinal);
        Assert.IsType<IndexOutOfRangeException>(exception.InnerException);
        Accelerator.LoadStreamKernel<ArrayView<int>>(ReverseKernel)((1, 64), output.View);
        Assert.Equal(63, output.GetAsArray1D()[0]);
    }

    [Fact]
    public void SharedMemoryThatDoesNotFitIsReported()
    {
        using var output = Zeros<int>(1);
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(HugeSharedKernel);
        var exception = Assert.ThrowsAny<AcceleratorException>(() => kernel((1, 1), output.View));
        Assert.Contains("bytes of shared memory", exception.Message, StringComparison.Ordinal);
    }

    private static void ReverseKernel(ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(1024);
        shared[Group.IdxX] = Grid.GlobalIndex.X;
        Group.Barrier();
        output[Grid.GlobalIndex.X] = shared[Group.DimX - 1 - Group.IdxX];
    }

    private static void ReduceKernel(ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        int i = Group.IdxX;
        shared[i] = i + 1;
        int length = shared.IntLength;
        while (length > 1)
        {
            int half = (length + 1) / 2;
            Group.Barrier();
            if (i + half < length)
                shared[i] += shared[i + half];
            length = half;
        }
        if (Group.IsFirstThread)
            output[Grid.IdxX] = shared[0];
    }

    private static void BroadcastKernel(ArrayView<double> output, int source) =>
        output[Grid.GlobalIndex.X] = Group.Broadcast((Grid.IdxX * 10_000) + Group.IdxX + 0.5, source);

    private static void VoteKernel(ArrayView<int> output, int limit)
    {
        int i = Group.IdxX;
        output[i * 3] = Group.BarrierPopCount(i < limit);
        output[(i * 3) + 1] = Group.BarrierOr(i < limit) ? 1 : 0;
        output[(i * 3) + 2] = Group.BarrierAnd(i >= 0) && Group.BarrierAnd(i < limit) == (limit >= Group.DimX) ? 1 : 0;
    }

    private static void EarlyReturnKernel(ArrayView<int> output, int limit)
    {
        if (Group.IdxX >= limit)
            return;
        Group.Barrier();
        output[Group.IdxX] = Group.BarrierPopCount(true);
    }

    private static void IndirectKernel<TAction>(ArrayView<int> output)
        where TAction : struct, IGroupAction =>
        TAction.Run(output);

    private static void TwoArraysKernel(ArrayView<float> output)
    {
        ArrayView<float> first = SharedMemory.Allocate<float>(64);
        ArrayView1D<float, Stride1D.Dense> second = SharedMemory.Allocate1D<float>(64);
        ArrayView<float> third = SharedMemory.Allocate<float>(64);
        ref int counter = ref SharedMemory.Allocate<int>();
        int i = Group.IdxX;
        if (i == 0)
            counter = 63;
        first[i] = i;
        second[i] = 2 * i;
        Group.Barrier();
        output[i] = first[counter - i];
        output[64 + i] = second[counter - i];
        output[128 + i] = third[i];
    }

    private static void LocalKernel(ArrayView<int> output)
    {
        ArrayView1D<int, Stride1D.Dense> numbers = LocalMemory.Allocate1D<int>(8);
        ArrayView<int> ones = LocalMemory.Allocate<int>(8);
        for (int i = 0; i < 8; i++)
        {
            numbers[i] = i * Group.IdxX;
            ones[i] = 1;
        }
        int sum = 0;
        for (int i = 0; i < 8; i++)
            sum += numbers[i] + ones[i];
        output[Grid.GlobalIndex.X] = sum;
    }

    private static void DivergedKernel(ArrayView<int> output)
    {
        if (Group.IdxX < 32)
            Warp.Barrier();
        else if (Group.IdxX % 2 == 0)
            Group.Barrier();
        else
            Warp.Barrier();
        output[Group.IdxX] = 1;
    }

    private static void FailingKernel(ArrayView<int> output)
    {
        Group.Barrier();
        if (Group.IdxX == 17)
            output[64] = 1;
        Group.Barrier();
    }

    private static void HugeSharedKernel(ArrayView<int> output) => output[0] = SharedMemory.Allocate<int>(1 << 20).IntLength;

    private interface IGroupAction
    {
        static abstract void Run(ArrayView<int> output);
    }

    private readonly struct ReverseOnly : IGroupAction
    {
        public static void Run(ArrayView<int> output) => ReverseKernel(output);
    }
}
