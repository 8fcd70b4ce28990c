namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>What the front end must know of the device that it translates for.</summary>
/// <param name="WarpSize">Lanes of a warp; a constant of the compiled kernel.</param>
/// <param name="IsPtx">Whether PTX is made: device intrinsics are then instructions instead of their portable bodies.</param>
internal sealed record CompileTarget(int WarpSize, bool IsPtx)
{
    public static CompileTarget Cpu { get; } = new(8, IsPtx: false);

    public static CompileTarget Ptx { get; } = new(32, IsPtx: true);
}
