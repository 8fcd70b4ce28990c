namespace IlgpuSeg.Ops;

/// <summary>Broadcasting: repetition along axes of extent 1, and along new axes before the first.</summary>
public static class Expand
{
    private const string Op = "Expand";

    /// <summary>The elements repeated until the shape is the given one, as NumPy broadcasts.</summary>
    /// <param name="x">Floating-point; each extent, counted from the last, is the target's or 1.</param>
    /// <param name="shape">The target, with at least as many axes as x.</param>
    /// <returns>Of the given shape; x itself if it has that shape.</returns>
    /// <exception cref="ShapeException">x does not fit the target.</exception>
    public static Tensor Apply(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, shape));
        OpCheck.FloatingPoint(Op, "x", x);
        var added = shape.Rank - x.Shape.Rank;
        if (added < 0 || Enumerable.Range(0, x.Shape.Rank).Any(i => x.Shape[i] != 1 && x.Shape[i] != shape[added + i]))
        {
            throw new ShapeException(
                Op, "each extent of x, counted from the last, must be the target's or 1", ("x", x.Shape), ("target", shape));
        }
        Shape source = [.. Enumerable.Repeat(1, added), .. x.Shape];
        var repeated = Enumerable.Range(0, shape.Rank).Where(i => source[i] != shape[i]).ToArray();
        var original = x.Shape;
        var y = Axes.Repeat(x.Share(source), shape);
        return Autograd.Record(Op, y, [x], g => [Axes.Sum(g, repeated).Share(original)]);
    }

    /// <summary>The shape to which two operands broadcast.</summary>
    /// <param name="op">The operation, for the message.</param>
    /// <param name="a">A shape.</param>
    /// <param name="b">Another.</param>
    /// <exception cref="ShapeException">There is none.</exception>
    public static Shape Common(string op, Shape a, Shape b)
    {
        var dims = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= dims.Length; i++)
        {
            var (p, q) = (i <= a.Rank ? a[^i] : 1, i <= b.Rank ? b[^i] : 1);
            if (p != q && p != 1 && q != 1)
                throw new ShapeException(op, "extents, counted from the last axis, must be equal or 1", ("a", a), ("b", b));
            dims[^i] = p == 1 ? q : p;
        }
        return dims;
    }
}
