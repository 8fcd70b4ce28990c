using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>
/// A linear map between the pixels of an image (the same for every image and channel), as a list of coefficients: the plain
/// reference of pooling, resizing and warping. Its backward pass is its transpose.
/// </summary>
internal sealed class LinearMap(Draw draw, WindowShape shape)
{
    private readonly List<(int Out, int In, double Weight)> terms = [];

    /// <summary>Adds weight times operand pixel (iy, ix), if there is one, to result pixel (oy, ox).</summary>
    public void Add(int oy, int ox, int iy, int ix, double weight)
    {
        if (iy >= 0 && iy < shape.InHeight && ix >= 0 && ix < shape.InWidth)
            terms.Add((oy * shape.OutWidth + ox, iy * shape.InWidth + ix, weight));
    }

    /// <summary>Runs both directions on the device and compares.</summary>
    public void Check<T>(double tolerance, Action<ArrayView<T>, ArrayView<T>> forward, Action<ArrayView<T>, ArrayView<T>> backward)
        where T : unmanaged, INumber<T>
    {
        var (inPixels, outPixels) = (shape.InHeight * shape.InWidth, shape.OutHeight * shape.OutWidth);
        var x = draw.Values(draw.Images * inPixels * shape.Channels);
        var dy = draw.Values(draw.Images * outPixels * shape.Channels);
        var (y, dx) = (new double[dy.Length], new double[x.Length]);
        for (var n = 0; n < draw.Images; n++)
        for (var c = 0; c < shape.Channels; c++)
        {
            foreach (var (o, i, weight) in terms)
            {
                var (to, from) = ((n * outPixels + o) * shape.Channels + c, (n * inPixels + i) * shape.Channels + c);
                y[to] += weight * x[from];
                dx[from] += weight * dy[to];
            }
        }
        using var deviceX = Upload<T>(x);
        using var deviceDy = Upload<T>(dy);
        using var deviceY = Unwritten<T>(y.Length);
        using var deviceDx = Unwritten<T>(x.Length);
        forward(deviceX.View, deviceY.View);
        AssertClose(y, Download(deviceY), tolerance, $"y of {shape}");
        backward(deviceDy.View, deviceDx.View);
        AssertClose(dx, Download(deviceDx), tolerance, $"dx of {shape}");
    }
}
