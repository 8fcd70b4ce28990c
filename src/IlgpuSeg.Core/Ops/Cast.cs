using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Conversion between floating-point types.</summary>
public static class Cast
{
    private const string Op = "Cast";

    /// <summary>The elements in another type, rounded to nearest with halves to even; the gradient is cast back.</summary>
    /// <param name="x">Any shape, floating-point.</param>
    /// <param name="dtype">A floating-point type.</param>
    /// <returns>Of x's shape; x itself if it has that type already.</returns>
    /// <exception cref="ArgumentException">One of the types holds integers.</exception>
    public static Tensor Apply(Tensor x, DType dtype)
    {
        OpCheck.FloatingPoint(Op, "x", x);
        if (!dtype.IsFloatingPoint())
            throw new ArgumentException($"{Op}: the result must be a floating-point type, not {dtype}.");
        if (x.DType == dtype) return x;
        var source = x.DType;
        return Autograd.Record(Op, Converted(x, dtype), [x], g => [Converted(g, source)]);
    }

    private static Tensor Converted(Tensor x, DType dtype)
    {
        // Between bfloat16 and double by way of float, which holds every bfloat16.
        if (x.DType != DType.Float32 && dtype != DType.Float32)
        {
            using var single = Converted(x, DType.Float32);
            return Converted(single, dtype);
        }
        var y = Tensor.Empty(x.Shape, dtype, x.Device);
        if (x.Length == 0) return y;
        var host = x.Device.Kernels;
        switch (x.DType, dtype)
        {
            case (DType.Float32, DType.BFloat16): CastKernels.Narrow(host, x.View<float>(), y.View<BFloat16>()); break;
            case (DType.BFloat16, DType.Float32): CastKernels.Widen(host, x.View<BFloat16>(), y.View<float>()); break;
            case (DType.Float64, DType.Float32): CastKernels.Narrow(host, x.View<double>(), y.View<float>()); break;
            default: CastKernels.Widen(host, x.View<float>(), y.View<double>()); break;
        }
        return y;
    }
}
