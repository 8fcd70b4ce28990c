using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class FlowWarpTests
{
    [Theory]
    [MemberData(nameof(Seeds.Many), MemberType = typeof(Seeds))]
    public void InSingle(int seed) => Check<float, Real32>(seed, 2e-5);

    [Theory]
    [MemberData(nameof(Seeds.Many), MemberType = typeof(Seeds))]
    public void InDouble(int seed) => Check<double, Real64>(seed, 1e-12);

    private static void Check<T, R>(int seed, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = Draw.Image(seed);
        var (h, w) = seed switch { 0 => (1, 1), 1 => (1, 5), 2 => (40, 41), _ => (draw.Below(1, 12), draw.Below(1, 12)) };
        var s = new WarpShape(draw.Images, draw.Height, draw.Width, h, w, draw.Channels);
        // Some points far outside, and so many on one spot that its list spans several blocks.
        var reach = seed == 2 ? 0.01 : draw.Below(1, 8);
        var flow = draw.Values(s.Images * s.OutPixels * 2).Select(v => (double)(float)(v * reach)).ToArray();
        var x = draw.Values(draw.Count);
        var dy = draw.Values(s.Images * s.OutPixels * s.Channels);
        var (y, dx, dflow) = Reference(s, x, flow, dy);

        using var deviceX = Upload<T>(x);
        using var deviceFlow = Upload<T>(flow);
        using var deviceDy = Upload<T>(dy);
        using var cells = Unwritten<int>(s.Images * s.OutPixels);
        using var fractionsX = Unwritten<T>(s.Images * s.OutPixels);
        using var fractionsY = Unwritten<T>(s.Images * s.OutPixels);
        var points = new WarpPoints<T>(cells.View, fractionsX.View, fractionsY.View);
        FlowWarpKernels.Points<T, R>(Host, deviceFlow.View, points, s);
        using var result = Unwritten<T>(y.Length);
        FlowWarpKernels.Forward<T, R>(Host, deviceX.View, points, result.View, s);
        AssertClose(y, Download(result), tolerance, $"y of {s}");
        FlowWarpKernels.FlowGradient<T, R>(Host, deviceX.View, deviceDy.View, points, deviceFlow.View, s);
        AssertClose(dflow, Download(deviceFlow), tolerance * 4, $"dflow of {s}");
        using var workspace = Zeros<int>(FlowWarpKernels.WorkspaceLength(s));
        FlowWarpKernels.Backward<T, R>(Host, deviceDy.View, points, workspace.View, deviceX.View, s);
        AssertClose(dx, Download(deviceX), tolerance, $"dx of {s}");
    }

    private static (double[] Y, double[] Dx, double[] Dflow) Reference(WarpShape s, double[] x, double[] flow, double[] dy)
    {
        var (y, dx, dflow) = (new double[dy.Length], new double[x.Length], new double[flow.Length]);
        for (var p = 0; p < s.Images * s.OutPixels; p++)
        {
            var (n, oy, ox) = (p / s.OutPixels, p / s.OutWidth % s.OutHeight, p % s.OutWidth);
            var px = (Line(ox, s.OutWidth) + flow[2 * p] / s.OutWidth + 1) / 2 * (s.InWidth - 1);
            var py = (Line(oy, s.OutHeight) + flow[2 * p + 1] / s.OutHeight + 1) / 2 * (s.InHeight - 1);
            var (x0, y0) = ((int)Math.Floor(px), (int)Math.Floor(py));
            for (var corner = 0; corner < 4; corner++)
            {
                var (iy, ix) = (y0 + corner / 2, x0 + corner % 2);
                if (iy < 0 || iy >= s.InHeight || ix < 0 || ix >= s.InWidth) continue;
                var (wy, wx) = (1 - Math.Abs(py - iy), 1 - Math.Abs(px - ix));
                for (var c = 0; c < s.Channels; c++)
                {
                    var (from, to) = (((n * s.InHeight + iy) * s.InWidth + ix) * s.Channels + c, p * s.Channels + c);
                    y[to] += wy * wx * x[from];
                    dx[from] += wy * wx * dy[to];
                    dflow[2 * p] += (corner % 2 == 0 ? -1 : 1) * wy * x[from] * dy[to] * (s.InWidth - 1) / 2 / s.OutWidth;
                    dflow[2 * p + 1] += (corner / 2 == 0 ? -1 : 1) * wx * x[from] * dy[to] * (s.InHeight - 1) / 2 / s.OutHeight;
                }
            }
        }
        return (y, dx, dflow);

        static double Line(int i, int count) => count == 1 ? -1 : -1 + 2.0 * i / (count - 1);
    }

    [Fact]
    public void FlowThatIsNoNumberReadsZero()
    {
        var s = new WarpShape(1, 2, 2, 1, 3, 1);
        using var x = Upload<float>([1, 2, 3, 4]);
        using var flow = Upload<float>([double.NaN, 0, double.PositiveInfinity, 0, 0, -1e38]);
        using var cells = Unwritten<int>(3);
        using var fractionsX = Unwritten<float>(3);
        using var fractionsY = Unwritten<float>(3);
        using var y = Unwritten<float>(3);
        var points = new WarpPoints<float>(cells.View, fractionsX.View, fractionsY.View);
        FlowWarpKernels.Points<float, Real32>(Host, flow.View, points, s);
        FlowWarpKernels.Forward<float, Real32>(Host, x.View, points, y.View, s);
        Assert.Equal([0, 0, 0], y.GetAsArray1D());
    }
}
