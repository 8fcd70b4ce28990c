using System.Reflection;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>What the emitted code reads about its launch and where it may scribble.</summary>
internal unsafe struct LaunchFrame
{
    public int GridX;
    public int GridY;
    public int GridZ;
    public int GroupX;
    public int GroupY;
    public int GroupZ;
    public int GroupSize;
    public int DynamicBytes;
    public int ExtentX;
    public int ExtentY;
    public int ExtentSize;

    /// <summary>The bits that an address must not have for a store past the caches; all where there are none.</summary>
    public nint StreamMask;
    public byte* Shared;
    public byte* Dynamic;
    public byte* Local;

    /// <summary>The bytes of local memory of a warp.</summary>
    public int LocalBytes;

    // Of groups that meet at barriers: what their warps tell each other, and a frame for each.
    public int WarpBytes;
    public byte* Warps;
    public GroupExchange* Exchange;

    public static FieldInfo Field(string name) => typeof(LaunchFrame).GetField(name)!;
}

/// <summary>Runs groups first .. first + count - 1 of a launch.</summary>
internal unsafe delegate void KernelCode(LaunchFrame* frame, byte* arguments, long first, long count);
