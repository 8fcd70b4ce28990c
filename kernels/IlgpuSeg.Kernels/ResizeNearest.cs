// Nearest-neighbour resizing of label planes: y[n, i, j] = x[n, floor(i * H / h), floor(j * W / w)].
//
// Memory: each result is read and written once. Accumulation: none.
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Nearest-neighbour resizing of integers.</summary>
public static class ResizeNearestKernels
{
    // Grid: (rows of the result, blocks of its columns, images).
    internal static void ForwardKernel(ArrayView<int> x, ArrayView<int> y, int inRows, int inColumns, int outRows, int outColumns)
    {
        var j = Grid.IdxY * Group.DimX + Group.IdxX;
        if (j >= outColumns) return;
        var row = Grid.IdxZ * inRows + Grid.IdxX * inRows / outRows;
        y[(Grid.IdxZ * outRows + Grid.IdxX) * outColumns + j] = x[row * inColumns + j * inColumns / outColumns];
    }

    /// <summary>Resizes each image.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, inRows, inColumns].</param>
    /// <param name="y">[images, outRows, outColumns].</param>
    /// <param name="images">Images, at least 1.</param>
    /// <param name="inRows">Rows of x; inRows * outRows fits 32 bits.</param>
    /// <param name="inColumns">Columns of x; inColumns * outColumns fits 32 bits.</param>
    /// <param name="outRows">Rows of y, at least 1.</param>
    /// <param name="outColumns">Columns of y, at least 1.</param>
    public static void Forward(
        KernelHost host, ArrayView<int> x, ArrayView<int> y, int images, int inRows, int inColumns, int outRows, int outColumns)
    {
        var config = new KernelConfig(
            new Index3D(outRows, KernelHost.Blocks(outColumns, host.Lanes), images), new Index3D(host.Lanes, 1, 1));
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, int, int, int>(ForwardKernel))(
            config, x, y, inRows, inColumns, outRows, outColumns);
    }
}
