using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class PoolingTests
{
    public static TheoryData<int, int, int> Windows => new()
    {
        { 2, 2, 0 }, { 3, 2, 1 }, { 3, 1, 1 }, { 5, 2, 2 }, { 2, 3, 0 }, { 9, 4, 4 }, { 1, 1, 0 },
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public void AveragesInSingle(int kernel, int stride, int padding) => Average<float, Real32>(kernel, stride, padding, 1e-6);

    [Theory]
    [MemberData(nameof(Windows))]
    public void AveragesInDouble(int kernel, int stride, int padding) => Average<double, Real64>(kernel, stride, padding, 1e-14);

    private static void Average<T, R>(int kernel, int stride, int padding, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        foreach (var seed in Enumerable.Range(0, 5))
        {
            var draw = Draw.Image(seed);
            if (Out(draw.Height) < 1 || Out(draw.Width) < 1) continue;
            var shape = new WindowShape(draw.Height, draw.Width, Out(draw.Height), Out(draw.Width), draw.Channels, kernel, stride, padding);
            var expected = new LinearMap(draw, shape);
            for (var oy = 0; oy < shape.OutHeight; oy++)
            for (var ox = 0; ox < shape.OutWidth; ox++)
            for (var iy = oy * stride - padding; iy < oy * stride - padding + kernel; iy++)
            for (var ix = ox * stride - padding; ix < ox * stride - padding + kernel; ix++)
                expected.Add(oy, ox, iy, ix, 1.0 / (kernel * kernel));
            expected.Check<T>(
                tolerance, (x, y) => AveragePoolKernels.Forward<T, R>(Host, x, y, draw.Images, shape),
                (dy, dx) => AveragePoolKernels.Backward<T, R>(Host, dy, dx, draw.Images, shape));
        }

        int Out(int size) => size + 2 * padding < kernel ? 0 : (size + 2 * padding - kernel) / stride + 1;
    }

    [Theory]
    [MemberData(nameof(Seeds.Many), MemberType = typeof(Seeds))]
    public void AdaptiveAverages(int seed)
    {
        var draw = Draw.Image(seed);
        // Smaller, larger and equal sizes; 45 to 23 rows (windows that overlap) is what 720 input rows lead to.
        var (outHeight, outWidth) = seed switch { 0 => (1, 1), 1 => (1, 1), 2 => (draw.Height, draw.Width), _ => (draw.Below(1, 12), draw.Below(1, 12)) };
        var shape = new WindowShape(draw.Height, draw.Width, outHeight, outWidth, draw.Channels);
        var expected = new LinearMap(draw, shape);
        for (var oy = 0; oy < outHeight; oy++)
        for (var ox = 0; ox < outWidth; ox++)
        {
            var (top, bottom) = (Math.Floor((double)oy * draw.Height / outHeight), Math.Ceiling((oy + 1.0) * draw.Height / outHeight));
            var (left, right) = (Math.Floor((double)ox * draw.Width / outWidth), Math.Ceiling((ox + 1.0) * draw.Width / outWidth));
            for (var iy = (int)top; iy < (int)bottom; iy++)
            for (var ix = (int)left; ix < (int)right; ix++)
                expected.Add(oy, ox, iy, ix, 1 / ((bottom - top) * (right - left)));
        }
        expected.Check<float>(
            1e-6, (x, y) => AdaptivePoolKernels.Forward<float, Real32>(Host, x, y, draw.Images, shape),
            (dy, dx) => AdaptivePoolKernels.Backward<float, Real32>(Host, dy, dx, draw.Images, shape));
        expected.Check<double>(
            1e-14, (x, y) => AdaptivePoolKernels.Forward<double, Real64>(Host, x, y, draw.Images, shape),
            (dy, dx) => AdaptivePoolKernels.Backward<double, Real64>(Host, dy, dx, draw.Images, shape));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    public void MaximaAndTheirGradients(int kernel, int stride)
    {
        foreach (var seed in Enumerable.Range(0, 6))
        {
            var draw = Draw.Image(seed);
            if (draw.Height < kernel || draw.Width < kernel) continue;
            var shape = new WindowShape(
                draw.Height, draw.Width, (draw.Height - kernel) / stride + 1, (draw.Width - kernel) / stride + 1, draw.Channels, kernel, stride);
            // Few distinct values, so that windows have several maxima and the first must be found.
            var x = draw.Values(draw.Count).Select(v => Math.Round(v)).ToArray();
            var dy = draw.Values(draw.Images * shape.OutHeight * shape.OutWidth * draw.Channels);
            var (y, dx) = MaxReference(draw, shape, x, dy);
            using var dX = Upload<float>(x);
            using var dDy = Upload<float>(dy);
            using var dY = Unwritten<float>(dy.Length);
            using var positions = Unwritten<int>(dy.Length);
            MaxPoolKernels.Forward<float>(Host, dX.View, dY.View, positions.View, draw.Images, shape);
            AssertClose(y, Download(dY), 0, "y");
            MaxPoolKernels.Backward<float>(Host, dDy.View, positions.View, dX.View, draw.Images, shape);
            AssertClose(dx, Download(dX), 1e-6, "dx");
        }
    }

    private static (double[] Y, double[] Dx) MaxReference(Draw draw, WindowShape s, double[] x, double[] dy)
    {
        var (y, dx) = (new double[dy.Length], new double[x.Length]);
        for (var i = 0; i < dy.Length; i++)
        {
            var c = i % s.Channels;
            var (ox, oy, n) = (i / s.Channels % s.OutWidth, i / s.Channels / s.OutWidth % s.OutHeight, i / s.Channels / s.OutWidth / s.OutHeight);
            var window =
                from ky in Enumerable.Range(0, s.Kernel)
                from kx in Enumerable.Range(0, s.Kernel)
                select ((n * s.InHeight + oy * s.Stride + ky) * s.InWidth + ox * s.Stride + kx) * s.Channels + c;
            var first = window.MaxBy(at => x[at]);
            y[i] = x[first];
            dx[first] += dy[i];
        }
        return (y, dx);
    }

    [Fact]
    public void AMaximumIsNaNWhereAnyIs()
    {
        using var x = Upload<float>([1, double.NaN, 3, 2]);
        using var y = Unwritten<float>(1);
        using var positions = Unwritten<int>(1);
        MaxPoolKernels.Forward<float>(Host, x.View, y.View, positions.View, 1, new WindowShape(2, 2, 1, 1, 1, 2, 2));
        Assert.Equal([float.NaN], y.GetAsArray1D());
        Assert.Equal([1], positions.GetAsArray1D());
    }
}
