using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Nearest-neighbour resizing of label planes.</summary>
public static class ResizeNearest
{
    private const string Op = "ResizeNearest";

    // Row and column numbers are computed as i * in / out in 32 bits.
    private const int MaxExtent = 46340;

    /// <summary>y[n, i, j] = labels[n, floor(i H / h), floor(j W / w)], PyTorch's "nearest". Has no gradient.</summary>
    /// <param name="labels">Int32 [N, H, W].</param>
    /// <param name="h">Rows of the result, at least 1.</param>
    /// <param name="w">Columns of the result, at least 1.</param>
    /// <returns>Int32 [N, h, w].</returns>
    /// <exception cref="ShapeException">The labels are empty, or an extent is not between 1 and 46,340.</exception>
    public static Tensor Labels(Tensor labels, int h, int w)
    {
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.Rank(Op, "labels", labels, 3);
        var (n, inRows, inColumns) = (labels.N, labels.H, labels.W);
        if (n == 0 || !Fits(inRows) || !Fits(inColumns) || !Fits(h) || !Fits(w))
        {
            throw new ShapeException(
                Op, $"every extent must lie between 1 and {MaxExtent}", ("labels", labels.Shape), ("result", new[] { n, h, w }));
        }
        var resized = Tensor.Empty([n, h, w], DType.Int32, labels.Device);
        ResizeNearestKernels.Forward(labels.Device.Kernels, labels.View<int>(), resized.View<int>(), n, inRows, inColumns, h, w);
        return resized;
    }

    private static bool Fits(int extent) => extent is > 0 and <= MaxExtent;
}
