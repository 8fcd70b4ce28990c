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
    internal static void AddKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = a[i] + b[i];
    }

    internal static void MultiplyKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = a[i] * b[i];
    }

    // Both gradients of a product in one pass: dy is read once.
    internal static void MultiplyBackwardKernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> dy, ArrayView<T> da, ArrayView<T> db, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
        {
            var g = dy[i];
            da[i] = g * b[i];
            db[i] = g * a[i];
        }
    }

    internal static void ScaleKernel<T>(ArrayView<T> x, T factor, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = x[i] * factor;
    }

    // The factor stays on the device: reading it back would make the host wait.
    internal static void ScaleByElementKernel<T>(ArrayView<T> x, ArrayView<T> factor, ArrayView<T> y, int run, int n)
        where T : unmanaged, INumber<T>
    {
        var value = factor[0];
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = x[i] * value;
    }

    // Grid: (runs of one sample's elements, samples).
    internal static void ScaleSamplesKernel<T>(ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int run, int sampleLength)
        where T : unmanaged, INumber<T>
    {
        var factor = scale[Grid.IdxY];
        var sample = Grid.IdxY * sampleLength;
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, sampleLength); i += Group.DimX)
            y[sample + i] = x[sample + i] * factor;
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
        if (n == 0) return;
        if (ElementBlock.Takes(host, a, b, y))
        {
            ElementBlock.Run<T, SumMap<T>>(host, a, b, T.Zero, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(AddKernel))(
            ElementLoop.Config(host, n), a, b, y, ElementLoop.Run(host), n);
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
        if (n == 0) return;
        if (ElementBlock.Takes(host, a, b, y))
        {
            ElementBlock.Run<T, ProductMap<T>>(host, a, b, T.Zero, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(MultiplyKernel))(
            ElementLoop.Config(host, n), a, b, y, ElementLoop.Run(host), n);
    }

    /// <summary>The gradients of a * b: da = dy * b, db = dy * a.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of dy's length.</param>
    /// <param name="b">Operand of dy's length.</param>
    /// <param name="dy">The result's gradient.</param>
    /// <param name="da">Written; shares no memory with the others.</param>
    /// <param name="db">Written; shares no memory with the others.</param>
    public static void MultiplyBackward<T>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> dy, ArrayView<T> da, ArrayView<T> db)
        where T : unmanaged, INumber<T>
    {
        var n = dy.IntLength;
        if (n == 0) return;
        if (host.UsesBlocks)
        {
            // Two passes by accesses of 16 bytes.
            Multiply(host, dy, b, da);
            Multiply(host, dy, a, db);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(
            MultiplyBackwardKernel))(ElementLoop.Config(host, n), a, b, dy, da, db, ElementLoop.Run(host), n);
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
        if (n == 0) return;
        if (ElementBlock.Takes(host, x, x, y))
        {
            ElementBlock.Run<T, FactorMap<T>>(host, x, x, factor, y);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, T, ArrayView<T>, int, int>(ScaleKernel))(
            ElementLoop.Config(host, n), x, factor, y, ElementLoop.Run(host), n);
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
        if (n == 0) return;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(ScaleByElementKernel))(
            ElementLoop.Config(host, n), x, factor, y, ElementLoop.Run(host), n);
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
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(ScaleSamplesKernel))(
            ElementLoop.Config(host, sampleLength, samples), x, scale, y, ElementLoop.Run(host), sampleLength);
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
