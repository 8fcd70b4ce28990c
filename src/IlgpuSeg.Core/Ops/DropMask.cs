using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Random masks of 0 and 1 / (1 - rate), drawn on the device: what dropout and drop-path multiply with.</summary>
public static class DropMask
{
    private const string Op = "DropMask";

    /// <summary>A mask; the same for the same place in the generator's stream, on every device.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="rate">The share of zeros, in [0, 1).</param>
    /// <param name="random">Where the draws come from, one number per element.</param>
    /// <param name="dtype">Float32 or Float64.</param>
    /// <param name="device">Where to draw.</param>
    /// <exception cref="ArgumentException">The rate or the type is out of range.</exception>
    public static Tensor Draw(Shape shape, double rate, Philox random, DType dtype, Device device)
    {
        if (!(rate >= 0 && rate < 1))
            throw new ArgumentException($"{Op}: the rate must lie in [0, 1), but is {rate}.");
        if (dtype is not (DType.Float32 or DType.Float64))
            throw new ArgumentException($"{Op}: a mask must be Float32 or Float64, not {dtype}.");
        var mask = Tensor.Empty(shape, dtype, device);
        if (mask.Length == 0) return mask;
        var place = random.Take(mask.Count);
        if (dtype == DType.Float64) PhiloxKernels.Mask<double, Real64>(device.Kernels, mask.View<double>(), place, rate);
        else PhiloxKernels.Mask<float, Real32>(device.Kernels, mask.View<float>(), place, rate);
        return mask;
    }
}
