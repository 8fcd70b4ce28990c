using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>The spreading of groups over threads.</summary>
public sealed unsafe class WorkerPoolTests : CpuTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public void EveryGroupRunsOnceForAnyNumberOfThreads(int threads)
    {
        foreach (int groups in new[] { 1, 2, 3, 17, 1000, 65_537 })
        {
            var kernel = new CountingKernel(groups);
            for (int launch = 1; launch <= 20; launch++)
            {
                WorkerPool.Of(threads).Run(kernel, null, Dimensions(groups));
                Assert.All(kernel.Runs, count => Assert.Equal(launch, count));
            }
        }
    }

    [Fact]
    public void ResultsHaveTheSameBitsForAnyNumberOfThreads()
    {
        float[][] results = [.. new[] { 1, 2, 3, 8 }.Select(RowSums)];
        Assert.All(results, result => Assert.Equal(MemoryMarshal.AsBytes<float>(results[0]), MemoryMarshal.AsBytes<float>(result)));
    }

    [Fact]
    public void LaunchesOfSeveralHostThreadsDoNotMeet()
    {
        const int Launches = 200;
        var kernel = Accelerator.LoadStreamKernel<ArrayView<int>>(IncrementKernel);
        MemoryBuffer1D<int, Stride1D.Dense>[] buffers = [.. Enumerable.Range(0, 4).Select(_ => Zeros<int>(4096))];
        Thread[] hosts = [.. buffers.Select(buffer => new Thread(() => Repeat(Launches, () => kernel((512, 8), buffer.View))))];
        Array.ForEach(hosts, host => host.Start());
        Array.ForEach(hosts, host => host.Join());
        Assert.All(buffers, buffer => Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(Launches, value)));
    }

    [Fact]
    public void NoMoreThreadsThanAllowedRunAtOnce()
    {
        var kernel = new CountingKernel(64) { Limit = 2, Pause = TimeSpan.FromMilliseconds(1) };
        WorkerPool.Of(8).Run(kernel, null, Dimensions(64));
        Assert.InRange(kernel.MostAtOnce, 1, 2);
    }

    [Fact]
    public void OneExceptionEndsTheLaunchAndThePoolGoesOn()
    {
        for (int attempt = 0; attempt < 50; attempt++)
        {
            var kernel = new CountingKernel(1000) { FailAt = attempt * 20 };
            Assert.Throws<InvalidDataException>(() => WorkerPool.Of(3).Run(kernel, null, Dimensions(1000)));
            kernel.FailAt = -1;
            WorkerPool.Of(3).Run(kernel, null, Dimensions(1000));
        }
    }

    [Fact]
    public void SleepingWorkersWakeUp()
    {
        var kernel = new CountingKernel(1000);
        for (int launch = 1; launch <= 10; launch++)
        {
            Thread.Sleep(5);
            WorkerPool.Of(4).Run(kernel, null, Dimensions(1000));
            Assert.All(kernel.Runs, count => Assert.Equal(launch, count));
        }
    }

    [Fact]
    public void NumberOfThreadsIsReadFromText()
    {
        Assert.Equal(3, WorkerPool.ParseThreads("3"));
        Assert.Equal(Environment.ProcessorCount, WorkerPool.ParseThreads(null));
        foreach (string bad in new[] { "0", "-1", "many", "2.5", "1025" })
        {
            var exception = Assert.Throws<InvalidOperationException>(() => WorkerPool.ParseThreads(bad));
            Assert.Contains($"'{bad}'", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DeviceTellsItsThreads()
    {
        using Context context = PlainContext(threads: 3);
        Assert.Equal(3, context.GetCPUDevice(0).NumThreads);
        Assert.Equal(3, context.CreateCPUAccelerator(0).NumThreads);
        Assert.Equal(3, context.Devices[0].NumMultiprocessors);
    }

    private static LaunchDimensions Dimensions(int groups) => new(new Index3D(groups, 1, 1), Index3D.One, 0, default);

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
            action();
    }

    private static float[] RowSums(int threads)
    {
        using Context context = PlainContext(threads);
        using Accelerator accelerator = context.CreateCPUAccelerator(0);
        var random = new Random(7);
        using var input = accelerator.Allocate1D(Enumerable.Range(0, 200 * 333).Select(_ => random.NextSingle()).ToArray());
        using var output = accelerator.Allocate1D<float>(333);
        var kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int>(RowSumKernel);
        kernel((333, 1), input.View, output.View, 200);
        return output.GetAsArray1D();
    }

    private static void IncrementKernel(ArrayView<int> data) => data[Grid.GlobalIndex.X]++;

    private static void RowSumKernel(ArrayView<float> input, ArrayView<float> output, int length)
    {
        float sum = 0;
        for (int i = 0; i < length; i++)
            sum += input[(Grid.IdxX * length) + i];
        output[Grid.IdxX] = sum;
    }

    private sealed class CountingKernel(int groups) : CompiledCpuKernel
    {
        private int _now;

        public int[] Runs { get; } = new int[groups];

        public int Limit { get; init; } = int.MaxValue;

        public TimeSpan Pause { get; init; }

        public int FailAt { get; set; } = -1;

        public int MostAtOnce { get; private set; }

        public override int MaxWorkers(in LaunchDimensions dimensions) => Limit;

        public override void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
        {
            int now = Interlocked.Increment(ref _now);
            lock (Runs)
                MostAtOnce = Math.Max(MostAtOnce, now);
            if (Pause > TimeSpan.Zero)
                Thread.Sleep(Pause);
            for (long group = firstGroup; group < firstGroup + groupCount; group++)
            {
                if (group == FailAt)
                    throw new InvalidDataException("as asked");
                Interlocked.Increment(ref Runs[group]);
            }
            Interlocked.Decrement(ref _now);
        }
    }
}
