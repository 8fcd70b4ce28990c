using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Products of matrices and rows of matrices.</summary>
internal static class MatrixCases
{
    public static IEnumerable<OpCase> All =>
    [
        // Sums of up to 300 products in single precision.
        new("MatMul.Apply", draw => Product(draw)) { FloatTolerance = 4e-6, FloatGradientTolerance = 4e-6 },
        // bfloat16 keeps 8 bits: operands, result and gradients are each rounded to 2^-9 of themselves.
        new("MatMul.Apply", draw => Mixed(draw)) { Variant = "mixed precision", FloatTolerance = 2e-2, FloatGradientTolerance = 2e-2 },
        new("GatherRows.Apply", draw => Gather(draw)),
    ];

    private static Func<Tensor[], Tensor> Product(CaseDraw draw)
    {
        var batch = draw.Pick("batch", 0, 1, 3);
        var (m, n, k) = (draw.Extent("m", 9, 150), draw.Extent("n", 9, 150), draw.Extent("k", 9, 300));
        var (transposeA, transposeB) = (draw.Flag("transposeA"), draw.Flag("transposeB"));
        draw.Parameter("a", Matrix(transposeA ? (k, m) : (m, k)));
        draw.Parameter("b", Matrix(transposeB ? (n, k) : (k, n)));
        return t => MatMul.Apply(t[0], t[1], transposeA, transposeB);

        Shape Matrix((int Rows, int Columns) size) =>
            batch == 0 ? new Shape(size.Rows, size.Columns) : new Shape(batch, size.Rows, size.Columns);
    }

    /// <summary>a b b + a b: the gradients of a b, in 16 bits, are added.</summary>
    private static Func<Tensor[], Tensor> Mixed(CaseDraw draw)
    {
        var (m, n) = (draw.Extent("m", 9, 70), draw.Extent("n", 9, 70));
        draw.Parameter("a", new Shape(m, n));
        draw.Parameter("b", new Shape(n, n));
        return t =>
        {
            using var autocast = new Autocast();
            var product = MatMul.Apply(t[0], t[1]);
            return Cast.Apply(Add.Apply(MatMul.Apply(product, t[1]), product), t[0].DType);
        };
    }

    private static Func<Tensor[], Tensor> Gather(CaseDraw draw)
    {
        var (rows, columns, picked) = (draw.Extent("rows", 6, 300), draw.Extent("c", 5, 70), draw.Extent("picked", 9, 400));
        draw.Parameter("x", new Shape(rows, columns));
        draw.Integers("index", new Shape(picked), rows);
        return t => GatherRows.Apply(t[0], t[1]);
    }
}
