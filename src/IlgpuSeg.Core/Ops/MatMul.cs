using System.Numerics;
using ILGPU;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The matrix product, of one pair of matrices or of a batch of pairs.</summary>
public static class MatMul
{
    private const string Op = "MatMul";

    /// <summary>C = op(A) op(B), where op transposes the last two axes if asked to.</summary>
    /// <param name="a">[M, K] or [B, M, K] ([K, M] or [B, K, M] if transposed); floating point.</param>
    /// <param name="b">[K, N] or [B, K, N] ([N, K] or [B, N, K] if transposed); of the same dtype.</param>
    /// <param name="transposeA">Whether <paramref name="a"/> is stored transposed.</param>
    /// <param name="transposeB">Whether <paramref name="b"/> is stored transposed.</param>
    /// <returns>[M, N] or [B, M, N].</returns>
    /// <exception cref="ShapeException">The ranks, batches or inner extents do not fit.</exception>
    public static Tensor Apply(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, a, b))
        {
            return BFloat16Product(a, b, transposeA, transposeB) ?? MixedPrecision.Run(
                Op, PrecisionRule.Product, [a, b], t => Apply(t[0]!, t[1]!, transposeA, transposeB), multipliesFactorsOnly: true);
        }
        OpCheck.SameDevice(Op, a, b);
        OpCheck.SameDType(Op, a, b);
        OpCheck.FloatingPoint(Op, "a", a);
        CheckShapes(a.Shape, b.Shape, transposeA, transposeB);
        var c = Product(a, b, transposeA, transposeB);
        return Autograd.Record(Op, c, [a, b], dc => [
            a.RequiresGrad ? transposeA ? Product(b, dc, transposeB, true) : Product(dc, b, false, !transposeB) : null,
            b.RequiresGrad ? transposeB ? Product(dc, a, true, transposeA) : Product(a, dc, !transposeA, false) : null,
        ], a, b);
    }

    /// <summary>The product and what follows it, in one kernel where no gradient is recorded.</summary>
    /// <param name="a">[M, K] or [B, M, K] ([K, M] or [B, K, M] if transposed); floating point.</param>
    /// <param name="b">[K, N] or [B, K, N] ([N, K] or [B, N, K] if transposed); of the same dtype.</param>
    /// <param name="epilogue">What follows; its channels are the columns, its other tensor has the result's shape.</param>
    /// <param name="transposeA">Whether <paramref name="a"/> is stored transposed.</param>
    /// <param name="transposeB">Whether <paramref name="b"/> is stored transposed.</param>
    /// <returns>[M, N] or [B, M, N].</returns>
    /// <exception cref="ShapeException">The ranks, batches or inner extents do not fit.</exception>
    public static Tensor Apply(Tensor a, Tensor b, FusedEpilogue epilogue, bool transposeA = false, bool transposeB = false)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, a, b)) return epilogue.Compose(Apply(a, b, transposeA, transposeB));
        if (epilogue.Records(a, b))
        {
            var product = Apply(a, b, transposeA, transposeB);
            epilogue.Check(Op, a, product.Shape);
            return epilogue.Compose(product);
        }
        OpCheck.SameDevice(Op, a, b);
        OpCheck.SameDType(Op, a, b);
        OpCheck.FloatingPoint(Op, "a", a);
        CheckShapes(a.Shape, b.Shape, transposeA, transposeB);
        return a.DType == DType.Float64
            ? RunFused<double, Real64>(a, b, transposeA, transposeB, epilogue)
            : RunFused<float, Real32>(a, b, transposeA, transposeB, epilogue);
    }

    // Where it is not possible, or the operands do not fit, Run tells.
    private static Tensor? BFloat16Product(Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        if (!MixedPrecision.IsNarrowable(a, b)) return null;
        OpCheck.SameDevice(Op, a, b);
        CheckShapes(a.Shape, b.Shape, transposeA, transposeB);
        return BFloat16Products.MatMul(Op, a, b, transposeA, transposeB);
    }

    private static Tensor Product(Tensor a, Tensor b, bool transposeA, bool transposeB) => a.DType == DType.Float64
        ? Run<double, Real64>(a, b, transposeA, transposeB)
        : Run<float, Real32>(a, b, transposeA, transposeB);

    private static Tensor Run<T, R>(Tensor a, Tensor b, bool transposeA, bool transposeB)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var call = new Call<T, R>(a, b, transposeA, transposeB);
        call.Run<ActivationEpilogue<T, IdentityActivation<T>>>(default);
        return call.Result;
    }

    private static Tensor RunFused<T, R>(Tensor a, Tensor b, bool transposeA, bool transposeB, FusedEpilogue epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var call = new Call<T, R>(a, b, transposeA, transposeB);
        epilogue.Check(Op, a, call.Result.Shape);
        epilogue.Dispatch<T, R>(call);
        return call.Result;
    }

    /// <summary>The kernel with any epilogue.</summary>
    private sealed class Call<T, R> : IEpilogueCall<T>
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        private readonly Tensor a;
        private readonly Tensor b;
        private readonly GemmShape shape;
        private readonly GemmRight right;
        private readonly int batches;

        public Call(Tensor a, Tensor b, bool transposeA, bool transposeB)
        {
            (this.a, this.b) = (a, b);
            var (m, k) = transposeA ? (a.Shape[^1], a.Shape[^2]) : (a.Shape[^2], a.Shape[^1]);
            var n = transposeB ? b.Shape[^2] : b.Shape[^1];
            var batched = a.Shape.Rank == 3;
            batches = batched ? a.Shape[0] : 1;
            Result = Tensor.Empty(batched ? new Shape(batches, m, n) : new Shape(m, n), a.DType, a.Device);
            shape = GemmShape.Matrix(m, n, k, transposeA);
            shape.ABatch = m * k;
            shape.CBatch = m * n;
            right = GemmRight.Matrix(k, n, transposeB, batched ? k * n : 0);
        }

        public Tensor Result { get; }

        public void Run<TEpilogue>(EpilogueOperands<T> operands)
            where TEpilogue : struct, IEpilogue<T>
        {
            var host = a.Device.Kernels;
            using var workspace = Tensor.Empty(new Shape(Gemm.Workspace(host, shape, right, batches)), a.DType, a.Device);
            Gemm.Run<T, R, TEpilogue>(
                host, a.View<T>(), b.View<T>(), ArrayView<T>.Empty, Result.View<T>(), workspace.View<T>(), shape, right, operands, batches);
        }
    }

    private static void CheckShapes(Shape a, Shape b, bool transposeA, bool transposeB)
    {
        if (a.Rank != b.Rank || a.Rank is not (2 or 3))
            throw new ShapeException(Op, "both must have 2 axes, or both 3 (a batch first)", ("a", a), ("b", b));
        if (a.Rank == 3 && a[0] != b[0])
            throw new ShapeException(Op, "the batches must be equal", ("a", a), ("b", b));
        var inner = transposeA ? a[^2] : a[^1];
        if (inner != (transposeB ? b[^1] : b[^2]))
        {
            throw new ShapeException(
                Op,
                $"{(transposeA ? "the rows" : "the columns")} of a must be as many as {(transposeB ? "the columns" : "the rows")} of b",
                ("a", a), ("b", b));
        }
    }
}
