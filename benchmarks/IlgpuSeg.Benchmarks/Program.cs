using System.CommandLine;
using BenchmarkDotNet.Running;
using IlgpuSeg.Benchmarks;
#if KERNELS_BUNDLED
using IlgpuSeg.Benchmarks.Micro;
#endif

// Verbs of our own, a table each; everything else is BenchmarkDotNet's.
Command[] verbs =
[
    NetworkStep.Create(), OperationTimes.Create(),
#if KERNELS_BUNDLED
    ElementwiseComparison.Create(), ProductComparison.Create(), LaunchTimes.Create(), CompileTimes.Create(), GroupProducts.Create(), MinimalFilters.Create(),
#endif
];
if (args is [var first, ..] && verbs.FirstOrDefault(verb => verb.Name == first) is { } chosen)
    return chosen.Parse(args[1..]).Invoke();
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
