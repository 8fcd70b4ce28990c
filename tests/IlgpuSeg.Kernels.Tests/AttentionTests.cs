using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class AttentionTests
{
    // samples, positions, keys, key channels, channels, scale: one of each; full and partial blocks of lanes and tiles of keys.
    public static TheoryData<int, int, int, int, int, double> Shapes => new()
    {
        { 1, 1, 1, 1, 1, 1 }, { 1, 4, 1, 3, 2, 1 }, { 2, 9, 7, 5, 4, 0.5 }, { 3, 16, 8, 4, 9, 1 },
        { 1, 35, 17, 6, 33, 1 }, { 2, 3, 20, 2, 1, -2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InSingle(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        Check<float, Real32>(new AttentionShape(samples, positions, keys, keyChannels, channels), scale, 3e-6);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InDouble(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        Check<double, Real64>(new AttentionShape(samples, positions, keys, keyChannels, channels), scale, 1e-14);

    private static void Check<T, R>(AttentionShape shape, double scale, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var reference = new AttentionReference(shape, shape.Positions, scale);
        using var run = new AttentionRun<T, R>(reference, shape, scale);
        AssertClose(reference.Unary, run.Unary(), tolerance, "unary");
        AssertClose(reference.Y, run.Forward(), tolerance, "y");
        AssertClose(reference.DyO, run.Dot(), tolerance, "dy . o");
        AssertClose(reference.Dq, run.QueryGradient(), tolerance, "dq");
        var (dk, dg, dw) = run.KeyGradients(reference.DySum);
        AssertClose(reference.Dk, dk, tolerance, "dk");
        AssertClose(reference.Dg, dg, tolerance, "dg");
        AssertClose(reference.Dweights, dw, tolerance, "dw");
    }
}

/// <summary>The kernels of one attention, run in order.</summary>
internal sealed class AttentionRun<T, R> : IDisposable
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    private readonly List<IDisposable> buffers = [];
    private readonly AttentionShape shape;
    private readonly double scale;
    private readonly ArrayView<T> q, k, g, weights, dy, gamma, qColumns, oColumns, stats, unary, dyColumns;

    public AttentionRun(AttentionReference reference, AttentionShape shape, double scale)
    {
        (this.shape, this.scale) = (shape, scale);
        (q, k, g) = (On(reference.Q), On(reference.K), On(reference.G));
        (weights, dy, gamma) = (On(reference.Weights), On(reference.Dy), On([reference.Gamma]));
        stats = New(AttentionKernels.StatRows * shape.Samples * shape.Positions);
        unary = New(shape.Samples * shape.Channels);
        oColumns = Zero(shape.Positions, shape.Channels);
        qColumns = Pack(q, shape.Positions, shape.KeyChannels);
        dyColumns = Pack(dy, shape.Positions, shape.Channels);
    }

    public double[] Unary()
    {
        AttentionKernels.Unary<T, R>(Host, weights, g, unary, shape);
        return Read(unary);
    }

    public double[] Forward()
    {
        var y = New(dy.IntLength);
        AttentionKernels.Forward<T, R>(Host, qColumns, k, g, oColumns, stats, scale, shape);
        AttentionKernels.Combine<T, R>(Host, oColumns, stats, gamma, unary, y, shape);
        return Read(y);
    }

    public double[] Dot()
    {
        AttentionBackwardKernels.Dot<T, R>(Host, dyColumns, oColumns, stats, shape);
        return Read(stats)[(2 * shape.Samples * shape.Positions)..];
    }

    public double[] QueryGradient()
    {
        var dq = Zero(shape.Positions, shape.KeyChannels);
        AttentionBackwardKernels.Queries<T, R>(Host, qColumns, k, g, dyColumns, stats, gamma, dq, scale, shape);
        return Unpack(dq, shape.Positions, shape.KeyChannels);
    }

    public (double[] Dk, double[] Dg, double[] Dw) KeyGradients(double[] dySum)
    {
        var (kColumns, gColumns) = (Pack(k, shape.Keys, shape.KeyChannels), Pack(g, shape.Keys, shape.Channels));
        var (dk, dgColumns) = (Zero(shape.Keys, shape.KeyChannels), Zero(shape.Keys, shape.Channels));
        AttentionBackwardKernels.Keys<T, R>(Host, kColumns, gColumns, q, dy, stats, gamma, dk, dgColumns, scale, shape);
        var (sums, dw, dg) = (On(dySum), New(weights.IntLength), New(g.IntLength));
        AttentionBackwardKernels.Unary<T, R>(Host, gColumns, sums, dw, shape);
        AttentionBackwardKernels.Values<T, R>(Host, dgColumns, weights, sums, dg, shape);
        return (Unpack(dk, shape.Keys, shape.KeyChannels), Read(dg), Read(dw));
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }

    private ArrayView<T> On(double[] values) => Own(Upload<T>(values));

    private ArrayView<T> New(int length) => Own(Unwritten<T>(length));

    private ArrayView<T> Zero(int positions, int channels) =>
        Own(Zeros<T>(PositionKernels.PackedLength(Host, shape.Samples, positions, channels)));

    private ArrayView<T> Own(MemoryBuffer1D<T, Stride1D.Dense> buffer)
    {
        buffers.Add(buffer);
        return buffer.View;
    }

    private ArrayView<T> Pack(ArrayView<T> x, int positions, int channels)
    {
        var columns = New(PositionKernels.PackedLength(Host, shape.Samples, positions, channels));
        PositionKernels.Pack(Host, x, columns, shape.Samples, positions, channels);
        return columns;
    }

    private double[] Unpack(ArrayView<T> columns, int positions, int channels)
    {
        var y = New(shape.Samples * positions * channels);
        PositionKernels.Unpack(Host, columns, y, shape.Samples, positions, channels);
        return Read(y);
    }

    private static double[] Read(ArrayView<T> view)
    {
        var data = new T[view.Length];
        view.AsDense().CopyToCPU(data);
        return Array.ConvertAll(data, double.CreateChecked);
    }
}
