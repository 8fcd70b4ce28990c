using BenchmarkDotNet.Running;
using IlgpuSeg.Benchmarks;

// `step` times whole network steps beside the peer; everything else is BenchmarkDotNet's.
if (args is ["step", ..])
    return NetworkStep.Create().Parse(args[1..]).Invoke();
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
