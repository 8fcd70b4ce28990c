// Random numbers by counter: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
//
// The n-th number of a stream is word n mod 4 of the block whose counter is n / 4, a function of (key, stream, n) alone: whoever computes it, on
// whatever device and with however many threads, gets the same bits. Memory: one write per number. Accumulation: none.
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Four words: a counter, or the random numbers of one.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhiloxWords
{
    /// <summary>The first word.</summary>
    public uint X;

    /// <summary>The second word.</summary>
    public uint Y;

    /// <summary>The third word.</summary>
    public uint Z;

    /// <summary>The fourth word.</summary>
    public uint W;
}

/// <summary>A place in a stream of random numbers, from which kernels draw.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhiloxPlace
{
    /// <summary>The key.</summary>
    public ulong Seed;

    /// <summary>The upper half of the counter.</summary>
    public ulong Stream;

    /// <summary>The number of the first draw within the stream.</summary>
    public ulong Position;
}

/// <summary>Draws on the device.</summary>
public static class PhiloxKernels
{
    /// <summary>The ten rounds on one counter; callable inside kernels.</summary>
    /// <param name="counter">The counter.</param>
    /// <param name="key0">The lower word of the key.</param>
    /// <param name="key1">The upper word of the key.</param>
    public static PhiloxWords Block(PhiloxWords counter, uint key0, uint key1)
    {
        var c = counter;
        for (var round = 0; round < 10; round++)
        {
            var p0 = 0xD2511F53UL * c.X;
            var p1 = 0xCD9E8D57UL * c.Z;
            c = new PhiloxWords { X = (uint)(p1 >> 32) ^ c.Y ^ key0, Y = (uint)p1, Z = (uint)(p0 >> 32) ^ c.W ^ key1, W = (uint)p0 };
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }
        return c;
    }

    /// <summary>A number of a stream; callable inside kernels.</summary>
    /// <param name="place">The stream and its first number.</param>
    /// <param name="index">How many numbers after the first.</param>
    public static uint Number(PhiloxPlace place, int index)
    {
        var n = place.Position + (ulong)index;
        var block = n >> 2;
        var counter = new PhiloxWords { X = (uint)block, Y = (uint)(block >> 32), Z = (uint)place.Stream, W = (uint)(place.Stream >> 32) };
        var words = Block(counter, (uint)place.Seed, (uint)(place.Seed >> 32));
        var lane = (int)n & 3;
        var lower = lane == 0 ? words.X : words.Y;
        var upper = lane == 2 ? words.Z : words.W;
        return lane < 2 ? lower : upper;
    }

    internal static void NumbersKernel(ArrayView<int> y, PhiloxPlace place, int n)
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = (int)Number(place, i);
    }

    internal static void MaskKernel<T>(ArrayView<T> y, PhiloxPlace place, uint threshold, T kept, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = Number(place, i) < threshold ? T.Zero : kept;
    }

    /// <summary>y[i] = the 32 bits of number i after a place.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">At least 1 element.</param>
    /// <param name="place">The stream and its first number.</param>
    public static void Numbers(KernelHost host, ArrayView<int> y, PhiloxPlace place) =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, PhiloxPlace, int>(NumbersKernel))(
            host.Linear(y.IntLength), y, place, y.IntLength);

    /// <summary>y[i] = 0 where number i after a place, divided by 2^32, is below the rate, else 1 / (1 - rate).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="y">At least 1 element.</param>
    /// <param name="place">The stream and its first number.</param>
    /// <param name="rate">The share of zeros, in [0, 1).</param>
    public static void Mask<T, R>(KernelHost host, ArrayView<T> y, PhiloxPlace place, double rate)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, PhiloxPlace, uint, T, int>(MaskKernel<T>))(
            host.Linear(y.IntLength), y, place, (uint)(rate * (1L << 32)), R.FromDouble(1 / (1 - rate)), y.IntLength);
}
