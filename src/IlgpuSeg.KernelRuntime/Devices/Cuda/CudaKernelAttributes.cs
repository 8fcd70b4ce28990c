namespace IlgpuSeg.KernelRuntime;

/// <summary>What the driver's compiler made of a kernel.</summary>
/// <param name="Registers">32-bit registers of a thread.</param>
/// <param name="LocalBytes">Local memory of a thread in bytes: arrays and spilled registers.</param>
/// <param name="SharedBytes">Static shared memory of a group in bytes.</param>
/// <param name="ConstantBytes">Constant memory in bytes.</param>
/// <param name="MaxThreadsPerGroup">The largest group that its registers allow.</param>
/// <param name="PtxVersion">The version of PTX that it was written in, times ten.</param>
/// <param name="BinaryVersion">The architecture that it was compiled for, times ten.</param>
public sealed record CudaKernelAttributes(
    int Registers, int LocalBytes, int SharedBytes, int ConstantBytes, int MaxThreadsPerGroup, int PtxVersion, int BinaryVersion);
