using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using Xunit.Abstractions;

namespace IlgpuSeg.Kernels.Tests.Ptx;

/// <summary>What the kernels that take most of the time look like as PTX: state spaces, registers, and the mix of their inner loops.</summary>
public sealed class PtxHotKernelTests(ITestOutputHelper output)
{
    // The bounds are a little above today's figures. 128 registers let 512 threads run on a multiprocessor, 168 let 384. A thread can have 255; the
    // count is of the text's order, and ptxas, which orders anew, fits the larger tensor tiles into 232 .. 244 without spills.
    [Theory]
    [InlineData("GemmBlock.Large<float", 144)]
    [InlineData("GemmBlock.Small<float", 96)]
    [InlineData("GemmBlock.Small<double", 128)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, Tf32Operand, RowMajor, Large", 296)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, Tf32Operand, LeftTransposed, Large", 296)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, RightTransposed, Medium", 296)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, LeftTransposed, Small", 128)]
    [InlineData("DepthwiseConvolution.Forward<float", 128)]
    [InlineData("DepthwiseLines.Forward<float, Columns7", 128)]
    [InlineData("DepthwiseLines.Weight<float, Columns7", 128)]
    [InlineData("DepthwiseBlock.Forward<float, Columns7", 152)]
    [InlineData("DepthwiseBlock.Weight<float, Columns3", 128)]
    [InlineData("DepthwiseBlock.Weight<float, Columns7", 128)]
    [InlineData("Attention.Forward<float", 128)]
    [InlineData("AttentionBlock.Forward<float", 152)]
    [InlineData("AttentionBlockBackward.Queries<float", 152)]
    [InlineData("AttentionBlockBackward.Keys<float", 152)]
    [InlineData("AttentionBackward.Queries<float", 128)]
    [InlineData("AttentionBackward.Keys<float", 128)]
    [InlineData("BatchNorm.Moments<float", 128)]
    [InlineData("BatchNorm.Normalize<float, ReluActivation", 128)]
    [InlineData("BatchNorm.GradientSums<float, ReluActivation", 128)]
    [InlineData("BatchNorm.Backward<float, ReluActivation", 128)]
    public void RegistersHoldEverythingAndNoAccessIsGeneric(string name, int registers)
    {
        var listing = Listing(name);
        var live = listing.LiveRegisters();
        output.WriteLine($"{name}: {live} registers alive at once");
        Assert.InRange(live, 1, registers);
        foreach (var access in listing.Instructions.Where(i => i.Is("ld.") || i.Is("st.") || i.Is("atom.") || i.Is("red.")))
            Assert.Contains(access.Mnemonic.Split('.')[1], (string[])["global", "shared", "param"]);
        foreach (var loop in listing.InnerLoops)
            Assert.DoesNotContain(loop, i => (i.Is("div.") || i.Is("rem.")) && i.Mnemonic[4] is 's' or 'u');
    }

    // Products, and loads of shared memory of the only kind that there is, in the loop over slices.
    [Theory]
    [InlineData("GemmBlock.Large<float", "fma.rn.f32", 8 * 64, "ld.shared.v4.f32", 8 * 4)]
    [InlineData("GemmBlock.Small<float", "fma.rn.f32", 16 * 16, "ld.shared.v4.f32", 16 * 2)]
    [InlineData("GemmBlock.Small<double", "fma.rn.f64", 16 * 16, "ld.shared.v2.f64", 16 * 4)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, Tf32Operand, RightTransposed, Large", "mma.sync", 4 * 32, "ldmatrix.sync.aligned.m8n8.x4.shared", 4 * 8)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, RowMajor, Large", "mma.sync", 4 * 32, "ldmatrix.sync.aligned.m8n8.x4", 4 * 8)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, LeftTransposed, Small", "mma.sync", 4 * 8, "ldmatrix.sync.aligned.m8n8.x4.trans", 4 * 4)]
    public void ASliceIsMultipliedByWideLoadsOnly(string name, string product, int products, string load, int loads)
    {
        var loop = Assert.Single(Listing(name).InnerLoops, l => l.Any(i => i.Is(product)));
        Assert.Equal(products, loop.Count(i => i.Is(product)));
        Assert.Equal(loads, loop.Count(i => i.Is(load)));
        Assert.Equal(loads, loop.Count(i => i.Is("ld.shared") || i.Is("ldmatrix")));
        Assert.Equal(1, loop.Count(i => i.Is("bar.sync")));
    }

    // A round of what memory bounds: all of its loads, 16 bytes each, in front of the arithmetic.
    [Theory]
    [InlineData("FlatBlockSums.Partial<float, SumTerm, TogetherLoad", 4)]
    [InlineData("FlatBlockSums.Partial<float, ProductTerm, TogetherLoad", 8)]
    [InlineData("ColumnBlockSums.Partial<float, BatchNormTerm<ReluActivation>, TogetherLoad", 8)]
    [InlineData("ColumnBlockSums.Partial<float, LayerNormTerm, TogetherLoad", 8)]
    [InlineData("BatchNormBlock.Moments<float, TogetherLoad", 4)]
    [InlineData("ColumnMaps.Map<float, NormalizeMap<ReluActivation>, TogetherLoad", 4)]
    [InlineData("ColumnMaps.Map<float, NormalizeGradientMap<ReluActivation>, TogetherLoad", 8)]
    [InlineData("ScaledResidualBlock.Backward<float, TogetherLoad", 8)]
    public void ARoundLoadsQuadsBeforeItComputes(string name, int loads)
    {
        var loop = Assert.Single(Listing(name).InnerLoops, l => l.Count(i => i.Is("ld.global.nc.v4.f32")) > 2);
        var first = loop.ToList().FindIndex(i => i.Is("add.rn.f32") || i.Is("sub.rn.f32") || i.Is("fma.rn.f32") || i.Is("mul.rn.f32"));
        Assert.Equal(loads, loop.Count(i => i.Is("ld.global.nc.v4.f32")));
        Assert.Equal(loads, loop.Take(first).Count(i => i.Is("ld.global.nc.v4.f32")));
    }

    [Theory]
    [InlineData("ElementBlock.Map<float, SumMap", 4)]
    [InlineData("ElementBlock.Map<float, ActivationMap<GeluActivation>", 2)]
    [InlineData("ResizeBlock.Forward<float", 4)]
    [InlineData("FlowWarpBlock.Gather<float", 1)]
    [InlineData("BFloat16Block.Narrow", 2)]
    public void MapsReadAndWriteQuadsOnly(string name, int loads)
    {
        var wide = Listing(name).Instructions.Count(i => i.Is("ld.global.nc.v4"));
        Assert.InRange(wide, loads, 2 * loads);
        Assert.DoesNotContain(Listing(name).Instructions, i => i.Is("st.global") && !i.Is("st.global.v4"));
    }

    [Fact]
    public void AttentionReadsQuadsForScoresAndSums()
    {
        var loops = Listing("AttentionBlock.Forward<float").InnerLoops.Select(l => (l.Count(i => i.Is("fma.rn.f32")), l.Count(i => i.Is("ld.shared.v4.f32")))).ToArray();
        Assert.Equal(2, loops.Count(loop => loop == (8 * 64, 8 * 4)));
    }

    /// <summary>Slices come by copies: no load waits for the one before, as behind branches it would. What is added to is read in quads, and so is dq for its sum.</summary>
    [Theory]
    [InlineData("AttentionBlock.Forward<float, Large", 16, 2, 0)]
    [InlineData("AttentionBlockBackward.Queries<float, Large", 32, 2, 4)]
    [InlineData("AttentionBlockBackward.Keys<float, Large", 32, 4, 0)]
    public void AttentionCopiesItsSlices(string name, int words, int quads, int summed)
    {
        var instructions = Listing(name).Instructions;
        Assert.Equal(words, instructions.Count(i => i.Is("cp.async.ca.shared.global")));
        Assert.Equal(quads, instructions.Count(i => i.Is("cp.async.cg.shared.global")));
        Assert.Equal(16 * quads / 2 + summed, instructions.Count(i => i.Is("ld.global.v4.f32")));
        Assert.Equal(16 * quads / 2, instructions.Count(i => i.Is("st.global.v4.f32")));
    }

    /// <summary>Four channels at once: per row of the input its columns, four rows of the kernel's weights; per step four of dy and the columns of each row.</summary>
    [Theory]
    [InlineData("DepthwiseBlock.Forward<float, Columns3", 4 * 3 * 16, 6 + 4 * 3)]
    [InlineData("DepthwiseBlock.Forward<float, Columns7", 4 * 7 * 16, 10 + 4 * 7)]
    [InlineData("DepthwiseBlock.Weight<float, Columns3", 3 * 3 * 16, 4 + 3 * 6)]
    [InlineData("DepthwiseBlock.Weight<float, Columns5", 5 * 16, 4 + 8)]
    [InlineData("DepthwiseBlock.Weight<float, Columns7", 7 * 16, 4 + 10)]
    public void DepthwiseLoopsLoadFourChannelsAtOnce(string name, int products, int loads)
    {
        var loop = Assert.Single(Listing(name).InnerLoops, l => l.Count(i => i.Is("fma.rn.f32")) >= products);
        Assert.Equal(products, loop.Count(i => i.Is("fma.rn.f32")));
        Assert.Equal(loads, loop.Count(i => i.Is("ld.global.nc.v4.f32")));
        Assert.Equal(loads, loop.Count(i => i.Is("ld.")));
    }

    /// <summary>With two groups on a multiprocessor a thread has 128 registers; the bound tells the driver's compiler so.</summary>
    [Theory]
    [InlineData("GemmBlock.Large<float")]
    [InlineData("AttentionBlock.Forward<float")]
    [InlineData("AttentionBlockBackward.Queries<float")]
    [InlineData("AttentionBlockBackward.Keys<float")]
    public void TwoGroupsFitAMultiprocessor(string name) =>
        Assert.Contains(".maxntid 256, 1, 1\n.minnctapersm 2\n", Text(name));

    /// <summary>tf32 without a transposing load: B's words come one by one, still fewer loads than products.</summary>
    [Fact]
    public void RowMajorTf32LoadsWordsOfB()
    {
        var loop = Assert.Single(Listing("GemmTensor.Product<AffineResidualEpilogue, Tf32Operand, RowMajor, Large").InnerLoops, l => l.Any(i => i.Is("mma.")));
        Assert.Equal((128, 16, 64), (loop.Count(i => i.Is("mma.")), loop.Count(i => i.Is("ldmatrix")), loop.Count(i => i.Is("ld.shared.b32"))));
    }

    // GemmBlock has a way for each direction in which neighbours may lie, in quads or one by one; a launch takes one of them per operand.
    [Theory]
    [InlineData("GemmBlock.Large<float", "fma.rn.f32", 2, 2 * 8)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, RowMajor, Large", "mma.", 12, 0)]
    public void SlicesArriveByCopiesOnly(string name, string product, int wide, int narrow)
    {
        var loop = Assert.Single(Listing(name).InnerLoops, l => l.Any(i => i.Is(product)));
        Assert.Equal(
            (wide, narrow, 0),
            (loop.Count(i => i.Is("cp.async.cg.shared.global")), loop.Count(i => i.Is("cp.async.ca.shared.global")), loop.Count(i => i.Is("ld.global"))));
    }

    /// <summary>The estimate itself: a double counts twice, a parameter not at all, what is read again in the next round all the time.</summary>
    [Fact]
    public void LiveRegistersAreCounted()
    {
        var listing = new PtxListing("""
            .entry k(.param .u64 x)
            {
                ld.param.u64 %rd0, [x];
                ld.global.v2.f32 {%f0, %f1}, [%rd0];
                ld.global.f64 %fd0, [%rd0+8];
                mov.u32 %r0, 4;
            B1:
                add.rn.f32 %f2, %f0, %f1;
                add.rn.f64 %fd0, %fd0, %fd0;
                sub.s32 %r0, %r0, 1;
                setp.ne.s32 %p0, %r0, 0;
                @%p0 bra B1;
                st.global.f64 [%rd0], %fd0;
                st.global.f32 [%rd0+8], %f2;
                ret;
            }
            """);
        Assert.Equal(6, listing.LiveRegisters());
        Assert.Equal(5, Assert.Single(listing.InnerLoops).Count);
    }

    private static PtxListing Listing(string name) => new(Text(name));

    private static string Text(string name)
    {
        var kernel = KernelCatalog.All.First(k => k.Name.StartsWith(name, StringComparison.Ordinal));
        return CompiledPtx.Of(kernel).Text;
    }
}
