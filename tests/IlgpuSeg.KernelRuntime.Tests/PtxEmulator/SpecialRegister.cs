namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>The predefined read-only registers.</summary>
internal static class SpecialRegister
{
    private static readonly Dictionary<string, (PtxType Type, Func<Warp, int, ulong> Value)> All = new()
    {
        ["%tid.x"] = (PtxType.U32, static (w, l) => (ulong)w.ThreadIndex(l).X),
        ["%tid.y"] = (PtxType.U32, static (w, l) => (ulong)w.ThreadIndex(l).Y),
        ["%tid.z"] = (PtxType.U32, static (w, l) => (ulong)w.ThreadIndex(l).Z),
        ["%ntid.x"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Block.X),
        ["%ntid.y"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Block.Y),
        ["%ntid.z"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Block.Z),
        ["%ctaid.x"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Index.X),
        ["%ctaid.y"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Index.Y),
        ["%ctaid.z"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Index.Z),
        ["%nctaid.x"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Grid.X),
        ["%nctaid.y"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Grid.Y),
        ["%nctaid.z"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.Grid.Z),
        ["%laneid"] = (PtxType.U32, static (_, l) => (ulong)l),
        ["%warpid"] = (PtxType.U32, static (w, _) => (ulong)w.Number),
        ["%nwarpid"] = (PtxType.U32, static (w, _) => (ulong)w.Block.WarpCount),
        ["%smid"] = (PtxType.U32, static (_, _) => 0),
        ["%nsmid"] = (PtxType.U32, static (_, _) => 1),
        ["%gridid"] = (PtxType.U64, static (_, _) => 0),
        ["%lanemask_eq"] = (PtxType.U32, static (_, l) => 1UL << l),
        ["%lanemask_lt"] = (PtxType.U32, static (_, l) => (1UL << l) - 1),
        ["%lanemask_le"] = (PtxType.U32, static (_, l) => (2UL << l) - 1),
        ["%lanemask_gt"] = (PtxType.U32, static (_, l) => ~((2UL << l) - 1) & 0xffffffff),
        ["%lanemask_ge"] = (PtxType.U32, static (_, l) => ~((1UL << l) - 1) & 0xffffffff),
        ["%dynamic_smem_size"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Launch.DynamicShared),
        ["%total_smem_size"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Shared.Data.Length),
        ["%clock"] = (PtxType.U32, static (w, _) => (ulong)w.Block.Steps & 0xffffffff),
        ["%clock64"] = (PtxType.U64, static (w, _) => (ulong)w.Block.Steps),
        ["%globaltimer"] = (PtxType.U64, static (w, _) => (ulong)w.Block.Steps),
    };

    public static bool IsSpecial(string name) => All.ContainsKey(name);

    public static bool TryFind(string name, out PtxType type, out Func<Warp, int, ulong> value)
    {
        var found = All.TryGetValue(name, out var entry);
        (type, value) = entry;
        return found;
    }
}
