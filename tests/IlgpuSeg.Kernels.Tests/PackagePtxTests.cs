#if KERNELS_ILGPU
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The package's own compiler takes every kernel of the library: PTX for sm_80, which needs no GPU.</summary>
public sealed class PackagePtxTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.Default().EnableAlgorithms().Optimize(OptimizationLevel.O2));

    public PackagePtxTests() => IntrinsicRegistration.Register(context);

    public static TheoryData<string> Classes => [.. KernelCatalog.All.Select(kernel => kernel.Method.DeclaringType!.Name).Distinct()];

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Classes))]
    public void Compiles(string name)
    {
        // The last argument is NVIDIA's math library, for which the context does not ask.
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        foreach (var kernel in KernelCatalog.All.Where(kernel => kernel.Method.DeclaringType!.Name == name))
        {
            var compiled = Assert.IsType<PTXCompiledKernel>(backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), new KernelSpecialization(null, null)));
            Assert.Contains(".target sm_80", compiled.PTXAssembly);
            Assert.Contains(".visible .entry", compiled.PTXAssembly);
            // A function that the package does not know becomes a declaration that no driver can resolve.
            Assert.DoesNotContain(".extern .func", compiled.PTXAssembly);
        }
    }
}
#endif
