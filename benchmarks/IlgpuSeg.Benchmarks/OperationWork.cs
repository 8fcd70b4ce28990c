using IlgpuSeg.Kernels;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Benchmarks;

/// <summary>The operations of <see cref="OperationTimes"/>: products, the network's layers at training extents, plain traffic.</summary>
internal static class OperationWork
{
    private static readonly Lazy<float[]> Drawn = new(Draw);

    public static IEnumerable<OperationTime> All(Device device, bool small) => Traffic(device, small).Concat(Products(device, small)).Concat(Layers(device, small));

    private static IEnumerable<OperationTime> Traffic(Device device, bool small)
    {
        var count = small ? 1 << 22 : 1 << 26;
        yield return Forward($"add {count >> 20} Mi", 0, 12.0 * count, () => [Randn(device, count), Randn(device, count)], t => Add.Apply(t[0], t[1]));
        yield return Forward($"gelu {count >> 20} Mi", 0, 8.0 * count, () => [Randn(device, count)], t => Gelu.Apply(t[0]));
        yield return Forward($"sum {count >> 20} Mi", 0, 4.0 * count, () => [Randn(device, count)], t => Sum.Apply(t[0]));
    }

    private static IEnumerable<OperationTime> Products(Device device, bool small)
    {
        foreach (var n in small ? (int[])[512] : [1024, 4096, 8192])
        {
            var operations = 2.0 * n * n * n;
            Func<Tensor[]> operands = () => [Randn(device, n, n), Randn(device, n, n)];
            yield return Forward($"matmul float {n}", operations, 0, operands, t => MatMul.Apply(t[0], t[1]));
            yield return Forward($"matmul tf32 {n}", operations, 0, operands, t => MatMul.Apply(t[0], t[1])) with { Tf32 = true };
            yield return Forward($"matmul bf16 {n}", operations, 0, () => [.. operands().Select(t => t.To(DType.BFloat16))], t => MatMul.Apply(t[0], t[1]));
        }
    }

    private static IEnumerable<OperationTime> Layers(Device device, bool small)
    {
        var (n, h, w) = small ? (1, 32, 64) : (4, 128, 256);
        var pixels = (double)n * h * w;
        foreach (var (name, tf32) in new[] { ("float", false), ("tf32", true) })
        {
            foreach (var backward in new[] { false, true })
            {
                var (suffix, times) = backward ? (" with gradients", 3) : ("", 1);
                yield return Row(backward, $"conv 3x3 128 to 128 {name}{suffix}", times * 2 * pixels * 128 * 128 * 9, 0,
                    () => [Randn(device, n, h, w, 128), Randn(device, 3, 3, 128, 128)], t => Conv2d.Apply(t[0], t[1], null, 1, 1)) with { Tf32 = tf32 };
                yield return Row(backward, $"conv 1x1 64 to 512 {name}{suffix}", times * 2 * pixels * 64 * 512, 0,
                    () => [Randn(device, n, h, w, 64), Randn(device, 1, 1, 64, 512)], t => Conv2d.Apply(t[0], t[1], null)) with { Tf32 = tf32 };
            }
        }
        foreach (var backward in new[] { false, true })
        {
            var (suffix, times) = backward ? (" with gradients", 3) : ("", 1);
            var bytes = times * 8 * pixels * 64;
            foreach (var (k, dilation, padding) in new[] { (3, 1, 1), (5, 1, 2), (7, 3, 9) })
            {
                yield return Row(backward, $"depthwise {k}x{k} dilation {dilation}{suffix}", 0, bytes,
                    () => [Randn(device, n, h, w, 64), Randn(device, k, k, 64), Randn(device, 64)],
                    t => DepthwiseConv2d.Apply(t[0], t[1], t[2], 1, padding, dilation));
            }
            yield return Row(backward, $"batch norm{suffix}", 0, bytes, () => Normalized(device, n, h, w),
                t => BatchNorm.Apply(t[0], t[1], t[2], t[3], t[4], training: true), trained: 3);
            yield return Row(backward, $"layer norm{suffix}", 0, bytes, () => [Randn(device, n, h, w, 64), Randn(device, 64), Randn(device, 64)],
                t => LayerNorm.Apply(t[0], t[1], t[2]));
            var (positions, keys) = (n == 1 ? 512 : 8192, n == 1 ? 512 : 8192);
            yield return Row(backward, $"attention {positions}{suffix}", (backward ? 3.5 : 1) * 2.0 * n * positions * keys * (64 + 256), 0,
                () => [Randn(device, n, positions, 64), Randn(device, n, keys, 64), Randn(device, n, keys, 256), Randn(device, n, keys, 1), Randn(device, 1)],
                t => DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4], 0.125));
        }
    }

    private static Tensor[] Normalized(Device device, int n, int h, int w) =>
        [Randn(device, n, h, w, 64), Randn(device, 64), Randn(device, 64), Randn(device, 64), Tensor.Ones([64], DType.Float32, device)];

    private static OperationTime Row(
        bool backward, string name, double operations, double bytes, Func<Tensor[]> operands, Func<Tensor[], Tensor> apply, int trained = int.MaxValue) =>
        backward ? Gradients(name, operations, bytes, operands, apply, trained) : Forward(name, operations, bytes, operands, apply);

    private static OperationTime Forward(string name, double operations, double bytes, Func<Tensor[]> operands, Func<Tensor[], Tensor> apply) =>
        new(name, operations, bytes, () =>
        {
            var tensors = operands();
            return () =>
            {
                using var noGrad = Autograd.NoGrad();
                apply(tensors);
            };
        });

    // Forward and backward, as PyTorch's autograd.grad of the same operands.
    private static OperationTime Gradients(
        string name, double operations, double bytes, Func<Tensor[]> operands, Func<Tensor[], Tensor> apply, int trained) =>
        new(name, operations, bytes, () =>
        {
            var tensors = operands();
            foreach (var tensor in tensors.Take(trained)) tensor.RequiresGrad = true;
            var seed = Tensor.Ones(Output(apply, tensors), DType.Float32, tensors[0].Device);
            return () =>
            {
                apply(tensors).Backward(seed);
                foreach (var tensor in tensors.Take(trained)) tensor.ZeroGrad();
            };
        });

    private static Shape Output(Func<Tensor[], Tensor> apply, Tensor[] tensors)
    {
        using var scope = new TensorScope();
        using var noGrad = Autograd.NoGrad();
        return apply(tensors).Shape;
    }


    // A block of normal numbers over and over: drawing each would take longer than the measurement.
    private static Tensor Randn(Device device, params int[] shape)
    {
        var extents = new Shape(shape);
        var elements = new float[extents.Length];
        for (var i = 0; i < elements.Length; i += Drawn.Value.Length)
            Drawn.Value.AsSpan(0, Math.Min(Drawn.Value.Length, elements.Length - i)).CopyTo(elements.AsSpan(i));
        return Tensor.From(elements, extents, device);
    }

    private static float[] Draw()
    {
        var random = new Philox(7);
        var drawn = new float[1_000_003];
        for (var i = 0; i < drawn.Length; i++) drawn[i] = (float)random.NextNormal();
        return drawn;
    }
}
