namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>What the front end must know of the device that it translates for.</summary>
/// <param name="WarpSize">Lanes of a warp; a constant of the compiled kernel.</param>
/// <param name="IsPtx">Whether PTX is made: device intrinsics are then instructions instead of their portable bodies.</param>
/// <param name="LineSize">The threads of a group, if the code is for groups that are lines of so many; 0 if it is for all.</param>
internal sealed record CompileTarget(int WarpSize, bool IsPtx, int LineSize = 0)
{
    public static CompileTarget Cpu { get; } = new(8, IsPtx: false);

    public static CompileTarget Ptx { get; } = new(32, IsPtx: true);
}
