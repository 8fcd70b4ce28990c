using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>A thread's place in its group, from the number of its warp's first thread; x is fastest.</summary>
internal static class ThreadIndices
{
    public static int GroupIdxX(int thread, int dimX, int dimY) => thread % dimX;

    public static int GroupIdxY(int thread, int dimX, int dimY) => thread / dimX % dimY;

    public static int GroupIdxZ(int thread, int dimX, int dimY) => thread / dimX / dimY;

    public static Vector256<int> GroupIdxXLanes(int thread, int dimX, int dimY) => Lanes.Rem(Lanes.Steps(thread, 1), Vector256.Create(dimX));

    public static Vector256<int> GroupIdxYLanes(int thread, int dimX, int dimY) =>
        Lanes.Rem(Lanes.Div(Lanes.Steps(thread, 1), Vector256.Create(dimX)), Vector256.Create(dimY));

    public static Vector256<int> GroupIdxZLanes(int thread, int dimX, int dimY) =>
        Lanes.Div(Lanes.Div(Lanes.Steps(thread, 1), Vector256.Create(dimX)), Vector256.Create(dimY));
}
