using System.Text.RegularExpressions;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU;
using ILGPU.Runtime;
using Group = ILGPU.Group;
using Warp = ILGPU.Warp;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>What the compiler emits, with one mistake each: all must be noticed, by a refusal, a fault or a wrong result.</summary>
public sealed class PtxEmittedMutationTests
{
    private const int Size = 64;

    private readonly record struct Four(float X, float Y, float Z, float W);

    [Fact]
    public void TheEmittedTextIsRight() => Assert.True(IsRight(text => text));

    [Theory]
    [InlineData(@"add\.rn\.f32", "add.rn.f64")]                                   // wrong type
    [InlineData(@"add\.rn\.f32", "sub.rn.f32")]                                   // wrong operation
    [InlineData(@"add\.rn\.f32", "add.s32")]                                      // wrong type
    [InlineData(@"\.reg \.f32 %f<\d+>", ".reg .f32 %f<3>")]                       // undeclared registers
    [InlineData(@"\.reg \.b64 %rd<", ".reg .f64 %rd<")]                           // wrong class
    [InlineData(@"\.reg \.pred %p<\d+>;", "")]                                    // undeclared registers
    [InlineData(@"bar\.sync 0;", "")]                                             // no barrier
    [InlineData(@"bar\.sync 0;", "bar.warp.sync 0xffffffff;")]                    // of the warp only
    [InlineData(@"bar\.sync 0;", "membar.gl;")]                                   // a fence is no barrier
    [InlineData(@"ld\.global\.nc\.v4\.f32 (\{.*\}), \[(%rd\d+)\]", "ld.global.nc.v4.f32 $1, [$2+4]")]  // unaligned vector
    [InlineData(@"ld\.global\.nc\.v4\.f32", "ld.global.nc.v4.f64")]               // too wide
    [InlineData(@"ld\.global\.nc\.v4\.f32", "ld.shared.v4.f32")]                  // wrong space
    [InlineData(@"st\.shared\.f32 \[(%r\d+)\]", "st.shared.f32 [$1+2]")]          // unaligned
    [InlineData(@"st\.shared\.f32", "st.global.f32")]                             // wrong space
    [InlineData(@"st\.global\.f32", "st.shared.f32")]                             // wrong space
    [InlineData(@"shared_memory\[\d+\]", "shared_memory[64]")]                    // too small
    [InlineData(@"(shfl\.sync\.idx\.b32 %f\d+, %f\d+), %r\d+", "$1, 7")]          // wrong lane
    [InlineData(@"(shfl\.sync\.idx\.b32 .*), 31, ", "$1, 15, ")]                  // clamped to lane 15
    [InlineData(@"shfl\.sync\.idx(.*)0xffffffff", "shfl.sync.idx$1 0x0fffffff")]  // lanes that are not in the mask
    [InlineData(@"shfl\.sync\.idx", "shfl.sync.up")]                              // another exchange
    [InlineData(@"mov\.u32 (%r\d+), %tid\.x", "mov.u32 $1, %ctaid.x")]            // all threads to one place
    [InlineData(@"arguments\+48", "arguments+40")]                                // another argument
    [InlineData(@"ld\.param\.b64 (%rd\d+), \[arguments\+24\]", "ld.param.b64 $1, [arguments+28]")] // unaligned argument
    [InlineData(@"setp\.ge\.s32", "setp.gt.s32")]                                 // one thread too many
    [InlineData(@"@!%p", "@%p")]                                                  // guards the wrong way round
    [InlineData(@"mad\.wide\.s32", "mad.lo.s32")]                                 // wrong width
    [InlineData(@", 16, %rd", ", 8, %rd")]                                        // wrong scale
    [InlineData(@"ld\.shared\.f32 (%f\d+), .*;", "")]                             // never loaded
    public void MistakesAreNoticed(string pattern, string replacement)
    {
        try
        {
            Assert.False(IsRight(text =>
            {
                var mutated = Regex.Replace(text, pattern, replacement);
                Assert.NotEqual(text, mutated);
                return mutated;
            }), "nobody noticed");
        }
        catch (Exception e) when (e is PtxRefusedException or PtxFaultException)
        {
            // Noticed.
        }
    }

    private static bool IsRight(Func<string, string> mutate)
    {
        var run = PtxRun.Of(Kernel);
        run.Text = mutate(run.Module.Text);
        float[] x = [.. Enumerable.Range(0, 4 * Size).Select(i => (i * 37 % 101) / 8f)];
        run.AddView(x);
        var y = run.AddView(new float[2 * Size]);
        const int N = Size - 3;
        run.Add(N);
        run.Launch(new KernelConfig(1, Size));
        var sums = Enumerable.Range(0, Size).Select(i => i < N ? x[4 * i] + x[(4 * i) + 1] + (x[(4 * i) + 2] + x[(4 * i) + 3]) : 0).ToArray();
        var reversed = Enumerable.Range(0, Size).Select(i => sums[Size - 1 - i]).ToArray();
        var shuffled = Enumerable.Range(0, Size).Select(i => reversed[i] + reversed[i ^ 21]);
        return run.Read<float>(y, 2 * Size).SequenceEqual([.. shuffled, .. new float[Size]]);
    }

    // Sums of four, reversed through shared memory, each plus that of another lane.
    private static void Kernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var shared = SharedMemory.Allocate<float>(Size);
        var i = Group.IdxX;
        var sum = 0f;
        if (i < n)
        {
            var v = x.Cast<Four>()[i];
            sum = v.X + v.Y + (v.Z + v.W);
        }

        shared[i] = sum;
        Group.Barrier();
        var other = shared[Size - 1 - i];
        y[i] = other + Warp.ShuffleXor(other, 21);
    }
}
