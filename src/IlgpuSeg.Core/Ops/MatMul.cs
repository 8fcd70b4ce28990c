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
            return MixedPrecision.Run(Op, PrecisionRule.Product, [a, b], t => Apply(t[0]!, t[1]!, transposeA, transposeB));
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

    private static Tensor Product(Tensor a, Tensor b, bool transposeA, bool transposeB) => a.DType == DType.Float64
        ? Run<double, Real64>(a, b, transposeA, transposeB)
        : Run<float, Real32>(a, b, transposeA, transposeB);

    private static Tensor Run<T, R>(Tensor a, Tensor b, bool transposeA, bool transposeB)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (m, k) = transposeA ? (a.Shape[^1], a.Shape[^2]) : (a.Shape[^2], a.Shape[^1]);
        var n = transposeB ? b.Shape[^2] : b.Shape[^1];
        var batched = a.Shape.Rank == 3;
        var batches = batched ? a.Shape[0] : 1;
        var c = Tensor.Empty(batched ? new Shape(batches, m, n) : new Shape(m, n), a.DType, a.Device);
        var shape = GemmShape.Matrix(m, n, k, transposeA);
        shape.ABatch = m * k;
        shape.CBatch = m * n;
        var right = GemmRight.Matrix(k, n, transposeB, batched ? k * n : 0);
        var host = a.Device.Kernels;
        using var workspace = Tensor.Empty(new Shape(Gemm.Workspace(host, shape, right, batches)), a.DType, a.Device);
        Gemm.Run<T, R>(host, a.View<T>(), b.View<T>(), ArrayView<T>.Empty, c.View<T>(), workspace.View<T>(), shape, right, batches);
        return c;
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
