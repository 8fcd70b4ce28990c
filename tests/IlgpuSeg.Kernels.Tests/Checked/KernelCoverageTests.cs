#if KERNELS_BUNDLED
using System.Reflection;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>Runs after everything else, when the other tests have launched what they launch.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AfterAllOthers
{
    public const string Name = "after all others";
}

/// <summary>Every kernel of the library has been compared with its plain run.</summary>
[Collection(AfterAllOthers.Name)]
public sealed class KernelCoverageTests
{
    /// <summary>
    /// In both precisions, and with each struct that can be its type argument, though not with every combination of them. Needs a run of the
    /// whole project: what a filter leaves out counts as missing.
    /// </summary>
    [Fact]
    public void EveryKernelOfTheCatalogueWasLaunched()
    {
        if (Environment.GetEnvironmentVariable("ILGPUSEG_CPU") is { Length: > 0 }) return;
        var launched = CheckedExecution.Launched.SelectMany(Traits).ToHashSet();
        var missing = KernelCatalog.All.Where(kernel => !NeverChosen(kernel) && Traits(kernel.Method).Any(trait => !launched.Contains(trait))).ToArray();
        Assert.True(missing.Length == 0, $"{missing.Length} of {KernelCatalog.All.Count} kernels: {string.Join(", ", missing.Select(kernel => kernel.Name))}");
    }

    // Products in double take the small tiles, attention in double the CPU's form.
    private static bool NeverChosen(CatalogKernel kernel) =>
        kernel.Name.StartsWith("GemmBlock.Large<double", StringComparison.Ordinal) || kernel.Name == "AttentionBlock.Forward<double>";

    private static IEnumerable<(int Method, Type? Precision, Type? Argument)> Traits(MethodInfo kernel)
    {
        // Tensor-core products have tests of their own, which choose the combinations that differ in form.
        if (!kernel.IsGenericMethod || kernel.DeclaringType == typeof(GemmTensor)) return [(kernel.MetadataToken, null, null)];
        var arguments = kernel.GetGenericArguments();
        return arguments.Select(type => (kernel.MetadataToken, (Type?)arguments[0], (Type?)(type.IsGenericType ? type.GetGenericTypeDefinition() : type)));
    }
}
#endif
