using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The accelerator that kernel tests run on, and arrays on it.</summary>
internal static class DeviceData
{
    public static KernelHost Host => TestDevice.Host;

    /// <summary>Both forms, for kernels that have one for GPUs: in groups of 256 threads, where the package's default CPU device takes 16.</summary>
    public static KernelHost[] Hosts =>
#if KERNELS_BUNDLED
        [TestDevice.Host, TestDevice.BlockHost];
#else
        [TestDevice.Host];
#endif

    /// <summary>Both forms, but one for many rows: groups of many threads are slow to play on a CPU.</summary>
    public static KernelHost[] HostsFor(int rows) => rows > 5000 ? [TestDevice.Host] : Hosts;

    /// <summary>An array in the precision under test.</summary>
    public static MemoryBuffer1D<T, Stride1D.Dense> Upload<T>(double[] values)
        where T : unmanaged, INumber<T> => Host.Accelerator.Allocate1D(Array.ConvertAll(values, T.CreateChecked));

    public static MemoryBuffer1D<T, Stride1D.Dense> Zeros<T>(int length)
        where T : unmanaged => Host.Accelerator.Allocate1D(new T[length]);

    /// <summary>An array of something that no kernel writes, so that an element that was left out shows.</summary>
    public static MemoryBuffer1D<T, Stride1D.Dense> Unwritten<T>(int length)
        where T : unmanaged, INumber<T>
    {
        var values = new T[length];
        Array.Fill(values, T.CreateTruncating(-987654321.0));
        return Host.Accelerator.Allocate1D(values);
    }

    public static double[] Download<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer)
        where T : unmanaged, INumber<T> => Array.ConvertAll(buffer.GetAsArray1D(), double.CreateChecked);

    /// <summary>Compares element by element; the difference may be at most tolerance times the largest expected magnitude (at least 1).</summary>
    public static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var allowed = tolerance * expected.Select(Math.Abs).Append(1).Max();
        for (var i = 0; i < expected.Length; i++)
        {
            // Negated, so that a NaN fails.
            if (!(Math.Abs(expected[i] - actual[i]) <= allowed))
                Assert.Fail($"{what}: element {i} of {expected.Length} is {actual[i]:R}, expected {expected[i]:R} within {allowed:E1}.");
        }
    }
}

/// <summary>Seeded shapes and values; the first seed is one pixel of one channel.</summary>
internal sealed class Draw(int seed)
{
    private static readonly int[] ChannelCounts = [1, 2, 3, 7, 8, 9, 16, 17, 33];

    private readonly Random random = new(seed);

    public int Images { get; private set; }

    public int Height { get; private set; }

    public int Width { get; private set; }

    public int Channels { get; private set; }

    public int Count => Images * Height * Width * Channels;

    public int Rows => Images * Height * Width;

    public static Draw Image(int seed)
    {
        var draw = new Draw(seed);
        draw.Images = seed == 0 ? 1 : draw.Pick(1, 3);
        draw.Height = seed == 0 ? 1 : draw.Below(1, 10);
        draw.Width = seed == 0 ? 1 : draw.Below(1, 10);
        draw.Channels = seed == 0 ? 1 : draw.Pick(ChannelCounts);
        return draw;
    }

    public int Pick(params int[] values) => values[random.Next(values.Length)];

    public int Below(int from, int end) => random.Next(from, end);

    /// <summary>Values between -2 and 2 that float holds exactly, so that both precisions start from the same numbers.</summary>
    public double[] Values(int length)
    {
        var values = new double[length];
        for (var i = 0; i < length; i++) values[i] = (float)(random.NextDouble() * 4 - 2);
        return values;
    }

    /// <summary>All different, at least 1/16 apart, in random order.</summary>
    public double[] Distinct(int length)
    {
        var values = new double[length];
        for (var i = 0; i < length; i++) values[i] = (i - length / 2) / 16.0;
        random.Shuffle(values);
        return values;
    }
}

/// <summary>Seeds of theories.</summary>
internal static class Seeds
{
    public static TheoryData<int> Few => [.. Enumerable.Range(0, TestDevice.FewSeeds)];

    public static TheoryData<int> Many => [.. Enumerable.Range(0, TestDevice.ManySeeds)];
}
