using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Tests.Ptx;
using IlgpuSeg.KernelRuntime.Tests.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>Random programs leave the same bits compiled and as plain C#.</summary>
/// <remarks>
/// ILGPUSEG_RANDOM_KERNELS is the number of programs (200 where it is not set); ILGPUSEG_RANDOM_SEED a seed of ours to start from.
/// A failure prints the smallest failing program.
/// </remarks>
public sealed class RandomKernelTests : IDisposable
{
    private const int DefaultCases = 200;
    private const int PtxShare = 8;
    private readonly BothWays _ways = new();
    private int _count;
    private int _wide;

    public void Dispose() => _ways.Dispose();

    [Fact]
    public void CompiledAndPlainAgree()
    {
        var seed = Variable("ILGPUSEG_RANDOM_SEED", 1);
        var programs = Gen.Choose(0, int.MaxValue - 1).SelectMany(s => Gen.Sized(size => Gen.Constant(new ProgramGenerator(s, size).Draw())));
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(Variable("ILGPUSEG_RANDOM_KERNELS", DefaultCases))
            .WithReplay((ulong)seed, 1)
            .WithEndSize(60);
        Prop.ForAll(Arb.From(programs, ProgramShrinker.Shrink), Agree).Check(config);
        Assert.True(_wide > _count / 10, $"{_wide} of {_count} programs have code for sixteen lanes.");
    }

    [Fact]
    public void ProgramsFoundBeforeAgree() => Agree(Found.IndexOnlyTheTailNeeds);

    private static int Variable(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private void Agree(Program program)
    {
        var kernel = ProgramEmitter.Emit(program);
        // The emulator's checks make it the slowest: one program in eight.
        var isEmulated = _count++ % PtxShare == 0;
        var plain = Load(_ways.Plain, kernel);
        var simd = Load(_ways.Simd, kernel);
        if (program.IsNarrow) AgreeWide(kernel, plain);
        foreach (var (grid, group) in ((int, int)[])[(3, 8), (2, ProgramEmitter.SmallestGroup), (2, 19), .. program.MeetsAtBarriers ? [(1, 45)] : Array.Empty<(int, int)>()])
        {
            var n = (grid * group) - 2;
            var expected = Run(_ways.Plain, plain, grid, group, n);
            var actual = Run(_ways.Simd, simd, grid, group, n);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(expected[i].Equals(actual[i]),
                    $"groups of {group}, {Place(i, expected.Length / 4)}: {actual[i]} instead of {expected[i]}");
            }

            if (isEmulated)
                AgreeAsPtx(kernel, expected, grid, group, n);
        }
    }

    private void AgreeWide(RandomKernel kernel, Action<KernelConfig, ArrayView<int>, ArrayView<long>, ArrayView<float>, ArrayView<double>, int> plain)
    {
        const int Grid = 3, Group = 16;
        if (((SimdKernel)new SimdKernelCompiler(LaneWidth.Sixteen).Compile(KernelEntry.Explicit(kernel.Method, KernelSpecialization.Empty))).HasWideCode) _wide++;
        var wide = Load(_ways.Wide, kernel);
        var n = (Grid * Group) - 5;
        var expected = Run(_ways.Plain, plain, Grid, Group, n);
        var actual = Run(_ways.Wide, wide, Grid, Group, n);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(expected[i].Equals(actual[i]), $"sixteen lanes, {(Kind)(i / (expected.Length / 4))} element {i % (expected.Length / 4)}: {actual[i]} instead of {expected[i]}");
    }

    // Lanes are exchanged within blocks of eight, so that the size of a warp does not matter.
    private static void AgreeAsPtx(RandomKernel kernel, object[] expected, int grid, int group, int n)
    {
        var run = new PtxRun(KernelEntry.Explicit(kernel.Method, KernelSpecialization.Empty)) { AllowExitedThreadsAtBarrier = true };
        var values = Values(grid, group);
        var (ints, longs) = (run.AddView([.. values.Select(v => (int)v)]), run.AddView([.. values.Select(v => (long)(v * 1000))]));
        var (floats, doubles) = (run.AddView([.. values.Select(v => (float)v)]), run.AddView(values));
        run.Add(n);
        run.Launch(new KernelConfig(grid, group));
        var count = values.Length;
        object[] actual =
        [
            .. run.Read<int>(ints, count).Cast<object>(), .. run.Read<long>(longs, count).Cast<object>(),
            .. run.Read<float>(floats, count).Cast<object>(), .. run.Read<double>(doubles, count).Cast<object>(),
        ];
        for (var i = 0; i < expected.Length; i++)
            Assert.True(expected[i].Equals(actual[i]), $"PTX, groups of {group}, {Place(i, count)}: {actual[i]} instead of {expected[i]}");
    }

    private static double[] Values(int grid, int group)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, ProgramEmitter.Inputs + (grid * group * ProgramEmitter.Owned))
            .Select(i => i % 3 == 0 ? random.Next(-9, 10) : (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(40)))];
    }

    private static string Place(int i, int length)
    {
        var element = (i % length) - ProgramEmitter.Inputs;
        return $"{(Kind)(i / length)} {element % ProgramEmitter.Owned} of thread {element / ProgramEmitter.Owned}";
    }

    private static Action<KernelConfig, ArrayView<int>, ArrayView<long>, ArrayView<float>, ArrayView<double>, int> Load(
        Accelerator accelerator, RandomKernel kernel) =>
        accelerator.LoadStreamKernel(
            kernel.Method.CreateDelegate<Action<ArrayView<int>, ArrayView<long>, ArrayView<float>, ArrayView<double>, int>>());

    private static object[] Run(
        Accelerator accelerator, Action<KernelConfig, ArrayView<int>, ArrayView<long>, ArrayView<float>, ArrayView<double>, int> kernel,
        int grid, int group, int n)
    {
        var values = Values(grid, group);
        using var ints = accelerator.Allocate1D([.. values.Select(v => (int)v)]);
        using var longs = accelerator.Allocate1D([.. values.Select(v => (long)(v * 1000))]);
        using var floats = accelerator.Allocate1D([.. values.Select(v => (float)v)]);
        using var doubles = accelerator.Allocate1D(values);
        kernel(new KernelConfig(grid, group), ints.View.BaseView, longs.View.BaseView, floats.View.BaseView, doubles.View.BaseView, n);
        accelerator.Synchronize();
        return
        [
            .. ints.GetAsArray1D().Cast<object>(), .. longs.GetAsArray1D().Cast<object>(),
            .. floats.GetAsArray1D().Cast<object>(), .. doubles.GetAsArray1D().Cast<object>(),
        ];
    }
}
