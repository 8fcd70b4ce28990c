namespace IlgpuSeg.KernelRuntime.Backends.Simd;

internal enum ShapeKind : byte { Uniform, Affine, Varying }

/// <summary>
/// How a value differs between the lanes of a warp: not at all, by a constant step from lane to lane, or arbitrarily.
/// </summary>
internal readonly record struct Shape(ShapeKind Kind, long Stride)
{
    public static readonly Shape Uniform = new(ShapeKind.Uniform, 0);
    public static readonly Shape Varying = new(ShapeKind.Varying, 0);

    public bool IsUniform => Kind == ShapeKind.Uniform;

    public bool IsVarying => Kind == ShapeKind.Varying;

    public static Shape Step(long stride) => stride == 0 ? Uniform : new Shape(ShapeKind.Affine, stride);

    public static Shape operator +(Shape a, Shape b) => a.IsVarying || b.IsVarying ? Varying : Step(a.Stride + b.Stride);

    public static Shape operator *(Shape a, long factor) => a.IsVarying ? Varying : Step(a.Stride * factor);

    /// <summary>What holds for both.</summary>
    public static Shape Join(Shape a, Shape b) => a == b ? a : Varying;
}
