using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class AttentionTests
{
    // samples, positions, keys, key channels, channels, scale: one of each; full and partial blocks of lanes and tiles of keys; several blocks and
    // groups of one sample.
    public static TheoryData<int, int, int, int, int, double> Shapes => new()
    {
        { 1, 1, 1, 1, 1, 1 }, { 1, 4, 1, 3, 2, 1 }, { 2, 9, 7, 5, 4, 0.5 }, { 3, 16, 8, 4, 9, 1 },
        { 1, 35, 17, 6, 33, 1 }, { 2, 3, 20, 2, 1, -2 }, { 17, 44, 41, 3, 2, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InSingle(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        Check<float, Real32>(Host, new AttentionShape(samples, positions, keys, keyChannels, channels), scale, 3e-6);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InDouble(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        Check<double, Real64>(Host, new AttentionShape(samples, positions, keys, keyChannels, channels), scale, 1e-14);

    /// <summary>A mean of q a thousand times as large as what differs: whitening takes it away before anything is multiplied.</summary>
    [Theory]
    [InlineData(ProductTiles.Vectors)]
#if KERNELS_BUNDLED
    [InlineData(ProductTiles.Blocks)]
#endif
    public void LargeMeansOfQueriesDoNotMatter(ProductTiles form)
    {
        KernelHost host = new(Host.Accelerator) { Products = form };
        AttentionShape shape = new(1, 16, 12, 4, 4);
        var reference = new AttentionReference(shape, 3, 1);
        // Halves of 16 queries, so that the mean is exact.
        for (var i = 0; i < reference.Q.Length; i++) reference.Q[i] = Math.Round(2 * reference.Q[i]) / 2;
        using var near = new AttentionRun<float, Real32>(host, reference, shape, 1);
        for (var i = 0; i < reference.Q.Length; i++) reference.Q[i] += 1024;
        using var far = new AttentionRun<float, Real32>(host, reference, shape, 1);
        AssertClose(near.Forward(), far.Forward(), 1e-6, "y");
        AssertClose(near.Backward().Dk, far.Backward().Dk, 1e-6, "dk");
    }

    /// <summary>
    /// The mean of k is left to the softmax, which loses digits by it: few at a mean of 14 times the keys' deviation (an error of
    /// 1.7e-6), many at one of 1,800 times (3e-4).
    /// </summary>
    [Theory]
    [InlineData(ProductTiles.Vectors)]
#if KERNELS_BUNDLED
    [InlineData(ProductTiles.Blocks)]
#endif
    public void MeansOfKeysCostLittle(ProductTiles form)
    {
        KernelHost host = new(Host.Accelerator) { Products = form };
        AttentionShape shape = new(1, 64, 48, 64, 4);
        var reference = new AttentionReference(shape, 3, 1);
        for (var i = 0; i < reference.K.Length; i++) reference.K[i] = (float)(reference.K[i] + 8);
        using var exact = new AttentionRun<double, Real64>(Host, reference, shape, 1);
        using var run = new AttentionRun<float, Real32>(host, reference, shape, 1);
        AssertClose(exact.Forward(), run.Forward(), 3e-6, "y");
    }

    internal static void Check<T, R>(KernelHost host, AttentionShape shape, double scale, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var reference = new AttentionReference(shape, shape.Positions, scale);
        using var run = new AttentionRun<T, R>(host, reference, shape, scale);
        AssertClose(reference.Y, run.Forward(), tolerance, "y");
        var d = run.Backward();
        AssertClose(reference.Dq, d.Dq, tolerance, "dq");
        AssertClose(reference.Dk, d.Dk, tolerance, "dk");
        AssertClose(reference.Dg, d.Dg, tolerance, "dg");
        AssertClose(reference.Dm, d.Dm, tolerance, "dm");
        AssertClose([reference.Dgamma], d.Dgamma, tolerance, "dgamma");
    }
}

/// <summary>The gradients of an attention.</summary>
internal sealed record AttentionSlopes(double[] Dq, double[] Dk, double[] Dg, double[] Dm, double[] Dgamma);

/// <summary>The kernels of one attention, run in order.</summary>
internal sealed class AttentionRun<T, R> : IDisposable
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    private readonly List<IDisposable> buffers = [];
    private readonly KernelHost host;
    private readonly AttentionShape shape;
    private readonly double scale;
    private readonly AttentionMaps<T> maps;
    private readonly AttentionKept<T> kept;
    private readonly ArrayView<T> dy;

    public AttentionRun(KernelHost host, AttentionReference reference, AttentionShape shape, double scale)
    {
        (this.host, this.shape, this.scale) = (host, shape, scale);
        maps = new(On(reference.Q), On(reference.K), On(reference.G), On(reference.M), On([reference.Gamma]));
        dy = On(reference.Dy);
        kept = new(
            New(AttentionHost.ResultLength<T>(host, shape)), New(AttentionHost.StatRows * shape.Samples * shape.Positions),
            New(AttentionHost.RowsLength<T>(host, shape)));
    }

    public double[] Forward()
    {
        var y = New(dy.IntLength);
        AttentionHost.Forward<T, R>(host, maps, kept, y, New(AttentionHost.WorkspaceLength<T>(host, shape)), scale, shape);
        return Read(y);
    }

    public AttentionSlopes Backward()
    {
        var queries = New(shape.Samples * shape.Positions * shape.KeyChannels);
        var (keys, values) = (New(shape.Samples * shape.Keys * shape.KeyChannels), New(shape.Samples * shape.Keys * shape.Channels));
        var (unary, gamma) = (New(shape.Samples * shape.Keys), New(1));
        AttentionScratch<T> scratch = new(
            New(AttentionHost.SumsLength<T>(host, shape)), New(AttentionHost.CenteredLength<T>(host, shape)),
            New(AttentionHost.ColumnsLength<T>(host, shape)));
        AttentionHost.Backward<T, R>(host, maps, dy, kept, new(queries, keys, values, unary, gamma), scratch, scale, shape);
        return new(Read(queries), Read(keys), Read(values), Read(unary), Read(gamma));
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }

    private ArrayView<T> On(double[] values) => Own(Upload<T>(values));

    private ArrayView<T> New(int length) => length == 0 ? ArrayView<T>.Empty : Own(Unwritten<T>(length));

    private ArrayView<T> Own(MemoryBuffer1D<T, Stride1D.Dense> buffer)
    {
        buffers.Add(buffer);
        return buffer.View;
    }

    private static double[] Read(ArrayView<T> view)
    {
        var data = new T[view.Length];
        view.AsDense().CopyToCPU(data);
        return Array.ConvertAll(data, double.CreateChecked);
    }
}
