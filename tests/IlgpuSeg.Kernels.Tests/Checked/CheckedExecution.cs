#if KERNELS_BUNDLED
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using IlgpuSeg.KernelRuntime.Backends;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>
/// Runs every launch twice, as plain C# and compiled, from the same memory, and fails where the results differ. All tests of this project run
/// on it, unless ILGPUSEG_CPU chooses an execution. Tensor-core products run compiled only: their portable bodies exchange a value between
/// threads in every other line, and a plain run, which switches threads for that, takes a minute. Their tests compare with other products.
/// </summary>
internal sealed class CheckedExecution : CpuExecution
{
    // Plainly, the threads of a group take turns at every barrier, which takes seconds for a few large groups: of a kernel with barriers, so many
    // launches of large groups are compared. The tests compare the results of all with formulas or other kernels anyway.
    private const int ComparedLaunches = 4;
    private const int LargeGroup = 32;

    private static readonly ConcurrentDictionary<MethodInfo, int> LaunchedKernels = new();

    /// <summary>The kernels that have been launched.</summary>
    public static IEnumerable<MethodInfo> Launched => LaunchedKernels.Keys;

    /// <summary>As of the widest processors, so that which kernels run does not depend on the machine.</summary>
    public override LaneWidth Width => LaneWidth.Sixteen;

    public override ICpuKernelCompiler CreateCompiler() => new Compiler();

    // Before any test opens the CPU.
#pragma warning disable CA2255 // A test assembly is an application, not a library.
    [ModuleInitializer]
    public static void Install()
    {
        if (Environment.GetEnvironmentVariable("ILGPUSEG_CPU") is { Length: > 0 }) return;
        Default = new CheckedExecution();
        // Launchers choose tiles by the number of processors: which kernels run must not depend on the machine.
        Environment.SetEnvironmentVariable(WorkerPool.ThreadsVariable, "2");
    }
#pragma warning restore CA2255

    private sealed class Compiler : ICpuKernelCompiler
    {
        private readonly ICpuKernelCompiler plain = Plain.CreateCompiler();
        private readonly ICpuKernelCompiler simd = WideSimd.CreateCompiler();

        public CompiledCpuKernel Compile(KernelEntry entry) => new Kernel(entry, plain.Compile(entry), simd.Compile(entry), KernelTraits.Of(entry));

    }

    /// <summary>What matters for a comparison.</summary>
    /// <param name="UsesVectorFunctions">Whether the compiled code computes functions in its own way; all else (fused multiply-adds, roots, roundings) is exact both ways.</param>
    /// <param name="HasBarriers">Whether the threads of a group wait for each other.</param>
    private sealed record KernelTraits(bool UsesVectorFunctions, bool HasBarriers)
    {
        public static KernelTraits Of(KernelEntry entry)
        {
            var values = KernelCompiler.BuildIr(entry).Values().ToArray();
            return new KernelTraits(
                values.Any(v => v.Op == Op.Math && v.Math is not
                    (MathKind.Sqrt or MathKind.Floor or MathKind.Ceiling or MathKind.Truncate or MathKind.RoundEven
                    or MathKind.PopCount or MathKind.LeadingZeros or MathKind.TrailingZeros)),
                values.Any(v => v.Op is Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast));
        }
    }

    private sealed unsafe class Kernel(KernelEntry entry, CompiledCpuKernel plain, CompiledCpuKernel simd, KernelTraits traits) : CompiledCpuKernel
    {
        // The launch is one range of groups: nobody else writes while the memory is put back.
        public override int MaxWorkers(in LaunchDimensions dimensions) => 1;

        public override CompiledCpuKernel Specialize(byte* arguments) =>
            simd.Specialize(arguments) is var version && version == simd ? this : new Kernel(entry, plain, version, traits);

        public override void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
        {
            var takesTurns = traits.HasBarriers && dimensions.Group.Size > LargeGroup ? 1 : 0;
            var launches = LaunchedKernels.AddOrUpdate(entry.Method, takesTurns, (_, before) => before + takesTurns);
            if (entry.Method.DeclaringType == typeof(GemmTensor) || (takesTurns == 1 && launches > ComparedLaunches))
            {
                simd.RunGroups(arguments, dimensions, firstGroup, groupCount);
                return;
            }
            var regions = MemoryRegion.Of(entry, arguments);
            var before = regions.ConvertAll(region => region.Copy());
            plain.RunGroups(arguments, dimensions, firstGroup, groupCount);
            var expected = regions.ConvertAll(region => region.Copy());
            for (var i = 0; i < regions.Count; i++) regions[i].Restore(before[i]);
            simd.RunGroups(arguments, dimensions, firstGroup, groupCount);
            for (var i = 0; i < regions.Count; i++)
            {
                if (regions[i].FindDifference(expected[i], traits.UsesVectorFunctions) is { } difference)
                    Assert.Fail($"{entry.Name}, grid {dimensions.Grid}, groups {dimensions.Group}: compiled and plain runs differ: {difference}");
            }
        }
    }
}
#endif
