using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Cutting a workspace into the parts of several uses.</summary>
internal static class WorkspaceParts
{
    /// <summary>What follows the first elements. The packages refuse an empty part that starts at a view's end, so nothing is the empty view.</summary>
    public static ArrayView<T> After<T>(this ArrayView<T> workspace, long first)
        where T : unmanaged =>
        first < workspace.Length ? workspace.SubView(first) : ArrayView<T>.Empty;
}
