using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's form of attention, on this device.</summary>
public class AttentionBlockTests
{
    private static KernelHost SmallTiles => new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 1000 };

    private static KernelHost LargeTiles => new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 1 };

    // The last ones reach beyond one tile of 64 queries, keys and channels and one slice of 8 channels, channel by channel and in quads.
    [Theory]
    [MemberData(nameof(AttentionTests.Shapes), MemberType = typeof(AttentionTests))]
    [InlineData(2, 70, 67, 18, 66, 1)]
    [InlineData(1, 3, 130, 3, 5, 2)]
    [InlineData(2, 67, 70, 12, 68, -1)]
    public void AsByFormulas(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        Check(new AttentionShape(samples, positions, keys, keyChannels, channels), scale, SmallTiles);

    /// <summary>More than one of the larger tiles in every direction.</summary>
    [Fact]
    public void ByLargeTiles() => Check(new AttentionShape(1, 130, 133, 12, 132), 0.5, LargeTiles);

    /// <summary>All scores are -120: exponentials in the place of keys and queries that do not exist would overflow.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void WhatLiesBeyondTheEndStaysZero(int multiprocessors)
    {
        KernelHost host = new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = multiprocessors };
        var shape = new AttentionShape(1, 5, 3, 4, 4);
        using Buffers buffers = new();
        double[] values = [.. Enumerable.Range(0, 12).Select(i => i / 4.0)], gradient = [.. Enumerable.Range(0, 20).Select(i => 1.0 - i / 8.0)];
        var (q, k, g) = (buffers.On(Enumerable.Repeat(1.0, 20).ToArray()), buffers.On(Enumerable.Repeat(-1.0, 12).ToArray()), buffers.On(values));
        var (dy, gamma, o, stats) = (buffers.On(gradient), buffers.On([1]), buffers.New(20), buffers.New(AttentionKernels.StatRows * 5));
        AttentionBlock.Forward<float, Real32>(host, q, k, g, o, stats, 30, shape);
        AssertClose([.. Enumerable.Range(0, 20).Select(i => values[i % 4] + values[i % 4 + 4] + values[i % 4 + 8])], Buffers.Read(o), 1e-6, "o");

        AttentionBlockBackward.Dot<float, Real32>(host, dy, o, stats, shape);
        var (dq, dk, dg) = (buffers.New(20), buffers.New(12), buffers.New(12));
        AttentionBlockBackward.Queries<float, Real32>(host, q, k, g, dy, stats, gamma, dq, 30, shape);
        AttentionBlockBackward.Keys<float, Real32>(host, q, k, g, dy, stats, gamma, dk, dg, 30, shape);
        Assert.All(Buffers.Read(dq), value => Assert.InRange(value, -1e-3, 1e-3));
        Assert.All(Buffers.Read(dk), value => Assert.True(double.IsFinite(value)));
        AssertClose([.. Enumerable.Range(0, 12).Select(i => Enumerable.Range(0, 5).Sum(p => gradient[4 * p + i % 4]) / 3)], Buffers.Read(dg), 1e-6, "dg");
    }

    [Fact]
    public void ManyPositionsAreSummedByManyThreads()
    {
        var shape = new AttentionShape(2, 1, 300, 1, 35);
        var reference = new AttentionReference(shape, 1, 1);
        using (Buffers buffers = new())
        {
            var unary = buffers.New(shape.Samples * shape.Channels);
            AttentionKernels.Unary<float, Real32>(SmallTiles, buffers.On(reference.Weights), buffers.On(reference.G), unary, shape);
            AssertClose(reference.Unary, Buffers.Read(unary), 1e-6, "unary");
        }
        using (MemoryBuffer1D<double, Stride1D.Dense> weights = Upload<double>(reference.Weights), g = Upload<double>(reference.G),
            unary = Unwritten<double>(shape.Samples * shape.Channels))
        {
            AttentionKernels.Unary<double, Real64>(SmallTiles, weights.View, g.View, unary.View, shape);
            AssertClose(reference.Unary, unary.GetAsArray1D(), 1e-14, "unary in double");
        }
    }

    private static void Check(AttentionShape shape, double scale, KernelHost host, double tolerance = 3e-6)
    {
        var reference = new AttentionReference(shape, shape.Positions, scale);
        using Buffers buffers = new();
        var (q, k, g) = (buffers.On(reference.Q), buffers.On(reference.K), buffers.On(reference.G));
        var (weights, dy, gamma) = (buffers.On(reference.Weights), buffers.On(reference.Dy), buffers.On([reference.Gamma]));
        var queries = shape.Samples * shape.Positions;
        var (stats, unary) = (buffers.New(AttentionKernels.StatRows * queries), buffers.New(shape.Samples * shape.Channels));
        var (o, y) = (buffers.New(dy.IntLength), buffers.New(dy.IntLength));
        AttentionKernels.Unary<float, Real32>(host, weights, g, unary, shape);
        AttentionBlock.Forward<float, Real32>(host, q, k, g, o, stats, scale, shape);
        AttentionKernels.Combine<float, Real32>(host, o, stats, gamma, unary, y, shape);
        AssertClose(reference.Y, Buffers.Read(y), tolerance, "y");

        AttentionBlockBackward.Dot<float, Real32>(host, dy, o, stats, shape);
        AssertClose(reference.DyO, Buffers.Read(stats)[(2 * queries)..], tolerance, "dy . o");
        var dq = buffers.New(q.IntLength);
        AttentionBlockBackward.Queries<float, Real32>(host, q, k, g, dy, stats, gamma, dq, scale, shape);
        AssertClose(reference.Dq, Buffers.Read(dq), tolerance, "dq");

        var (dk, dgPairs, dg) = (buffers.New(k.IntLength), buffers.New(g.IntLength), buffers.New(g.IntLength));
        var (dySum, dw) = (buffers.On(reference.DySum), buffers.New(weights.IntLength));
        AttentionBlockBackward.Keys<float, Real32>(host, q, k, g, dy, stats, gamma, dk, dgPairs, scale, shape);
        AttentionBackwardKernels.Values<float, Real32>(host, dgPairs, weights, dySum, dg, shape);
        AttentionBlockBackward.Unary<float, Real32>(host, g, dySum, dw, shape);
        AssertClose(reference.Dk, Buffers.Read(dk), tolerance, "dk");
        AssertClose(reference.Dg, Buffers.Read(dg), tolerance, "dg");
        AssertClose(reference.Dweights, Buffers.Read(dw), tolerance, "dw");
    }

    private sealed class Buffers : IDisposable
    {
        private readonly List<IDisposable> owned = [];

        public ArrayView<float> On(double[] values) => Own(Upload<float>(values));

        public ArrayView<float> New(int length) => Own(Unwritten<float>(length));

        public void Dispose() => owned.ForEach(buffer => buffer.Dispose());

        public static double[] Read(ArrayView<float> view)
        {
            var data = new float[view.Length];
            view.AsDense().CopyToCPU(data);
            return Array.ConvertAll(data, value => (double)value);
        }

        private ArrayView<float> Own(MemoryBuffer1D<float, Stride1D.Dense> buffer)
        {
            owned.Add(buffer);
            return buffer.View;
        }
    }
}
