// The anchors of the pixel-contrast loss: of each image the classes with more than V pixels; of each such class n = min(S / number of (image,
// class) pairs, V) pixels, half of them predicted wrongly (hard) and half rightly (easy), one half topped up from the other where it is short.
//
// Every pixel has a random key; a list (the hard or the easy pixels of a class in an image) gives the pixels with its smallest keys, of equal keys
// the earlier ones. So the choice is uniform, and a function of labels, predictions and keys alone.
//
// Memory: labels, predictions and keys are read once per list, all lists of an image by neighbouring threads at once; a list keeps its V smallest
// keys in order. Accumulation: integers, each by one thread.
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The sizes of a draw of anchors.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AnchorShape
{
    /// <summary>Images of the batch.</summary>
    public int Images;

    /// <summary>Pixels of an image.</summary>
    public int Pixels;

    /// <summary>Classes: labels below it.</summary>
    public int Classes;

    /// <summary>The label of pixels that are never anchors.</summary>
    public int Ignored;

    /// <summary>At most so many anchors in the batch.</summary>
    public int MaxSamples;

    /// <summary>At most so many of a class in an image; rarer classes are left out.</summary>
    public int MaxViews;

    /// <summary>Pairs of an image and a class.</summary>
    public readonly int Pairs => Images * Classes;

    /// <summary>Lists: two per pair, hard pixels and easy ones.</summary>
    public readonly int Lists => 2 * Pairs;
}

/// <summary>Draws anchors.</summary>
public static class AnchorKernels
{
    // Grid: (images, blocks of an image's lists). best: [2 MaxViews, lists], the keys in ascending order, then their pixels.
    internal static void SelectKernel(
        ArrayView<int> labels, ArrayView<int> predictions, ArrayView<int> keys, ArrayView<int> best, ArrayView<int> counts, AnchorShape s)
    {
        var list = Grid.IdxY * Group.DimX + Group.IdxX;
        if (list >= 2 * s.Classes) return;
        var wanted = list / 2;
        var easy = (list & 1) == 1;
        var column = Grid.IdxX * 2 * s.Classes + list;
        var first = Grid.IdxX * s.Pixels;
        var count = 0;
        var held = 0;
        var largest = 0u;
        for (var p = first; p < first + s.Pixels; p++)
        {
            var label = labels[p];
            if (label == wanted && label != s.Ignored && (predictions[p] == label) == easy)
            {
                count++;
                var key = (uint)keys[p];
                if (held < s.MaxViews || key < largest)
                {
                    if (held < s.MaxViews) held++;
                    Insert(best, s, column, held - 1, key, p);
                    largest = (uint)best[(held - 1) * s.Lists + column];
                }
            }
        }
        counts[column] = count;
    }

    // Puts a pixel behind those whose keys are not larger; what stands at `at` falls out.
    private static void Insert(ArrayView<int> best, AnchorShape s, int column, int at, uint key, int pixel)
    {
        var moving = true;
        while (moving)
        {
            moving = false;
            if (at > 0)
            {
                var before = (at - 1) * s.Lists + column;
                if ((uint)best[before] > key)
                {
                    best[before + s.Lists] = best[before];
                    best[before + (s.MaxViews + 1) * s.Lists] = best[before + s.MaxViews * s.Lists];
                    at--;
                    moving = true;
                }
            }
        }
        best[at * s.Lists + column] = (int)key;
        best[(s.MaxViews + at) * s.Lists + column] = pixel;
    }

    // One thread. plan: [pairs] the pairs that take part, [pairs] their hard views, then the views of a pair and the number of anchors.
    internal static void PlanKernel(ArrayView<int> counts, ArrayView<int> plan, AnchorShape s)
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        var taking = 0;
        for (var pair = 0; pair < s.Pairs; pair++)
        {
            if (counts[2 * pair] + counts[2 * pair + 1] > s.MaxViews)
            {
                plan[taking] = pair;
                taking++;
            }
        }
        var share = s.MaxSamples / (taking > 0 ? taking : 1);
        var views = share < s.MaxViews ? share : s.MaxViews;
        for (var slot = 0; slot < taking; slot++)
            plan[s.Pairs + slot] = HardViews(views, counts[2 * plan[slot]], counts[2 * plan[slot] + 1]);
        plan[s.Lists] = views;
        plan[s.Lists + 1] = views * taking;
    }

    private static int HardViews(int views, int hard, int easy)
    {
        var half = views / 2;
        var full = easy < views - half ? views - easy : half;
        return hard < half ? hard : full;
    }

    internal static void EmitKernel(
        ArrayView<int> best, ArrayView<int> plan, ArrayView<int> indices, ArrayView<int> labels, AnchorShape s, int capacity)
    {
        var m = Grid.IdxX * Group.DimX + Group.IdxX;
        if (m >= capacity) return;
        var index = 0;
        var label = -1;
        if (m < plan[s.Lists + 1])
        {
            var views = plan[s.Lists];
            var slot = m / (views > 0 ? views : 1);
            var view = m - slot * views;
            var pair = plan[slot];
            var hard = plan[s.Pairs + slot];
            var column = view < hard ? 2 * pair : 2 * pair + 1;
            var rank = view < hard ? view : view - hard;
            index = best[(s.MaxViews + rank) * s.Lists + column];
            label = pair % s.Classes;
        }
        indices[m] = index;
        labels[m] = label;
    }

    /// <summary>Elements of the workspace that <see cref="Draw"/> needs.</summary>
    public static int WorkspaceLength(in AnchorShape shape) =>
        Gemm.Elements("the lists of anchors", shape.Lists, 2 * shape.MaxViews + 2) + 2;

    /// <summary>Draws the anchors of a batch, in the order of images and classes, hard ones first.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="predictions">Predicted classes, [images, pixels].</param>
    /// <param name="labels">True classes of the same pixels.</param>
    /// <param name="keys">Random bits of the same pixels.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="indices">Receives the anchors' pixels, counted over the batch; 0 behind the last.</param>
    /// <param name="classes">As many elements: the anchors' classes; -1 behind the last.</param>
    /// <param name="shape">The sizes.</param>
    public static void Draw(
        KernelHost host, ArrayView<int> predictions, ArrayView<int> labels, ArrayView<int> keys, ArrayView<int> workspace,
        ArrayView<int> indices, ArrayView<int> classes, AnchorShape shape)
    {
        Gemm.Require("draw of anchors", "workspace", workspace.Length, WorkspaceLength(shape));
        var best = workspace.SubView(0, 2 * shape.MaxViews * shape.Lists);
        var counts = workspace.SubView(best.Length, shape.Lists);
        var plan = workspace.SubView(best.Length + shape.Lists, shape.Lists + 2);
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, AnchorShape>(SelectKernel))(
            host.Rows(shape.Images, 2 * shape.Classes), labels, predictions, keys, best, counts, shape);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, AnchorShape>(PlanKernel))(
            host.Linear(1), counts, plan, shape);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, AnchorShape, int>(EmitKernel))(
            host.Linear(indices.IntLength), best, plan, indices, classes, shape, indices.IntLength);
    }
}
