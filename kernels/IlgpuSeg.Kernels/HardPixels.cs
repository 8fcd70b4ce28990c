// Online hard example mining: of the pixels that are not ignored, those with at least a given loss, or the m with the largest losses where
// that are more. The bits of numbers that are not negative are ordered as the numbers are, so the m-th largest loss is found digit by digit
// (8 bits each, the highest first): count the next digit of all losses that begin with the digits found so far, then take the digit in which
// the m-th lies. Of equal losses all are kept, so the choice depends on no order.
//
// Memory: each digit reads the losses and labels once; a thread counts its pixels in 256 cells of its own (workspace). Nothing goes to the
// host. Accumulation: integers.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The choice of hard pixels for a loss.</summary>
public static class HardPixelKernels
{
    private const int DigitBits = 8;
    private const int Digits = 1 << DigitBits;
    private const int MaxThreads = 1024;
    private const int MinPixels = 1024;

    // In Int32 elements: two numbers of 64 bits.
    private const int StateLength = 4;

    // state[0]: the digits found so far, `above` of them.
    internal static void CountKernel<T, R>(
        ArrayView<T> losses, ArrayView<int> labels, ArrayView<long> state, ArrayView<int> partials, int pixels, int threads, int above,
        int shift, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var k = Grid.IdxX * Group.DimX + Group.IdxX;
        if (k >= threads) return;
        var prefix = above > 0 ? state[0] : 0L;
        // Cells of neighbouring threads are neighbours, and so are the pixels that they read.
        for (var digit = 0; digit < Digits; digit++)
            partials[digit * threads + k] = 0;
        for (var p = k; p < pixels; p += threads)
        {
            // Rounding may make a loss of 0 negative.
            var loss = losses[p];
            var digits = (loss > T.Zero ? R.ToBits(loss) : 0L) >> shift;
            if (labels[p] != ignored && digits >> DigitBits == prefix)
                partials[((int)digits & (Digits - 1)) * threads + k] += 1;
        }
    }

    // One thread. state[1]: how many of the losses that begin with state[0] are to be kept.
    internal static void ChooseKernel(ArrayView<int> counts, ArrayView<long> state, int above, int minimum)
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        var rank = above > 0 ? state[1] : 0L;
        if (above == 0)
        {
            var total = 0;
            for (var digit = 0; digit < Digits; digit++) total += counts[digit];
            rank = minimum < total ? minimum : total;
        }
        var chosen = Digits - 1;
        while (chosen > 0 && counts[chosen] < rank)
        {
            rank -= counts[chosen];
            chosen--;
        }
        state[0] = (above > 0 ? state[0] << DigitBits : 0L) + chosen;
        state[1] = rank;
    }

    // One thread. Where none must be kept, the digits say nothing.
    internal static void LeastKernel<T, R>(ArrayView<long> state, ArrayView<T> least, T threshold)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        least[0] = threshold;
        if (state[1] > 0) least[0] = R.Min(threshold, R.FromBits(state[0]));
    }

    // Pixels that are sure enough of their own class become ignored ones.
    internal static void KeepKernel<T>(
        ArrayView<T> losses, ArrayView<int> labels, ArrayView<T> least, ArrayView<int> kept, int pixels, int ignored)
        where T : unmanaged, INumber<T>
    {
        var p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= pixels) return;
        kept[p] = losses[p] >= least[0] ? labels[p] : ignored;
    }

    /// <summary>Elements of the workspace that <see cref="Least"/> needs.</summary>
    public static int WorkspaceLength(int pixels) => StateLength + Digits * (1 + Threads(pixels));

    /// <summary>
    /// The least loss of a pixel that is kept: the threshold, or the minimum-th largest loss where that is less. Losses that are negative or not
    /// numbers count as 0.
    /// </summary>
    /// <param name="host">Where to run.</param>
    /// <param name="losses">[pixels], at least 1: each pixel's -log of the probability of its own class.</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements, aligned to 8 bytes.</param>
    /// <param name="least">One element, written.</param>
    /// <param name="threshold">The loss from which on pixels are kept, not negative.</param>
    /// <param name="minimum">So many pixels are kept at least, or all that are not ignored.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Least<T, R>(
        KernelHost host, ArrayView<T> losses, ArrayView<int> labels, ArrayView<int> workspace, ArrayView<T> least, T threshold, int minimum,
        int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (pixels, threads) = (labels.IntLength, Threads(labels.IntLength));
        Gemm.Require("choice of hard pixels", "workspace", workspace.Length, WorkspaceLength(pixels));
        var state = workspace.SubView(0, StateLength).Cast<long>();
        var counts = workspace.SubView(StateLength, Digits);
        var partials = workspace.SubView(StateLength + Digits, Digits * threads);
        var count = host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<int>, ArrayView<long>, ArrayView<int>, int, int, int, int, int>(CountKernel<T, R>));
        var choose = host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<long>, int, int>(ChooseKernel));
        var total = Unsafe.SizeOf<T>();
        for (var above = 0; above < total; above++)
        {
            count(
                host.Linear(threads), losses, labels, state, partials, pixels, threads, above, DigitBits * (total - 1 - above), ignored);
            ConfusionMatrixKernels.Sum(host, partials, counts, threads);
            choose(host.Linear(1), counts, state, above, minimum);
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<long>, ArrayView<T>, T>(LeastKernel<T, R>))(host.Linear(1), state, least, threshold);
    }

    /// <summary>Labels with all but the hard pixels ignored.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="losses">[pixels].</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="least">One element, the least loss of a pixel that is kept.</param>
    /// <param name="kept">[pixels], receives the labels of pixels with at least the least loss, and the ignored id elsewhere.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Keep<T>(
        KernelHost host, ArrayView<T> losses, ArrayView<int> labels, ArrayView<T> least, ArrayView<int> kept, int ignored)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<int>, int, int>(KeepKernel))(
            host.Linear(labels.IntLength), losses, labels, least, kept, labels.IntLength, ignored);

    private static int Threads(int pixels) => Math.Clamp(pixels / MinPixels, 1, MaxThreads);
}
