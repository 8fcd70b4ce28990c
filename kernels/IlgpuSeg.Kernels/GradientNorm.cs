// The L2 norm of many gradients together, and what clipping to a norm leaves of them: min(1, limit / (norm + 1e-6)), as PyTorch's clip_grad_norm_.
//
// Memory: every gradient is read once; a thread leaves one partial sum for its elements (TensorLists.Run). Accumulation: squares in T by fused multiply-adds in
// order, then the partial sums by the ordered flat reduction: the same bits for any number of threads.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Norms of gradients.</summary>
public static class GradientNormKernels
{
    private const double Epsilon = 1e-6;

    // A: gradients.
    internal static void SquaresKernel<T, R>(TensorList<T> list, ArrayView<T> partials, int firstPartial, int run)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var t = TensorLists.Own(list);
        var sum = T.Zero;
        for (var i = TensorLists.First(t.FirstGroup, run); i < TensorLists.End(t.FirstGroup, t.Count, run); i += Group.DimX)
            sum = R.Fma(t.A[i], t.A[i], sum);
        partials[firstPartial + Grid.IdxX * Group.DimX + Group.IdxX] = sum;
    }

    internal static void RootKernel<T, R>(ArrayView<T> squares, ArrayView<T> norm)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        norm[0] = R.Sqrt(squares[0]);
    }

    internal static void ClipKernel<T, R>(ArrayView<T> norm, ArrayView<T> scale, T limit)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        scale[0] = R.Min(T.One, limit / (norm[0] + R.FromDouble(Epsilon)));
    }

    /// <summary>Elements of the workspace that <see cref="Norm"/> needs.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="counts">The gradients' elements.</param>
    public static int WorkspaceLength(KernelHost host, ReadOnlySpan<int> counts)
    {
        var partials = checked(TensorLists.Groups(host, counts) * host.Lanes);
        return checked(partials + 1 + FlatReduction.WorkspaceLength(partials));
    }

    /// <summary>norm[0] = the square root of the sum of all squares.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="gradients">A: gradients; at least one with elements.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="norm">One element.</param>
    public static void Norm<T, R>(KernelHost host, ReadOnlySpan<TensorEntry<T>> gradients, ArrayView<T> workspace, ArrayView<T> norm)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var counts = new int[gradients.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = gradients[i].Count;
        var length = TensorLists.Groups(host, counts) * host.Lanes;
        var partials = workspace.SubView(0, length);
        var squares = workspace.SubView(length, 1);
        var kernel = host.Load(static a => a.LoadStreamKernel<TensorList<T>, ArrayView<T>, int, int>(SquaresKernel<T, R>));
        TensorLists.ForEach(host, gradients, (config, list, groups) => kernel(config, list, partials, groups * host.Lanes, TensorLists.Run(host)));
        FlatReduction.Sum<T, R>(host, partials, workspace.SubView(length + 1), squares);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>>(RootKernel<T, R>))(host.Linear(1), squares, norm);
    }

    /// <summary>scale[0] = min(1, limit / (norm[0] + 1e-6)).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="norm">One element.</param>
    /// <param name="scale">One element.</param>
    /// <param name="limit">The largest norm.</param>
    public static void Clip<T, R>(KernelHost host, ArrayView<T> norm, ArrayView<T> scale, double limit)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T>(ClipKernel<T, R>))(
            host.Linear(1), norm, scale, R.FromDouble(limit));
}
