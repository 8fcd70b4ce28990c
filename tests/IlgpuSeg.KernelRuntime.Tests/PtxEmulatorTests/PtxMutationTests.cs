using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Right programs with one mistake each: all must be noticed, by a refusal, a fault or a wrong result.</summary>
public class PtxMutationTests
{
    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 37 % 101 - 50) / 8f)];

    private static bool AddIsRight(string text)
    {
        const int N = 200;
        var (x, y) = (Numbers(N), Numbers(N + 7)[7..]);
        var memory = new DeviceMemory();
        var z = memory.Allocate(4 * N, "z");
        PtxProgram.Parse(text)["add"].Run(
            memory, new PtxLaunch(4, 64), new PtxArguments().Add(memory.Allocate(x, "x")).Add(memory.Allocate(y, "y")).Add(z).Add(N));
        return memory.Read<float>(z, N).SequenceEqual(x.Zip(y, (a, b) => a + b));
    }

    private static bool SumIsRight(string text)
    {
        var x = Numbers(256);
        var memory = new DeviceMemory();
        var sums = memory.Allocate(8, "sums");
        PtxProgram.Parse(text)["blocksum"].Run(memory, new PtxLaunch(2, 128), new PtxArguments().Add(memory.Allocate(x, "x")).Add(sums));
        return memory.Read<float>(sums, 2).SequenceEqual([x.Take(128).Sum(), x.Skip(128).Sum()]);
    }

    [Fact]
    public void The_unchanged_programs_are_right()
    {
        Assert.True(AddIsRight(PtxText.VectorAdd));
        Assert.True(SumIsRight(PtxText.BlockSum));
    }

    [Theory]
    [InlineData("add.rn.f32 %f3", "add.rn.f64 %f3")]                    // wrong type
    [InlineData("add.rn.f32 %f3", "add.s32 %f3")]                       // wrong type
    [InlineData(".reg .b64 %rd<8>;", ".reg .b64 %rd<7>;")]              // undeclared register
    [InlineData(".reg .f32 %f<4>;", ".reg .f64 %f<4>;")]                // wrong class
    [InlineData("@%p1 bra DONE;", "@%p2 bra DONE;")]                    // undeclared predicate
    [InlineData("@%p1 bra DONE;", "")]                                  // no tail guard
    [InlineData("@%p1 bra DONE;", "@!%p1 bra DONE;")]                   // guard the wrong way round
    [InlineData("@%p1 bra DONE;", "@%p1 bra END;")]                     // no such label
    [InlineData("setp.ge.s32", "setp.gt.s32")]                          // one element too many
    [InlineData("setp.ge.s32 %p1, %r5, %r1", "setp.ge.s32 %p1, %r5, %n")] // undeclared register
    [InlineData("mad.lo.s32 %r5, %r2, %r3, %r4", "mad.lo.s32 %r5, %r2, %r4, %r3")] // operands exchanged
    [InlineData("mul.wide.s32 %rd4, %r5, 4", "mul.wide.s32 %rd4, %r5, 2")] // unaligned
    [InlineData("mul.wide.s32 %rd4, %r5, 4", "mul.lo.s32 %rd4, %r5, 4")] // wrong width
    [InlineData("mul.wide.s32 %rd4, %r5, 4", "mul.wide.s32 %rd4, %r5, 8")] // out of bounds
    [InlineData("ld.global.f32 %f1, [%rd5]", "ld.shared.f32 %f1, [%rd5]")] // wrong state space
    [InlineData("ld.global.f32 %f1, [%rd5]", "ld.local.f32 %f1, [%rd5]")] // wrong state space
    [InlineData("ld.global.f32 %f1, [%rd5]", "ld.global.f32 %f1, [%rd4]")] // offset instead of address
    [InlineData("ld.global.f32 %f1, [%rd5]", "ld.global.v2.f32 {%f1, %f3}, [%rd5]")] // unaligned vector
    [InlineData("ld.global.f32 %f1, [%rd5]", "ld.global.f64 %f1, [%rd5]")] // too wide
    [InlineData("ld.global.f32 %f1, [%rd5];", "")]                      // used before it has a value
    [InlineData("ld.global.nc.f32 %f2, [%rd6]", "ld.global.nc.f32 %f2, [%rd7]")] // reads the result, which has no value
    [InlineData("cvta.to.global.u64 %rd1, %rd1", "cvta.to.shared.u64 %rd1, %rd1")] // wrong state space
    [InlineData("ld.param.u32 %r1, [n]", "ld.param.u64 %r1, [n]")]      // wrong size
    [InlineData("ld.param.u32 %r1, [n]", "ld.param.u32 %r1, [count]")]  // no such parameter
    [InlineData("add.rn.f32 %f3, %f1, %f2;", "fma.f32 %f3, %f1, %f2, %f1;")] // missing rounding modifier
    [InlineData("add.rn.f32 %f3, %f1, %f2;", "fma.rn.f32 %f3, %f1, %f2, %f1;")] // another function
    [InlineData("st.global.f32 [%rd7], %f3", "st.global.f32 [%rd3], %f3")] // all threads to one place
    [InlineData(".target sm_90a", ".target sm_20")]
    public void Mistakes_in_the_vector_sum_are_noticed(string right, string wrong) => Notice(PtxText.VectorAdd, right, wrong, AddIsRight);

    [Theory]
    [InlineData("bar.sync 0;", "")]                                     // missing barrier
    [InlineData("bar.sync 0;", "bar.warp.sync 0xffffffff;")]            // a barrier for the warp alone
    [InlineData("bar.sync 0;", "membar.cta;")]                          // a fence is no barrier
    [InlineData("@%p2 bra WAIT;", "@%p2 ret;")]                         // most threads never reach the barrier
    [InlineData("shr.u32 %r5, %r5, 1;\n        setp", "shr.u32 %r5, %r5, 2;\n        setp")] // lanes left out
    [InlineData("shfl.sync.bfly.b32 %r7, %r6, %r5, 31", "shfl.sync.bfly.b32 %r7, %r6, %r5, 15")] // clamped
    [InlineData("shfl.sync.bfly.b32 %r7, %r6, %r5, 31", "shfl.sync.up.b32 %r7, %r6, %r5, 0")] // another exchange
    [InlineData("31, 0xffffffff", "31, 0x7fffffff")]                    // a lane that is not in the mask
    [InlineData("shfl.sync.bfly", "shfl.bfly")]                         // the form without .sync
    [InlineData("shl.b32 %r9, %r9, 2;", "shl.b32 %r9, %r9, 1;")]        // unaligned
    [InlineData("shl.b32 %r9, %r9, 2;", "shl.b32 %r9, %r9, 3;")]        // out of bounds
    [InlineData(".shared .align 16", ".shared .align 4")]               // an alignment the vector load needs (noticed only where it shifts)
    [InlineData("st.shared.f32 [%r10], %f1", "st.global.f32 [%r10], %f1")] // wrong state space
    [InlineData("[partial];", "[partial+4];")]                          // unaligned vector
    [InlineData("ld.shared.v4.f32", "ld.local.v4.f32")]                 // wrong state space
    [InlineData("mov.u32 %r10, partial;", "")]                          // used before it has a value
    [InlineData("and.b32 %r8, %r1, 31;", "and.b32 %r8, %r1, 15;")]      // two lanes store to one place
    public void Mistakes_in_the_block_sum_are_noticed(string right, string wrong)
    {
        // The array comes first in shared memory and is aligned by luck; another one before it takes the luck away.
        var text = wrong == ".shared .align 4"
            ? PtxText.BlockSum.Replace(".shared .align 16", ".shared .u32 other;\n    .shared .align 16") : PtxText.BlockSum;
        Notice(text.ReplaceLineEndings("\n"), right.Replace("\n        ", "\n    "), wrong.Replace("\n        ", "\n    "), SumIsRight);
    }

    private static void Notice(string text, string right, string wrong, Func<string, bool> isRight)
    {
        var mutated = text.Replace(right, wrong);
        Assert.NotEqual(text, mutated);
        try
        {
            Assert.False(isRight(mutated), "nobody noticed");
        }
        catch (Exception e) when (e is PtxRefusedException or PtxFaultException)
        {
            // Noticed.
        }
    }
}
