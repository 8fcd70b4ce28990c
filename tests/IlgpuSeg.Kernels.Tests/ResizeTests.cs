using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ResizeTests
{
    [Theory]
    [MemberData(nameof(Seeds.Many), MemberType = typeof(Seeds))]
    public void InSingle(int seed) => Check<float, Real32>(seed, 3e-6);

    [Theory]
    [MemberData(nameof(Seeds.Many), MemberType = typeof(Seeds))]
    public void InDouble(int seed) => Check<double, Real64>(seed, 1e-13);

    private static void Check<T, R>(int seed, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = Draw.Image(seed);
        var (outHeight, outWidth) = seed switch
        {
            0 => (3, 4),
            1 => (1, 1),
            2 => (draw.Height, draw.Width),
            3 => (4 * draw.Height, 4 * draw.Width),
            _ => (draw.Below(1, 24), draw.Below(1, 24)),
        };
        var shape = new WindowShape(draw.Height, draw.Width, outHeight, outWidth, draw.Channels);
        foreach (var align in new[] { true, false })
        {
            var expected = new LinearMap(draw, shape);
            for (var oy = 0; oy < outHeight; oy++)
            for (var ox = 0; ox < outWidth; ox++)
            {
                foreach (var (iy, wy) in Axis(oy, draw.Height, outHeight, align))
                foreach (var (ix, wx) in Axis(ox, draw.Width, outWidth, align))
                    expected.Add(oy, ox, iy, ix, wy * wx);
            }
            expected.Check<T>(tolerance, Forward, Backward);

            void Forward(ArrayView<T> x, ArrayView<T> y) => ResizeKernels.Forward<T, R>(Host, x, y, draw.Images, align, shape);

            void Backward(ArrayView<T> dy, ArrayView<T> dx)
            {
                using var workspace = Unwritten<T>(ResizeKernels.WorkspaceLength(draw.Images, align, shape));
                using var ranges = Unwritten<int>(ResizeKernels.RangesLength(shape));
                ResizeKernels.Backward<T, R>(Host, dy, workspace.View, ranges.View, dx, draw.Images, align, shape);
                Host.Synchronize();
            }
        }
    }

    // In exact terms: position o (in - 1) / (out - 1), or (o + 1/2) in / out - 1/2 held at 0; the pixel after the last is the last.
    private static (int Pixel, double Weight)[] Axis(int o, int input, int output, bool align)
    {
        var position = align
            ? (output > 1 ? (double)o * (input - 1) / (output - 1) : 0)
            : Math.Max(0, (o + 0.5) * input / output - 0.5);
        var pixel = Math.Min((int)position, input - 1);
        return [(pixel, 1 - (position - pixel)), (Math.Min(pixel + 1, input - 1), position - pixel)];
    }

    // Sizes of real inputs: float positions then come close to the neighbouring pixels, and no contribution may be lost.
    [Theory]
    [InlineData(512, 2048, true)]
    [InlineData(512, 2048, false)]
    [InlineData(23, 720, true)]
    [InlineData(719, 45, false)]
    [InlineData(1000, 37, true)]
    public void ColumnGradientsOfOnesAddUpToTheNumberOfResults(int input, int output, bool align)
    {
        var shape = new WindowShape(1, input, 1, output, 1);
        using var dy = Upload<float>(Enumerable.Repeat(1.0, output).ToArray());
        using var workspace = Unwritten<float>(ResizeKernels.WorkspaceLength(1, align, shape));
        using var ranges = Unwritten<int>(ResizeKernels.RangesLength(shape));
        using var dx = Unwritten<float>(input);
        ResizeKernels.Backward<float, Real32>(Host, dy.View, workspace.View, ranges.View, dx.View, 1, align, shape);
        Assert.Equal(output, Download(dx).Sum(), output * 1e-5);
    }
}
