// Element-wise arithmetic on flat arrays, and products with a value per sample or per sample and channel.
//
// Memory: every element is read and written once, by one thread; the result may share the memory of an operand of the same
// length. Accumulation: none, so results do not depend on the launch.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Element-wise sums and products.</summary>
public static class ElementwiseKernels
{
    internal static void AddKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = a[i] + b[i];
    }

    internal static void MultiplyKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = a[i] * b[i];
    }

    internal static void ScaleKernel<T>(ArrayView<T> x, T factor, ArrayView<T> y, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = x[i] * factor;
    }

    // The factor stays on the device: reading it back would make the host wait.
    internal static void ScaleByElementKernel<T>(ArrayView<T> x, ArrayView<T> factor, ArrayView<T> y, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = x[i] * factor[0];
    }

    // Grid: (blocks of one sample's elements, samples).
    internal static void ScaleSamplesKernel<T>(ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int sampleLength)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= sampleLength) return;
        var at = Grid.IdxY * sampleLength + i;
        y[at] = x[at] * scale[Grid.IdxY];
    }

    // Grid: (pixels of all samples, blocks of channels).
    internal static void ScaleSampleChannelsKernel<T>(ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int pixels, int channels)
        where T : unmanaged, INumber<T>
    {
        var sample = Grid.IdxX / pixels;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
            y[Grid.IdxX * channels + c] = x[Grid.IdxX * channels + c] * scale[sample * channels + c];
    }

    /// <summary>y = a + b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of y's length.</param>
    /// <param name="b">Operand of y's length.</param>
    /// <param name="y">The result; may be a or b.</param>
    public static void Add<T>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int>(AddKernel))(host.Linear(n), a, b, y, n);
    }

    /// <summary>y = a * b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of y's length.</param>
    /// <param name="b">Operand of y's length.</param>
    /// <param name="y">The result; may be a or b.</param>
    public static void Multiply<T>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int>(MultiplyKernel))(
            host.Linear(n), a, b, y, n);
    }

    /// <summary>y = factor * x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="y">The result; may be x.</param>
    public static void Scale<T>(KernelHost host, ArrayView<T> x, T factor, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, T, ArrayView<T>, int>(ScaleKernel))(host.Linear(n), x, factor, y, n);
    }

    /// <summary>y = factor[0] * x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">Operand of y's length.</param>
    /// <param name="factor">One element on the device.</param>
    /// <param name="y">The result; may be x.</param>
    public static void ScaleByElement<T>(KernelHost host, ArrayView<T> x, ArrayView<T> factor, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var n = y.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int>(ScaleByElementKernel))(
            host.Linear(n), x, factor, y, n);
    }

    /// <summary>y[n, ...] = scale[n] * x[n, ...].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">As many samples as scale has elements, each of the same length.</param>
    /// <param name="scale">One factor per sample.</param>
    /// <param name="y">The result, of x's length; may be x.</param>
    public static void ScaleSamples<T>(KernelHost host, ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        var samples = scale.IntLength;
        var sampleLength = x.IntLength / samples;
        var config = new KernelConfig(
            new Index3D(KernelHost.Blocks(sampleLength, host.Lanes), samples, 1), new Index3D(host.Lanes, 1, 1));
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int>(ScaleSamplesKernel))(
            config, x, scale, y, sampleLength);
    }

    /// <summary>y[n, p, c] = scale[n, c] * x[n, p, c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[samples, pixels, channels].</param>
    /// <param name="scale">[samples, channels].</param>
    /// <param name="y">The result, of x's shape; may be x.</param>
    /// <param name="samples">Samples.</param>
    /// <param name="channels">Channels.</param>
    public static void ScaleSampleChannels<T>(
        KernelHost host, ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int samples, int channels)
        where T : unmanaged, INumber<T>
    {
        var pixels = x.IntLength / samples / channels;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(ScaleSampleChannelsKernel))(
            ChannelLoop.Config(host, samples * pixels, channels), x, scale, y, pixels, channels);
    }
}
