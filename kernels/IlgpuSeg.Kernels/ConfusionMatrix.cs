// Counts of (true class, predicted class) over the pixels that are not ignored.
//
// Memory: each thread counts its pixels in a matrix of its own (workspace), then one thread per cell adds them up.
// Accumulation: integers, so the order does not matter; a call counts fewer than 2^31 pixels, so 32 bits suffice per call.
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Counting of predictions by class.</summary>
public static class ConfusionMatrixKernels
{
    private const int MaxThreads = 2048;
    private const int MinPixels = 256;

    // A thread's cells: classes * classes counts, then one of pixels whose label or prediction is no class.
    internal static void CountKernel(
        ArrayView<int> labels, ArrayView<int> predictions, ArrayView<int> partials, int pixels, int threads, int classes, int ignored)
    {
        var k = Grid.IdxX * Group.DimX + Group.IdxX;
        if (k >= threads) return;
        var cells = classes * classes + 1;
        // Cells of neighbouring threads are neighbours, and so are the pixels that they read.
        for (var cell = 0; cell < cells; cell++)
            partials[cell * threads + k] = 0;
        for (var p = k; p < pixels; p += threads)
        {
            var label = labels[p];
            if (label != ignored)
            {
                var prediction = predictions[p];
                var cell = cells - 1;
                if (label >= 0 && label < classes && prediction >= 0 && prediction < classes)
                    cell = label * classes + prediction;
                partials[cell * threads + k] += 1;
            }
        }
    }

    internal static void SumKernel(ArrayView<int> partials, ArrayView<int> counts, int threads, int cells)
    {
        var cell = Grid.IdxX * Group.DimX + Group.IdxX;
        if (cell >= cells) return;
        var sum = 0;
        for (var k = 0; k < threads; k++)
            sum += partials[cell * threads + k];
        counts[cell] = sum;
    }

    /// <summary>The threads that count so many pixels.</summary>
    public static int Threads(int pixels) => Math.Clamp(pixels / MinPixels, 1, MaxThreads);

    /// <summary>Elements of the workspace that <see cref="Count"/> needs.</summary>
    public static int WorkspaceLength(int pixels, int classes) => checked(Threads(pixels) * (classes * classes + 1));

    /// <summary>counts[t, p] = pixels of class t that were predicted as p; the last element counts what is no class.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="labels">True classes, at least 1 pixel.</param>
    /// <param name="predictions">Predicted classes of the same pixels.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="counts">classes * classes + 1 elements.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="ignored">The label of pixels that are left out.</param>
    public static void Count(
        KernelHost host, ArrayView<int> labels, ArrayView<int> predictions, ArrayView<int> workspace, ArrayView<int> counts, int classes,
        int ignored)
    {
        var pixels = labels.IntLength;
        var threads = Threads(pixels);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, int, int, int, int>(CountKernel))(
            host.Linear(threads), labels, predictions, workspace, pixels, threads, classes, ignored);
        Sum(host, workspace, counts, threads);
    }

    /// <summary>counts[c] = the sum over k of partials[c, k], which hold the counts of so many threads.</summary>
    internal static void Sum(KernelHost host, ArrayView<int> partials, ArrayView<int> counts, int threads) =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, int>(SumKernel))(
            host.Linear(counts.IntLength), partials, counts, threads, counts.IntLength);
}
