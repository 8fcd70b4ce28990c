using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's forms of maps, on this device: the bits of the other form.</summary>
public class BlockMapTests
{
    // No multiple of four (the other form takes it), less than a group's share, a whole share and a part of one.
    [Theory]
    [InlineData(7)]
    [InlineData(52)]
    [InlineData(2052)]
    [InlineData(3100)]
    public void FlatMaps(int length)
    {
        Flat<float, Real32>(length);
        Flat<double, Real64>(length);
    }

    // Columns one by one and four at a time; more rows than a group takes.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(300, 19)]
    [InlineData(70, 12)]
    [InlineData(37, 136)]
    public void ColumnMapsOfAllKinds(int rows, int channels)
    {
        Columns<float, Real32>(rows, channels);
        Columns<double, Real64>(rows, channels);
    }

    // Quads of channels: one, fewer and more than a warp, more than a group takes of one pixel.
    [Theory]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(132)]
    [InlineData(520)]
    public void ResizingConcatenatingPadding(int channels)
    {
        Pixels<float, Real32>(channels);
        Pixels<double, Real64>(channels);
    }

    // Flows of about a pixel, and flows that all lead into one cell, whose list is then long.
    [Theory]
    [InlineData(3, 1, 0)]
    [InlineData(12, 1, 0)]
    [InlineData(12, 0.01, 1)]
    [InlineData(520, 0.5, 0.9)]
    public void Warping(int channels, double spread, double pull)
    {
        Warps<float, Real32>(channels, spread, pull);
        Warps<double, Real64>(channels, spread, pull);
    }

    private static void Warps<T, R>(int channels, double spread, double pull)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var s = new WarpShape(2, 4, 5, 9, 11, channels);
        var (inside, pixels) = (s.Images * s.InHeight * s.InWidth * channels, s.Images * s.OutPixels);
        using var arrays = new TestArrays<T>(channels);
        using var cells = DeviceData.Unwritten<int>(pixels);
        var flow = arrays.Values(2 * pixels);
        for (var p = 0; p < pixels; p++)
        {
            var (ox, oy) = (p % s.OutWidth, p / s.OutWidth % s.OutHeight);
            flow[2 * p] = spread * flow[2 * p] - pull * s.OutWidth * (2.0 * ox / (s.OutWidth - 1) - 1);
            flow[2 * p + 1] = spread * flow[2 * p + 1] - pull * s.OutHeight * (2.0 * oy / (s.OutHeight - 1) - 1);
        }
        var flowOnDevice = arrays.On(flow);
        SameBits<T>(pixels * channels, (host, x, _, y) => FlowWarpKernels.Forward<T, R>(host, x.SubView(0, inside), Points(host), y, s));
        SameBits<T>(pixels * channels, (host, dy, _, dx) =>
        {
            using var workspace = DeviceData.Zeros<int>(FlowWarpKernels.WorkspaceLength(s));
            FlowWarpKernels.Backward<T, R>(host, dy, Points(host), workspace.View, dx.SubView(0, inside), s);
            host.Synchronize();
        });

        WarpPoints<T> Points(KernelHost host)
        {
            var points = new WarpPoints<T>(cells.View, arrays.Unset(pixels), arrays.Unset(pixels));
            FlowWarpKernels.Points<T, R>(host, flowOnDevice, points, s);
            return points;
        }
    }

    private static void Pixels<T, R>(int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        const int images = 2;
        var s = new WindowShape(3, 5, 7, 9, channels);
        var (inside, outside) = (images * s.InHeight * s.InWidth * channels, images * s.OutHeight * s.OutWidth * channels);
        foreach (var align in new[] { false, true })
        {
            SameBits<T>(outside, (host, x, _, y) => ResizeKernels.Forward<T, R>(host, x.SubView(0, inside), y, images, align, s));
            SameBits<T>(outside, (host, dy, _, dx) =>
            {
                using var workspace = DeviceData.Unwritten<T>(ResizeKernels.WorkspaceLength(images, align, s));
                using var ranges = DeviceData.Unwritten<int>(ResizeKernels.RangesLength(s));
                ResizeKernels.Backward<T, R>(host, dy, workspace.View, ranges.View, dx.SubView(0, inside), images, align, s);
                host.Synchronize();
            });
        }
        var rows = outside / channels / 2;
        SameBits<T>(outside, (host, part, _, whole) => ConcatKernels.Insert(host, part, whole, rows, channels, 2 * channels, channels));
        SameBits<T>(outside, (host, whole, _, part) => ConcatKernels.Extract(host, whole, part, rows, channels, 2 * channels, channels));
        var pad = new ConvolutionPad(images, s.InHeight, s.InWidth, channels, 1, 2, 1, 0);
        SameBits<T>(Math.Max(pad.Length, outside), (host, x, _, y) => pad.Apply(host, x, y));
    }

    private static void Flat<T, R>(int n)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        SameBits<T>(n, (host, a, b, y) => ElementwiseKernels.Add(host, a, b, y));
        SameBits<T>(n, (host, a, b, y) => ElementwiseKernels.Multiply(host, a, b, y));
        SameBits<T>(n, (host, a, b, y) =>
        {
            using var second = host.Accelerator.Allocate1D<T>(n);
            ElementwiseKernels.MultiplyBackward(host, a, b, a, y, second.View);
            host.Synchronize();
        });
        SameBits<T>(n, (host, a, _, y) => ElementwiseKernels.Scale(host, a, R.FromDouble(0.3), y));
        SameBits<T>(n, (host, a, _, y) => AccumulateKernels.Add(host, y, a));
        SameBits<T>(n, (host, a, _, y) => ReluKernels.Forward(host, a, y));
        SameBits<T>(n, (host, a, b, y) => ReluKernels.Backward(host, a, b, y));
        SameBits<T>(n, (host, a, _, y) => GeluKernels.Forward<T, R>(host, a, y));
        SameBits<T>(n, (host, a, b, y) => GeluKernels.Backward<T, R>(host, a, b, y));
        Function<T, ExpMap<T, R>>(n);
        Function<T, LogMap<T, R>>(n);
        Function<T, SqrtMap<T, R>>(n);
        Function<T, SigmoidMap<T, R>>(n);
        Function<T, TanhMap<T, R>>(n);
        Function<T, PowerMap<T, R>>(n);
        Function<T, QuotientMap<T>>(n);
    }

    private static void Function<T, TMap>(int n)
        where T : unmanaged, INumber<T>
        where TMap : struct, IElementMap<T>
    {
        SameBits<T>(n, (host, a, _, y) => ElementMapKernels.Forward<T, TMap>(host, a, T.One + T.One, y));
        SameBits<T>(n, (host, a, b, y) => ElementMapKernels.Backward<T, TMap>(host, a, b, T.One + T.One, y));
    }

    private static void Columns<T, R>(int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Norm<T, R, IdentityActivation<T>>(rows, channels);
        Norm<T, R, ReluActivation<T>>(rows, channels);
        Norm<T, R, GeluActivation<T, R>>(rows, channels);
        SameBits<T>(rows * channels, (host, a, b, y) => ChannelScaleKernels.Scale(host, a, b.SubView(0, channels), y, rows, channels));
        SameBits<T>(rows * channels, (host, a, b, y) =>
            ScaledResidualKernels.Forward<T, R>(host, a, b, b.SubView(0, channels), a.SubView(0, 1), y));
        using var arrays = new TestArrays<T>(rows);
        var (workspace, dscale) = (arrays.Unset(ScaledResidualKernels.WorkspaceLength(1, rows, channels)), arrays.Unset(channels));
        SameBits<T>(rows * channels, (host, a, b, y) =>
            ScaledResidualKernels.Backward<T, R>(host, a, b, b.SubView(0, channels), a.SubView(0, 1), workspace, y, dscale));
    }

    private static void Norm<T, R, TActivation>(int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        SameBits<T>(rows * channels, (host, a, b, y) =>
            BatchNormKernels.Normalize<T, R, TActivation>(host, a, Channels(a, b), y, rows, channels));
        foreach (var batch in new[] { false, true })
        {
            SameBits<T>(rows * channels, (host, a, b, y) => BatchNormKernels.Backward<T, R, TActivation>(
                host, a, b, Channels(a, b), batch, a.SubView(0, channels), b.SubView(0, channels), y, rows, channels));
        }

        BatchNormChannels<T> Channels(ArrayView<T> a, ArrayView<T> b)
        {
            var (p, q) = (a.SubView(0, channels), b.SubView(0, channels));
            return new(p, q, q, p);
        }
    }

    // Every number of 16 bits, eight at a time.
    [Fact]
    public void ConversionsAndSumsOfBFloat16()
    {
        var accelerator = TestDevice.Host.Accelerator;
        var all = Array.ConvertAll(Enumerable.Range(0, 1 << 16).ToArray(), b => BFloat16.FromBits((ushort)b));
        var halves = Array.ConvertAll(all, b => BitConverter.UInt32BitsToSingle((uint)b.Bits << 16 | 0x8000));
        using var narrow = accelerator.Allocate1D(all);
        using var wide = accelerator.Allocate1D(halves);
        var results = DeviceData.Hosts.Select(host =>
        {
            using var widened = accelerator.Allocate1D(new float[all.Length]);
            using var narrowed = accelerator.Allocate1D(new BFloat16[all.Length]);
            CastKernels.Widen(host, narrow.View, widened.View);
            CastKernels.Narrow(host, wide.View, narrowed.View);
            var rounded = narrowed.GetAsArray1D();
            AccumulateKernels.Add(host, narrowed.View.BaseView, narrow.View.BaseView);
            return (Bits(widened.GetAsArray1D()), Bits(rounded), Bits(narrowed.GetAsArray1D()));
        }).ToArray();
        Assert.Equal(results[0].Item1, results[1].Item1);
        Assert.Equal(results[0].Item2, results[1].Item2);
        Assert.Equal(results[0].Item3, results[1].Item3);

        static uint[] Bits<T>(T[] values)
            where T : unmanaged => Array.ConvertAll(values, v => v is float f ? BitConverter.SingleToUInt32Bits(f) : ((BFloat16)(object)v).Bits);
    }

    private static void SameBits<T>(int length, Action<KernelHost, ArrayView<T>, ArrayView<T>, ArrayView<T>> launch)
        where T : unmanaged, INumber<T>
    {
        using var arrays = new TestArrays<T>(length);
        var (a, b, start) = (arrays.Values(length), arrays.Values(length), arrays.Values(length));
        var results = new[] { TestArrays<T>.Host, TestArrays<T>.BlockHost }.Select(host =>
        {
            var y = arrays.On(start);
            launch(host, arrays.On(a), arrays.On(b), y);
            return TestArrays<T>.Read(y);
        }).ToArray();
        Assert.Equal(results[0], results[1]);
    }
}
