using System.Reflection;
using System.Text.RegularExpressions;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The list of the library's kernels.</summary>
public sealed partial class KernelCatalogTests
{
    [Fact]
    public void NamesAreUnique() =>
        Assert.Empty(KernelCatalog.All.GroupBy(kernel => kernel.Name).Where(group => group.Count() > 1).Select(group => group.Key));

    [Fact]
    public void EveryKernelMethodIsThereInEveryPrecision()
    {
        var methods = typeof(KernelCatalog).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.Name.EndsWith("Kernel", StringComparison.Ordinal));
        foreach (var method in methods)
        {
            var closed = KernelCatalog.All.Where(kernel => kernel.Method.MetadataToken == method.MetadataToken).Select(kernel => kernel.Method).ToArray();
            Assert.All(closed, kernel => Assert.False(kernel.ContainsGenericParameters));
            if (method.GetGenericArguments().Any(argument => argument.Name == "T"))
            {
                Assert.Contains(closed, kernel => kernel.GetGenericArguments().Contains(typeof(float)));
                var onlyFloat = method.GetGenericArguments().Any(a => a.GetCustomAttribute<CataloguedWithAttribute>()?.Definition == typeof(Real32));
                Assert.Equal(!onlyFloat, closed.Any(kernel => kernel.GetGenericArguments().Contains(typeof(double))));
            }
            else
            {
                Assert.NotEmpty(closed);
            }
        }
    }

    [Fact]
    public void StructTypeArgumentsAreChosenByTheirConstraints()
    {
        Assert.Equal(
            ["BatchNorm.Normalize<double, GeluActivation>", "BatchNorm.Normalize<double, IdentityActivation>",
             "BatchNorm.Normalize<double, ReluActivation>", "BatchNorm.Normalize<float, GeluActivation>",
             "BatchNorm.Normalize<float, IdentityActivation>", "BatchNorm.Normalize<float, ReluActivation>"],
            Names("BatchNorm.Normalize<"));
        Assert.Equal(
            ["ColumnReduction.Partial<double, ProductTerm>", "ColumnReduction.Partial<double, SumTerm>",
             "ColumnReduction.Partial<float, ProductTerm>", "ColumnReduction.Partial<float, SumTerm>"],
            Names("ColumnReduction.Partial<"));
        Assert.Equal(6, Names("DepthwiseLines.Weight<").Length);
        Assert.Equal(["Gather.Link"], Names("Gather.Link"));
        Assert.Equal(typeof(Real32), KernelCatalog.Find("GemmTile.Wide<float, ActivationEpilogue<ReluActivation>>").Method.GetGenericArguments()[1]);
    }

    [Fact]
    public void NamesAreReadable() => Assert.All(KernelCatalog.All, kernel => Assert.Matches(Readable(), kernel.Name));

    private static string[] Names(string start) =>
        [.. KernelCatalog.All.Select(kernel => kernel.Name).Where(name => name.StartsWith(start, StringComparison.Ordinal))];

    [GeneratedRegex(@"^\w+\.\w+(<\w+(, \w+(<\w+>)?)*>)?$")]
    private static partial Regex Readable();
}
