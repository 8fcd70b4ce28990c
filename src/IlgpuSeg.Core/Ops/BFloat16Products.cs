using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Matrix products and convolutions in mixed precision by a device's own bfloat16 kernels: operands and results stay in 16 bits, nothing is
/// widened. Types, rounding and what is kept are <see cref="MixedPrecision"/>'s; what has no such kernel goes through <see cref="MixedPrecision.Run"/>.
/// </summary>
internal static class BFloat16Products
{
    private const int ElementsAtOnce = 8;

    /// <summary>The matrix product, or null where it has no kernel.</summary>
    /// <param name="op">The operation's name, for messages.</param>
    /// <param name="a">As <see cref="Ops.MatMul.Apply(Tensor, Tensor, bool, bool)"/> takes it; checked.</param>
    /// <param name="b">Likewise.</param>
    /// <param name="transposeA">Whether <paramref name="a"/> is stored transposed.</param>
    /// <param name="transposeB">Whether <paramref name="b"/> is stored transposed.</param>
    public static Tensor? MatMul(string op, Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        // The gradients of a product of two transposed matrices are such products again, which the kernels do not read.
        var takes = a.Device.Kernels.MultipliesBFloat16 && !(transposeA && transposeB)
            && (a.Shape[^1] | a.Shape[^2] | b.Shape[^1] | b.Shape[^2]) % ElementsAtOnce == 0;
        if (!takes) return null;
        using var scope = new TensorScope();
        var (left, right) = (Factor.Of(a), Factor.Of(b));
        if (!IsAligned(left.Narrow) || !IsAligned(right.Narrow)) return null;
        var c = scope.Keep(Product(left.Narrow, right.Narrow, transposeA, transposeB, DType.BFloat16));
        return Autograd.Record(op, c, [a, b], dc =>
        {
            using var inner = new TensorScope();
            var (x, y) = (left.Restored(), right.Restored());
            return
            [
                a.RequiresGrad
                    ? inner.Keep(transposeA ? Product(y, dc, transposeB, true, a.DType) : Product(dc, y, false, !transposeB, a.DType))
                    : null,
                b.RequiresGrad
                    ? inner.Keep(transposeB ? Product(dc, x, true, transposeA, b.DType) : Product(x, dc, !transposeA, false, b.DType))
                    : null,
            ];
        }, left.Kept, right.Kept);
    }

    /// <summary>The convolution, or null where it has no kernel.</summary>
    /// <param name="op">The operation's name, for messages.</param>
    /// <param name="x">As <see cref="Ops.Conv2d.Apply(Tensor, Tensor, Tensor, Conv2dOptions)"/> takes it; checked.</param>
    /// <param name="weight">Likewise.</param>
    /// <param name="bias">Likewise.</param>
    /// <param name="shape">The convolution's sizes.</param>
    public static Tensor? Conv2d(string op, Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape)
    {
        var host = x.Device.Kernels;
        if (!Convolution.TakesBFloat16(host, shape)) return null;
        using var scope = new TensorScope();
        var (image, kernel) = (Factor.Of(x), Factor.Of(weight));
        if (!IsAligned(image.Narrow) || !IsAligned(kernel.Narrow)) return null;
        var y = Tensor.Empty(new Shape(shape.Batch, shape.OutHeight, shape.OutWidth, shape.OutChannels), DType.BFloat16, x.Device);
        using (var border = Narrow(x, Convolution.InputBorderLength(shape)))
        {
            var addend = bias is null ? ArrayView<float>.Empty : To(bias, DType.Float32).View<float>();
            Convolution.ForwardBFloat16(
                host, image.Narrow.View<BFloat16>(), kernel.Narrow.View<BFloat16>(), addend, y.View<BFloat16>(), border.View<BFloat16>(), shape);
        }
        return Autograd.Record(op, scope.Keep(y), [x, weight, bias], dy =>
        {
            using var inner = new TensorScope();
            return
            [
                x.RequiresGrad ? inner.Keep(DataGradient(dy, kernel.Restored(), x, shape)) : null,
                weight.RequiresGrad ? inner.Keep(WeightGradient(image.Restored(), dy, weight, shape)) : null,
                bias is { RequiresGrad: true } ? inner.Keep(BiasGradient(dy, bias, shape)) : null,
            ];
        }, image.Kept, kernel.Kept);
    }

    private static Tensor Product(Tensor a, Tensor b, bool transposeA, bool transposeB, DType result)
    {
        var (m, k) = transposeA ? (a.Shape[^1], a.Shape[^2]) : (a.Shape[^2], a.Shape[^1]);
        var n = transposeB ? b.Shape[^2] : b.Shape[^1];
        var batched = a.Shape.Rank == 3;
        var batches = batched ? a.Shape[0] : 1;
        var c = Tensor.Empty(batched ? new Shape(batches, m, n) : new Shape(m, n), result, a.Device);
        var shape = GemmShape.Matrix(m, n, k, transposeA);
        shape.ABatch = m * k;
        shape.CBatch = m * n;
        var right = GemmRight.Matrix(k, n, transposeB, batched ? k * n : 0);
        var (host, left, above) = (a.Device.Kernels, a.View<BFloat16>(), b.View<BFloat16>());
        var done = result == DType.BFloat16
            ? Gemm.RunBFloat16(host, left, above, ArrayView<float>.Empty, c.View<BFloat16>(), shape, right, batches)
            : Gemm.RunBFloat16(host, left, above, ArrayView<float>.Empty, c.View<float>(), shape, right, batches);
        return done ? c : throw new InvalidOperationException($"MatMul: {a.Describe()} and {b.Describe()} do not begin at multiples of 16 bytes.");
    }

    private static Tensor DataGradient(Tensor dy, Tensor weight, Tensor x, in ConvolutionShape shape)
    {
        var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
        using var border = Narrow(x, Convolution.OutputBorderLength(shape));
        var (host, g, w) = (x.Device.Kernels, dy.View<BFloat16>(), weight.View<BFloat16>());
        if (x.DType == DType.BFloat16)
            Convolution.DataGradientBFloat16(host, g, w, dx.View<BFloat16>(), border.View<BFloat16>(), shape);
        else
            Convolution.DataGradientBFloat16(host, g, w, dx.View<float>(), border.View<BFloat16>(), shape);
        return dx;
    }

    private static Tensor WeightGradient(Tensor x, Tensor dy, Tensor weight, in ConvolutionShape shape)
    {
        var host = x.Device.Kernels;
        var dw = Tensor.Empty(weight.Shape, DType.Float32, x.Device);
        using var border = Narrow(x, Convolution.InputBorderLength(shape));
        using var parts = Tensor.Empty(new Shape(Convolution.WeightGradientParts(host, shape)), DType.Float32, x.Device);
        Convolution.WeightGradientBFloat16(
            host, x.View<BFloat16>(), dy.View<BFloat16>(), dw.View<float>(), parts.View<float>(), border.View<BFloat16>(), shape);
        return To(dw, weight.DType);
    }

    private static Tensor BiasGradient(Tensor dy, Tensor bias, in ConvolutionShape shape)
    {
        using var wide = To(dy, DType.Float32);
        var db = Tensor.Empty(bias.Shape, DType.Float32, dy.Device);
        using var workspace = Tensor.Empty(new Shape(Convolution.BiasGradientWorkspace(shape)), DType.Float32, dy.Device);
        Convolution.BiasGradient<float, Real32>(dy.Device.Kernels, wide.View<float>(), db.View<float>(), workspace.View<float>(), shape);
        return To(db, bias.DType);
    }

    private static Tensor Narrow(Tensor like, int length) => Tensor.Empty(new Shape(length), DType.BFloat16, like.Device);

    private static Tensor To(Tensor x, DType dtype)
    {
        using var noGrad = Autograd.NoGrad();
        return Cast.Apply(x, dtype);
    }

    /// <summary>Whether a tensor begins at a multiple of 16 bytes: all but parts of others do.</summary>
    private static bool IsAligned(Tensor x) => x.View<BFloat16>().LoadEffectiveAddressAsPtr() % 16 == 0;

    /// <summary>A factor of a product.</summary>
    /// <param name="Narrow">In bfloat16.</param>
    /// <param name="Kept">What is kept until backward: the factor itself, or its rounded copy.</param>
    private sealed record Factor(Tensor Narrow, Tensor Kept)
    {
        public static Factor Of(Tensor source)
        {
            var narrow = To(source, DType.BFloat16);
            // A leaf (a parameter, the images) is there until backward anyway: it is rounded again rather than kept twice.
            return new(narrow, source.GradNode is null ? source : narrow);
        }

        /// <summary>In bfloat16, in backward.</summary>
        public Tensor Restored() => To(Kept, DType.BFloat16);
    }
}
