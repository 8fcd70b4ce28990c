using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Devices;

/// <summary>Shuffles and broadcasts within a warp in plain runs, also in the last, incomplete warp of a group.</summary>
public sealed class WarpTests : CpuTest
{
    private const int Kinds = 9;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(19)]
    [InlineData(64)]
    [InlineData(1000)]
    public void ShufflesTakeTheValueOfTheRightLane(int size)
    {
        using var output = Zeros<int>(size * Kinds);
        Accelerator.LoadStreamKernel<ArrayView<int>>(ShuffleKernel)((1, size), output.View);
        int[] result = output.GetAsArray1D();
        for (int thread = 0; thread < size; thread++)
        {
            int warp = thread / 8 * 8;
            int lane = thread % 8;
            int[] sources =
            [
                3, lane + 2, lane - 1, lane ^ 4, 6,
                (lane & ~3) + 1, (lane & 3) + 1 < 4 ? lane + 1 : lane, (lane & 3) - 2 >= 0 ? lane - 2 : lane, lane ^ 1,
            ];
            for (int kind = 0; kind < Kinds; kind++)
            {
                int source = sources[kind] is >= 0 and < 8 && warp + sources[kind] < size ? warp + sources[kind] : thread;
                Assert.Equal(source * 3, result[(thread * Kinds) + kind]);
            }
        }
    }

    [Fact]
    public void ButterflyAddsUpTheLanesOfEveryWarp()
    {
        using var output = Zeros<double>(64);
        Accelerator.LoadStreamKernel<ArrayView<double>>(ButterflyKernel)((1, 64), output.View);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (i / 8 * 64.0) + 28), output.GetAsArray1D());
    }

    private static void ShuffleKernel(ArrayView<int> output)
    {
        int value = Group.IdxX * 3;
        int at = Group.IdxX * Kinds;
        output[at] = Warp.Shuffle(value, 3);
        output[at + 1] = Warp.ShuffleDown(value, 2);
        output[at + 2] = Warp.ShuffleUp(value, 1);
        output[at + 3] = Warp.ShuffleXor(value, 4);
        output[at + 4] = Warp.Broadcast(value, 6);
        output[at + 5] = Warp.Shuffle(value, 1, 4);
        output[at + 6] = Warp.ShuffleDown(value, 1, 4);
        output[at + 7] = Warp.ShuffleUp(value, 2, 4);
        output[at + 8] = Warp.ShuffleXor(value, 1, 4);
    }

    private static void ButterflyKernel(ArrayView<double> output)
    {
        double value = Group.IdxX;
        for (int mask = 1; mask < Warp.WarpSize; mask *= 2)
            value += Warp.ShuffleXor(value, mask);
        output[Group.IdxX] = value;
    }
}
