// Softmax cross-entropy of pixels against class ids, the mean over the pixels that are not ignored.
//
//   loss = 1/count * sum over counted pixels of (log sum exp(x - max) - (x[label] - max))
//   dx   = (softmax(x) - onehot(label)) / count, zero for ignored pixels
//
// Memory: forward reads the logits twice per pixel and keeps two numbers per pixel (maximum and log-sum); backward reads the
// logits once more and writes their gradient: neither the softmax nor the one-hot is ever stored. Accumulation: a pixel's
// classes in order in T; over pixels by the ordered flat reduction; counts are integers.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Fused softmax cross-entropy.</summary>
public static class CrossEntropyKernels
{
    internal static bool IsCounted(int label, int classes, int ignored) => label != ignored && label >= 0 && label < classes;

    // One thread per pixel. Neighbouring lanes read a class's logits `classes` apart, which costs less than computing
    // the exponentials of a row without lanes.
    internal static void ForwardKernel<T, R>(
        ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> losses, int pixels,
        int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= pixels) return;
        var first = p * classes;
        var peak = logits[first];
        for (var c = 1; c < classes; c++)
            peak = R.Max(peak, logits[first + c]);
        var sum = T.Zero;
        for (var c = 0; c < classes; c++)
            sum += R.Exp(logits[first + c] - peak);
        var logSum = R.Log(sum);
        peaks[p] = peak;
        logSums[p] = logSum;
        var label = labels[p];
        var loss = T.Zero;
        if (IsCounted(label, classes, ignored))
            loss = logSum - (logits[first + label] - peak);
        losses[p] = loss;
    }

    // scale[0] is the loss's gradient divided by the count. Rows are pixels.
    internal static void BackwardKernel<T, R>(
        ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> scale,
        ArrayView<T> gradient, int pixels, int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = ChannelLoop.Row;
        if (p >= pixels) return;
        var label = labels[p];
        var factor = IsCounted(label, classes, ignored) ? scale[0] : T.Zero;
        var peak = peaks[p];
        var logSum = logSums[p];
        for (var c = ChannelLoop.First; c < classes; c += ChannelLoop.Step)
        {
            var value = R.Exp(logits[p * classes + c] - peak - logSum);
            if (c == label) value -= T.One;
            gradient[p * classes + c] = value * factor;
        }
    }

    // One thread per chunk of labels; [chunk] counted labels, [chunks + chunk] labels that are neither classes nor ignored.
    internal static void CountKernel(
        ArrayView<int> labels, ArrayView<int> counts, int pixels, int chunk, int chunks, int classes, int ignored)
    {
        var k = Grid.IdxX * Group.DimX + Group.IdxX;
        if (k >= chunks) return;
        var counted = 0;
        var invalid = 0;
        // Lanes are neighbouring chunks' threads; a stride of `chunks` makes them read neighbouring labels.
        for (var i = 0; i < chunk; i++)
        {
            var p = i * chunks + k;
            if (p < pixels)
            {
                var label = labels[p];
                if (IsCounted(label, classes, ignored)) counted++;
                else if (label != ignored) invalid++;
            }
        }
        counts[k] = counted;
        counts[chunks + k] = invalid;
    }

    // The same with a group for every few chunks, of which the first holds what the group has counted.
    internal static void CountBlockKernel(
        ArrayView<int> labels, ArrayView<int> counts, int pixels, int chunk, int groupChunks, int classes, int ignored)
    {
        var shared = SharedMemory.Allocate<int>(ColumnBlock.Threads);
        var sharedInvalid = SharedMemory.Allocate<int>(ColumnBlock.Threads);
        var counted = 0;
        var invalid = 0;
        var first = Grid.IdxX * groupChunks * chunk;
        var last = pixels - first < groupChunks * chunk ? pixels : first + groupChunks * chunk;
        for (var p = first + Group.IdxX; p < last; p += Group.DimX)
        {
            var label = labels[p];
            if (IsCounted(label, classes, ignored)) counted++;
            else if (label != ignored) invalid++;
        }
        counted = FlatBlockSums.Combine(shared, counted);
        invalid = FlatBlockSums.Combine(sharedInvalid, invalid);
        if (Group.IdxX >= groupChunks) return;
        var k = Grid.IdxX * groupChunks + Group.IdxX;
        counts[k] = Group.IdxX == 0 ? counted : 0;
        counts[Grid.DimX * groupChunks + k] = Group.IdxX == 0 ? invalid : 0;
    }

    // One group.
    internal static void TotalBlockKernel<T, R>(ArrayView<int> counts, ArrayView<T> total, int chunks)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shared = SharedMemory.Allocate<int>(ColumnBlock.Threads);
        var sum = 0;
        for (var k = Group.IdxX; k < chunks; k += Group.DimX) sum += counts[k];
        sum = FlatBlockSums.Combine(shared, sum);
        if (Group.IdxX == 0) total[0] = R.FromInt(sum);
    }

    // One thread: the counted labels of all chunks.
    internal static void TotalKernel<T, R>(ArrayView<int> counts, ArrayView<T> total, int chunks)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        var sum = 0;
        for (var k = 0; k < chunks; k++) sum += counts[k];
        total[0] = R.FromInt(sum);
    }

    /// <summary>The threads that <see cref="Count"/> counts with; its result holds twice as many integers.</summary>
    public const int CountChunks = 1024;

    private const int CountGroups = 256;

    /// <summary>Counts the labels that are classes, and those that are neither classes nor the ignored id, in chunks.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="labels">Class ids; at least 1.</param>
    /// <param name="counts">[2, CountChunks]: counted, then invalid labels.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Count(KernelHost host, ArrayView<int> labels, ArrayView<int> counts, int classes, int ignored)
    {
        var chunk = KernelHost.Blocks(labels.IntLength, CountChunks);
        if (host.UsesBlocks)
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, int, int, int, int>(CountBlockKernel))(
                new KernelConfig(CountGroups, ColumnBlock.Threads), labels, counts, labels.IntLength, chunk, CountChunks / CountGroups, classes, ignored);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, int, int, int, int>(CountKernel))(
                host.Linear(CountChunks), labels, counts, labels.IntLength, chunk, CountChunks, classes, ignored);
    }

    /// <summary>total[0] = the number of labels that <see cref="Count"/> counted.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="counts">From <see cref="Count"/>.</param>
    /// <param name="total">One element.</param>
    public static void Total<T, R>(KernelHost host, ArrayView<int> counts, ArrayView<T> total)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks)
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<T>, int>(TotalBlockKernel<T, R>))(
                new KernelConfig(1, ColumnBlock.Threads), counts, total, CountChunks);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<T>, int>(TotalKernel<T, R>))(
                host.Linear(1), counts, total, CountChunks);
    }

    /// <summary>The loss of each pixel; 0 where its label is ignored or no class.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="logits">[pixels, classes].</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="peaks">[pixels], receives the largest logit.</param>
    /// <param name="logSums">[pixels], receives log sum exp(x - peak).</param>
    /// <param name="losses">[pixels], receives the losses.</param>
    /// <param name="classes">Classes, at least 1.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> losses,
        int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int>(
            ForwardKernel<T, R>))(
            host.Linear(labels.IntLength), logits, labels, peaks, logSums, losses, labels.IntLength, classes, ignored);

    /// <summary>The gradient of the logits.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="logits">[pixels, classes].</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="peaks">From <see cref="Forward"/>.</param>
    /// <param name="logSums">From <see cref="Forward"/>.</param>
    /// <param name="scale">One element: the gradient of the mean divided by the number of counted pixels.</param>
    /// <param name="gradient">[pixels, classes], receives the gradient.</param>
    /// <param name="classes">Classes, at least 1.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> scale,
        ArrayView<T> gradient, int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int>(BackwardKernel<T, R>))(
            ChannelLoop.Shared(host, labels.IntLength, classes), logits, labels, peaks, logSums, scale, gradient, labels.IntLength, classes,
            ignored);
}
