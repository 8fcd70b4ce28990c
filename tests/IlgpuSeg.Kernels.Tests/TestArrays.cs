using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Arrays on the device under test, of either precision, made from and compared as doubles.</summary>
/// <typeparam name="T">The precision under test.</typeparam>
internal sealed class TestArrays<T> : IDisposable
    where T : unmanaged, INumber<T>
{
    private readonly List<MemoryBuffer> buffers = [];
    private readonly Random random;

    public TestArrays(int seed) => random = new Random(seed);

    public static KernelHost Host => TestDevice.Host;

    /// <summary>The same device, running the GPU's form of products.</summary>
    public static KernelHost BlockHost => TestDevice.BlockHost;

    /// <summary>Rounding errors grow with the number of terms of a sum; the terms are below 1.</summary>
    public static double Tolerance(int terms) => (terms + 8) * (typeof(T) == typeof(double) ? 4e-16 : 2.4e-7);

    public int Next(int low, int high) => random.Next(low, high + 1);

    public bool Coin() => random.Next(2) == 0;

    /// <summary>Values between -1 and 1 that float represents exactly, so that both precisions see the same.</summary>
    public double[] Values(int count)
    {
        var values = new double[count];
        for (var i = 0; i < count; i++) values[i] = (float)(random.NextDouble() * 2 - 1);
        return values;
    }

    public ArrayView<T> On(double[] values)
    {
        if (values.Length == 0) return ArrayView<T>.Empty;
        var data = Array.ConvertAll(values, T.CreateChecked);
        var buffer = Host.Accelerator.Allocate1D(data);
        buffers.Add(buffer);
        return buffer.View;
    }

    /// <summary>An array of NaN: whoever reads it before writing it spoils the result.</summary>
    public ArrayView<T> Unset(int count) => On(Enumerable.Repeat(double.NaN, count).ToArray());

    public static double[] Read(ArrayView<T> view)
    {
        var data = new T[view.Length];
        if (data.Length > 0) view.AsDense().CopyToCPU(data);
        return Array.ConvertAll(data, double.CreateChecked);
    }

    public static void AssertClose(double[] expected, ArrayView<T> actual, int terms, object shape)
    {
        var values = Read(actual);
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            // Negated, so that a NaN fails.
            if (!(Math.Abs(expected[i] - values[i]) <= Tolerance(terms)))
                Assert.Fail($"{typeof(T).Name}, {shape}: element {i} is {values[i]:R}, expected {expected[i]:R}.");
        }
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }
}
