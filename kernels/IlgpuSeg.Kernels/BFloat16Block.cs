// Conversions from and to bfloat16, and sums of bfloat16 numbers, for GPUs: a thread takes eight elements by accesses of 16 bytes.
//
// Memory: as in Cast.cs and Accumulate.cs, of which these are the GPU's forms, with the same operations for each element. Accumulation: in float.
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Maps of bfloat16 numbers, eight at a time: two in each of four words.</summary>
internal static class BFloat16Block
{
    /// <summary>Elements of a thread.</summary>
    private const int Elements = 8;

    private const int Threads = 256;

    internal static void NarrowKernel(ArrayView<Tile4<float>> x, ArrayView<Tile4<uint>> y, int octets)
    {
        var i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= octets) return;
        var a = x[2 * i];
        var b = x[2 * i + 1];
        y[i] = Tile4.Of(Pack(a.V0, a.V1), Pack(a.V2, a.V3), Pack(b.V0, b.V1), Pack(b.V2, b.V3));
    }

    internal static void WidenKernel(ArrayView<Tile4<uint>> x, ArrayView<Tile4<float>> y, int octets)
    {
        var i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= octets) return;
        var a = x[i];
        y[2 * i] = Tile4.Of(Lower(a.V0), Upper(a.V0), Lower(a.V1), Upper(a.V1));
        y[2 * i + 1] = Tile4.Of(Lower(a.V2), Upper(a.V2), Lower(a.V3), Upper(a.V3));
    }

    internal static void AddKernel(ArrayView<Tile4<uint>> sum, ArrayView<Tile4<uint>> addend, int octets)
    {
        var i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= octets) return;
        var a = sum[i];
        var b = addend[i];
        sum[i] = Tile4.Of(Add(a.V0, b.V0), Add(a.V1, b.V1), Add(a.V2, b.V2), Add(a.V3, b.V3));
    }

    private static uint Pack(float lower, float upper) => BFloat16.Round(lower).Bits | (uint)BFloat16.Round(upper).Bits << 16;

    private static float Lower(uint pair) => Interop.IntAsFloat(pair << 16);

    private static float Upper(uint pair) => Interop.IntAsFloat(pair & 0xFFFF_0000);

    private static uint Add(uint a, uint b) => Pack(Lower(a) + Lower(b), Upper(a) + Upper(b));

    /// <summary>Whether the host takes this form for arrays of so many elements.</summary>
    public static bool Takes<T, TOther>(KernelHost host, ArrayView<T> x, ArrayView<TOther> y)
        where T : unmanaged
        where TOther : unmanaged =>
        host.UsesBlocks && x.Length > 0 && x.Length % Elements == 0 && IsAligned(x) && IsAligned(y);

    private static bool IsAligned<T>(ArrayView<T> view)
        where T : unmanaged => view.LoadEffectiveAddressAsPtr() % (4 * sizeof(uint)) == 0;

    /// <summary>y = x, rounded.</summary>
    public static void Narrow(KernelHost host, ArrayView<float> x, ArrayView<BFloat16> y) =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<float>>, ArrayView<Tile4<uint>>, int>(NarrowKernel))(
            Config(x.IntLength), x.Cast<Tile4<float>>(), y.Cast<Tile4<uint>>(), x.IntLength / Elements);

    /// <summary>y = x.</summary>
    public static void Widen(KernelHost host, ArrayView<BFloat16> x, ArrayView<float> y) =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<uint>>, ArrayView<Tile4<float>>, int>(WidenKernel))(
            Config(x.IntLength), x.Cast<Tile4<uint>>(), y.Cast<Tile4<float>>(), x.IntLength / Elements);

    /// <summary>sum += addend, each sum rounded.</summary>
    public static void Add(KernelHost host, ArrayView<BFloat16> sum, ArrayView<BFloat16> addend) =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<uint>>, ArrayView<Tile4<uint>>, int>(AddKernel))(
            Config(sum.IntLength), sum.Cast<Tile4<uint>>(), addend.Cast<Tile4<uint>>(), sum.IntLength / Elements);

    private static KernelConfig Config(int count) => new(KernelHost.Blocks(count / Elements, Threads), Threads);
}
