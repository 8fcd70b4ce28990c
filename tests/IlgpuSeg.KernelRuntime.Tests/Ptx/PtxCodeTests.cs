using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>What instructions kernels become: spaces, widths, caches, predicates, shared and local memory, launch bounds.</summary>
public sealed class PtxCodeTests
{
    private struct Four
    {
        public float X, Y, Z, W;
    }

    [Fact]
    public void StructsOfFourFloatsAreOneAccess()
    {
        var text = TextOf(FourKernel);
        Assert.Equal(1, Count(text, "ld.global.nc.v4.f32"));
        Assert.Equal(1, Count(text, "st.global.v4.f32"));
        Assert.Equal(1, Count(text, "ld.") - Count(text, "ld.param."));
    }

    [Fact]
    public void NeighboursAreOneAccessWhereTheirPlaceIsAMultiple()
    {
        var text = TextOf(PairKernel);
        Assert.Equal(1, Count(text, "ld.global.nc.v2.f64"));
        Assert.Equal(1, Count(text, "st.global.v2.f64"));
        // An odd number further nothing is known.
        Assert.Equal(1, Count(text, "ld.global.nc.f64"));
    }

    [Fact]
    public void VectorsLeaveTheSameValues()
    {
        var x = Enumerable.Range(0, 64).Select(i => i / 4f).ToArray();
        var run = PtxRun.Of(FourKernel);
        run.AddView(x);
        var y = run.AddView(new float[64]);
        run.Add(15);
        run.Launch(new KernelConfig(1, 16));
        Assert.Equal([.. x[..60].Select(v => v * 2), 0, 0, 0, 0], run.Read<float>(y, 64));
    }

    [Fact]
    public void UnalignedViewsAreLeftToTheModuleForAnyView()
    {
        float[] x = [.. Enumerable.Range(0, 17).Select(i => (float)i)];
        foreach (var assumptions in (PtxAssumptions[])[PtxAssumptions.All, PtxAssumptions.None])
        {
            var run = new PtxRun(KernelEntry.Explicit(((Delegate)FourKernel).Method, KernelSpecialization.Empty), assumptions: assumptions);
            var input = run.AddView(x);
            var y = run.AddView(new float[16]);
            run.Add(4);
            Assert.Equal(PtxAssumptions.All, run.Holding());
            run.Rewind();
            run.AddView<float>(input + 4, 16);
            Assert.Equal(assumptions == PtxAssumptions.None, run.Holding().AlignedViews);
            if (assumptions == PtxAssumptions.All)
                continue;
            run.Launch(new KernelConfig(1, 4));
            Assert.Equal(x[1..].Select(v => v * 2), run.Read<float>(y, 16));
        }
    }

    [Fact]
    public void ViewsThatOverlapAreNotReadAsConstants()
    {
        var run = PtxRun.Of(ShiftKernel);
        Assert.Equal(1, Count(run.Module.Text, "ld.global.nc.f32"));
        var x = run.AddView(new float[64]);
        run.AddView<float>(x + 128, 32);
        run.Add(16);
        Assert.Equal(new PtxAssumptions(AlignedViews: true, DisjointViews: false), run.Holding());
        run.Rewind();
        run.AddView<float>(x, 32);
        Assert.Equal(PtxAssumptions.All, run.Holding());
        var general = new PtxRun(run.Entry, assumptions: PtxAssumptions.None);
        Assert.Equal(0, Count(general.Module.Text, ".nc"));
    }

    [Fact]
    public void WhatTheKernelWritesItselfIsNoConstant() => Assert.Equal(0, Count(TextOf(InPlaceKernel), ".nc"));

    [Fact]
    public void SpacesAreKnown()
    {
        var text = TextOf(StagedKernel);
        Assert.Equal(0, Count(text, "ld.f32") + Count(text, "st.f32") + Count(text, "cvta.shared"));
        Assert.Equal(1, Count(text, "st.shared.f32"));
        Assert.Equal(1, Count(text, "ld.shared.f32"));
        Assert.Equal(1, Count(text, "bar.sync 0"));
        // Places in shared memory are 32-bit numbers: one of them is added to the address of the array.
        Assert.Equal(2, Count(text, "mad.lo.s32 %r") - Count(TextOf(CopyKernel), "mad.lo.s32 %r"));
    }

    [Fact]
    public void MixedPointersAreGeneric()
    {
        var text = TextOf(MixedKernel);
        Assert.Equal(1, Count(text, "cvta.shared.u64"));
        Assert.Equal(1, Count(text, " ld.f32"));
        var run = PtxRun.Of(MixedKernel);
        run.AddView([1f, 2, 3, 4]);
        var y = run.AddView(new float[4]);
        run.Add(2);
        run.Launch(new KernelConfig(1, 4));
        Assert.Equal([10f, 10, 3, 4], run.Read<float>(y, 4));
    }

    [Fact]
    public void ShortBranchesArePredicated()
    {
        var text = TextOf(GuardedKernel);
        Assert.Equal(0, Count(text, "bra "));
        Assert.Matches(@"@!?%p0 st\.global\.f32", text);
    }

    // Else the registers of addresses would be in use wherever the kernel can come back from.
    [Fact]
    public void AddressesOfShortBranchesAreComputedByAll()
    {
        var guarded = TextOf(GuardedKernel).Split('\n').Where(line => line.TrimStart().StartsWith('@')).ToList();
        Assert.All(guarded, line => Assert.Matches(@"(ld\.global\.nc|add\.rn|st\.global)\.f32", line));
        Assert.Equal(3, guarded.Count);
        Assert.Matches(@"mov\.f32 (%f\d+), 0f00000000;(.|\n)*@!?%p0 ld\.global\.nc\.f32 \1", TextOf(GuardedKernel));
    }

    [Fact]
    public void NumbersOfThreadsAreDividedByShifts()
    {
        var text = TextOf(DividedKernel);
        Assert.Equal(1, Count(text, "shr.u32"));
        Assert.Equal(1, Count(text, "and.b32"));
        // Of a number that may be negative.
        Assert.Equal(1, Count(text, "div.s32"));
    }

    [Fact]
    public void ChoicesOfLoadsArePredicated()
    {
        var text = TextOf(PaddedKernel);
        Assert.Equal(0, Count(text, "bra "));
        Assert.Matches(@"@!?%p0 ld\.global\.nc\.f32", text);
        var run = PtxRun.Of(PaddedKernel);
        run.AddView([1f, 2, 3]);
        var y = run.AddView(new float[5]);
        run.Add(3);
        run.Launch(new KernelConfig(1, 5));
        Assert.Equal([1f, 2, 3, -1, -1], run.Read<float>(y, 5));
    }

    [Fact]
    public void LanesOfWholeWarpsAreFoundWithoutMasks()
    {
        // lane ^ 5, is there such a lane, take it or the own one, exchange.
        var text = TextOf(ButterflyKernel);
        Assert.Equal(1, Count(text, "xor.b32"));
        Assert.Equal(1, Count(text, "shfl.sync.idx.b32"));
        Assert.Equal(1, Count(text, "selp.b32"));
        Assert.Equal(0, Count(text, "selp.s32"));
    }

    [Fact]
    public void FencesAreThoseOfTheirScope()
    {
        var text = TextOf(FenceKernel);
        foreach (var fence in (string[])["membar.cta;", "membar.gl;", "membar.sys;", "bar.warp.sync 0xffffffff;"])
            Assert.Equal(1, Count(text, fence));
    }

    [Fact]
    public void AtomicsWithoutUseAreReductions()
    {
        var text = TextOf(AtomicKernel);
        Assert.Equal(1, Count(text, "red.global.add.u64"));
        Assert.Equal(1, Count(text, "atom.global.max.s64"));
        Assert.Equal(1, Count(text, "red.shared.or.b32"));
        Assert.Equal(1, Count(text, "atom.global.cas.b64"));
        var run = PtxRun.Of(AtomicKernel);
        run.AddView(Enumerable.Range(0, 40).Select(i => (long)i << 33).ToArray());
        var y = run.AddView(new long[43]);
        run.Add(40);
        run.Launch(new KernelConfig(1, 40));
        var result = run.Read<long>(y, 43);
        Assert.Equal(Enumerable.Range(0, 40).Sum(i => (long)i << 33), result[0]);
        Assert.Equal(39L << 33, result[1]);
        Assert.Equal(7, result[2]);
    }

    [Fact]
    public void HalvesAreConvertedAsOnTheHost()
    {
        var halves = Enumerable.Range(0, 1 << 16).Where(i => i % 7 == 0 || i < 64 || (i & 0x7c00) == 0x7c00).Select(i => (short)i).ToArray();
        var run = PtxRun.Of(HalfKernel);
        run.AddView(halves);
        var y = run.AddView(new float[halves.Length]);
        var z = run.AddView(new short[halves.Length]);
        run.Add(halves.Length);
        run.Launch(new KernelConfig((halves.Length + 255) / 256, 256));
        var (floats, back) = (run.Read<float>(y, halves.Length), run.Read<short>(z, halves.Length));
        for (var i = 0; i < halves.Length; i++)
        {
            var expected = (float)BitConverter.Int16BitsToHalf(halves[i]);
            Assert.Equal(expected, floats[i]);
            var third = BitConverter.HalfToInt16Bits((System.Half)(expected / 3));
            Assert.True(float.IsNaN(expected) || third == back[i], $"{expected} / 3 is {back[i]:x} instead of {third:x}");
        }
    }

    [Fact]
    public void ProductsAreFusedOnlyWhereTheKernelSaysSo()
    {
        var text = TextOf(FusedKernel);
        Assert.Equal(1, Count(text, "fma.rn.f32"));
        Assert.Equal(1, Count(text, "mul.rn.f32"));
        Assert.Equal(1, Count(text, "add.rn.f32"));
    }

    [Fact]
    public void ArraysWithConstantPlacesAreRegisters()
    {
        var run = PtxRun.Of(TileKernel);
        Assert.Equal(0, run.Module.LocalBytes);
        Assert.Equal(0, Count(run.Module.Text, ".local"));
        Assert.Equal(16, Count(run.Module.Text, "fma.rn.f32"));
    }

    [Fact]
    public void OtherArraysAreLocalMemory()
    {
        var run = PtxRun.Of(LocalKernel);
        Assert.Equal(64, run.Module.LocalBytes);
        run.AddView(Enumerable.Range(0, 64).Select(i => (i * 7) % 16).ToArray());
        var y = run.AddView(new int[64]);
        run.Add(4);
        run.Launch(new KernelConfig(1, 4));
        // Sixteen numbers of every thread run through all places once.
        Assert.Equal(Enumerable.Range(0, 4).Select(t => 100 + (t * 3)), run.Read<int>(y, 4));
    }

    [Fact]
    public void LargeSharedMemoryIsAskedForAtLaunch()
    {
        var run = PtxRun.Of(LargeKernel);
        Assert.Equal(0, run.Module.StaticSharedBytes);
        Assert.Equal(64 * 1024, run.Module.ExtraDynamicSharedBytes);
        run.AddView(Enumerable.Range(0, 64).Select(i => (float)i).ToArray());
        var y = run.AddView(new float[64]);
        run.Add(64);
        run.Launch(new KernelConfig(1, 64, SharedMemoryConfig.RequestDynamic<float>(64)));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (63f - i) + 64), run.Read<float>(y, 64));
    }

    [Fact]
    public void LaunchBoundsAreStated()
    {
        var text = PtxCompiler.Compile(KernelEntry.Explicit(((Delegate)CopyKernel).Method, new KernelSpecialization(256, 2)), PtxTarget.Oldest).Text;
        Assert.Contains(".maxntid 256, 1, 1", text);
        Assert.Contains(".minnctapersm 2", text);
    }

    [Fact]
    public void SpecializedValuesAreConstants()
    {
        var entry = KernelEntry.Explicit(((Delegate)SpecializedKernel).Method, KernelSpecialization.Empty);
        var run = new PtxRun(entry, specialized: [null, new SpecializedValue<int>(3)]);
        Assert.Equal(0, Count(run.Module.Text, "bra "));
        Assert.Equal(3, Count(run.Module.Text, "mul.rn.f32"));
    }

    [Fact]
    public void ExtentsBoundImplicitKernels()
    {
        var entry = KernelEntry.Implicit(((Delegate)ImplicitKernel).Method, typeof(Index2D));
        var run = new PtxRun(entry);
        Assert.Equal(entry.BlockSize + 16, run.Module.ArgumentBytes);
        var y = run.AddView(new int[40]);
        run.Add(7);
        run.Launch(new Index3D(7, 5, 1), 32);
        Assert.Equal([.. Enumerable.Range(0, 35).Select(i => (i % 7 * 100) + (i / 7)), 0, 0, 0, 0, 0], run.Read<int>(y, 40));
    }

    [Fact]
    public void KernelsWithoutArgumentsHaveNoParameter()
    {
        var run = PtxRun.Of(EmptyKernel);
        Assert.Equal(0, run.Module.ArgumentBytes);
    }

    private static string TextOf(Delegate kernel) => PtxRun.Of(kernel).Module.Text;

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static void FourKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var v = x.Cast<Four>()[i];
        v.X *= 2;
        v.Y *= 2;
        v.Z *= 2;
        v.W *= 2;
        y.Cast<Four>()[i] = v;
    }

    private static void EmptyKernel()
    {
    }

    private static void PairKernel(ArrayView<double> x, ArrayView<double> y, int n)
    {
        var i = Grid.GlobalIndex.X * 2;
        y[i] = x[i] + x[n];
        y[i + 1] = x[i + 1];
    }

    private static void ShiftKernel(ArrayView<float> x, ArrayView<float> y, int n) => y[Group.IdxX] = x[Group.IdxX + n];

    private static void InPlaceKernel(ArrayView<float> x, int n) => x[Group.IdxX] = x[Group.IdxX + n];

    private static void CopyKernel(ArrayView<float> x, ArrayView<float> y, int n) => y[Grid.GlobalIndex.X] = x[Grid.GlobalIndex.X];

    private static void StagedKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var shared = SharedMemory.Allocate<float>(64);
        var i = Grid.GlobalIndex.X;
        shared[Group.IdxX] = x[i];
        Group.Barrier();
        y[i] = shared[63 - Group.IdxX];
    }

    private static void MixedKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var shared = SharedMemory.Allocate<float>(64);
        shared[Group.IdxX] = 10;
        Group.Barrier();
        var from = Group.IdxX < n ? shared : x;
        y[Group.IdxX] = from[Group.IdxX];
    }

    private static void GuardedKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
            y[i] = x[i] + 1;
    }

    private static void DividedKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        y[Group.IdxX / 8] = Group.IdxX % 8;
        y[64] = n / 8;
    }

    private static void PaddedKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var i = Group.IdxX;
        float v = -1;
        if (i < n)
            v = x[i];
        y[i] = v;
    }

    private static void ButterflyKernel(ArrayView<float> x, ArrayView<float> y, int n) =>
        y[ILGPU.Group.IdxX] = ILGPU.Warp.ShuffleXor(x[ILGPU.Group.IdxX], 5);

    private static void FenceKernel(ArrayView<int> x)
    {
        x[0] = 1;
        MemoryFence.GroupLevel();
        x[1] = 2;
        MemoryFence.DeviceLevel();
        x[2] = 3;
        MemoryFence.SystemLevel();
        x[3] = 4;
        ILGPU.Warp.Barrier();
        x[4] = 5;
    }

    private static void AtomicKernel(ArrayView<long> x, ArrayView<long> y, int n)
    {
        var bits = SharedMemory.Allocate<int>(1);
        var i = ILGPU.Group.IdxX;
        if (i == 0)
            bits[0] = 0;
        ILGPU.Group.Barrier();
        Atomic.Add(ref y[0], x[i]);
        y[3 + i] = Atomic.Max(ref y[1], x[i]);
        Atomic.Or(ref bits[0], 1 << (i % 3));
        ILGPU.Group.Barrier();
        Atomic.CompareExchange(ref y[2], 0L, bits[0]);
    }

    private static void HalfKernel(ArrayView<short> x, ArrayView<float> y, ArrayView<short> z, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        float value = x.Cast<ILGPU.Half>()[i];
        y[i] = value;
        z.Cast<ILGPU.Half>()[i] = (ILGPU.Half)(value / 3);
    }

    private static void FusedKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        y[i] = DeviceIntrinsics.Fma(x[i], x[i], (x[i] * 3) + 5);
    }

    private static void TileKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var tile = LocalMemory.Allocate1D<float>(16);
        for (var i = 0; i < 16; i++)
            tile[i] = 0;
        for (var k = 0; k < n; k++)
        {
            for (var r = 0; r < 4; r++)
            {
                for (var c = 0; c < 4; c++)
                    tile[(r * 4) + c] = DeviceIntrinsics.Fma(x[(k * 8) + r], x[(k * 8) + 4 + c], tile[(r * 4) + c]);
            }
        }

        for (var i = 0; i < 16; i++)
            y[i] = tile[i];
    }

    private static void LocalKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var counts = LocalMemory.Allocate<int>(16);
        for (var i = 0; i < 16; i++)
            counts[i] = i;
        for (var i = 0; i < 4 * n; i++)
            counts[x[(Group.IdxX * 16) + i]] += 100;
        y[Group.IdxX] = counts[Group.IdxX * 3];
    }

    private static void LargeKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var large = SharedMemory.Allocate<float>(16 * 1024);
        var dynamic = SharedMemory.GetDynamic<float>();
        large[(16 * 1024) - 1 - Group.IdxX] = x[Group.IdxX];
        dynamic[Group.IdxX] = dynamic.IntLength;
        Group.Barrier();
        y[Group.IdxX] = large[(16 * 1024) - n + Group.IdxX] + dynamic[n - 1 - Group.IdxX];
    }

    private static void SpecializedKernel(ArrayView<float> x, SpecializedValue<int> count)
    {
        var v = x[0];
        for (var i = 0; i < count; i++)
            v *= x[i];
        x[0] = v;
    }

    private static void ImplicitKernel(Index2D index, ArrayView<int> y, int width) => y[(index.Y * width) + index.X] = (index.X * 100) + index.Y;
}
