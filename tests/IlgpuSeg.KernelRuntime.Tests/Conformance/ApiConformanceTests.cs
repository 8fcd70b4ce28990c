using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Conformance;

/// <summary>
/// The bundled runtime shows nothing in ILGPU's namespaces that ILGPU 1.5.3 does not show alike: this is what keeps kernels
/// and engine compiling against the packages.
/// </summary>
public sealed class ApiConformanceTests
{
    [Fact]
    public void EveryPublicMemberIsOneOfIlgpu()
    {
        Type[] types = [.. typeof(Context).Assembly.GetExportedTypes().Where(IsIlgpu)];
        Assert.True(types.Length > 40, $"only {types.Length} types were found");
        string[] foreign = [.. types.SelectMany(ApiList.Committed.Foreign)];
        Assert.True(foreign.Length == 0, string.Join(Environment.NewLine, foreign));
    }

    [Fact]
    public void NothingElseIsPublicOutsideOfOurNamespace() =>
        Assert.All(
            typeof(Context).Assembly.GetExportedTypes().Where(type => !IsIlgpu(type)),
            type => Assert.Equal("IlgpuSeg.KernelRuntime", type.Namespace));

    [Theory]
    [InlineData(typeof(Sample), "int Foreign()")]
    [InlineData(typeof(Sample), "int Number { get; set; }")]
    [InlineData(typeof(Sample), "static void Known(long value)")]
    [InlineData(typeof(Sample), "void Optional(int value = 3)")]
    [InlineData(typeof(Sample), "event Happened")]
    [InlineData(typeof(Sample), "ctor(int number)")]
    [InlineData(typeof(Sample), "const int Constant")]
    [InlineData(typeof(Numbers), "One, Two")]
    public void CheckerFindsForeignMembers(Type type, string line)
    {
        var list = new ApiList(
            $"""
            {ApiSurface.Header(typeof(Sample))}
            static void Known(int value)
            int Number {'{'} get; {'}'}
            ctor()
            void Optional(int value)
            static int Constant

            {ApiSurface.Header(typeof(Numbers))}
            One, Two, Three
            """);
        Assert.Contains($"{ApiSurface.Header(type)}: {line}", list.Foreign(type));
        Assert.DoesNotContain($"{ApiSurface.Header(type)}: static void Known(int value)", list.Foreign(type));
    }

    [Fact]
    public void CheckerFindsForeignTypesAndOtherBaseTypes()
    {
        Assert.Equal([ApiSurface.Header(typeof(Sample))], new ApiList("").Foreign(typeof(Sample)));
        string otherBase = ApiSurface.Header(typeof(Sample)).Replace("Attribute", "Exception", StringComparison.Ordinal);
        Assert.Equal([ApiSurface.Header(typeof(Sample))], new ApiList(otherBase).Foreign(typeof(Sample)));
    }

    [Fact]
    public void CheckerKnowsLoadersOfEveryArityButNoOthers()
    {
        const string Parameters = "T1,T2,T3,T4,T5,T6,T7,T8,T9,T10,T11,T12,T13,T14";
        string list = $"""
            {ApiSurface.Header(typeof(LoadSamples))}
            Action<{Parameters}> LoadSampleKernel<{Parameters}>(this Accelerator accelerator, Action<{Parameters}> action)
            """;
        const string Wrong = "Action<T1> LoadSampleKernel<T1,T2>(this Accelerator accelerator, Action<T1,T2> action)";
        Assert.Equal([$"{ApiSurface.Header(typeof(LoadSamples))}: {Wrong}"], new ApiList(list).Foreign(typeof(LoadSamples)));
    }

    private static bool IsIlgpu(Type type) =>
        type.Namespace == "ILGPU" || type.Namespace?.StartsWith("ILGPU.", StringComparison.Ordinal) == true;

#pragma warning disable CA1822, CS0067 // Members to be looked at, not to be used.
    public enum Numbers
    {
        One,
        Two,
    }

    public sealed class Sample : Attribute
    {
        public const int Constant = 1;

        public Sample()
        {
        }

        public Sample(int number) => Number = number;

        public event EventHandler? Happened;

        public int Number { get; set; }

        public static void Known(int value) => _ = value;

        public static void Known(long value) => _ = value;

        public int Foreign() => Number;

        public void Optional(int value = 3) => Number = value;
    }
#pragma warning restore CA1822, CS0067
}

/// <summary>Two loaders: one as the arity pattern says, one with a wrong result.</summary>
public static class LoadSamples
{
    public static Action<T1, T2, T3> LoadSampleKernel<T1, T2, T3>(this Accelerator accelerator, Action<T1, T2, T3> action) =>
        accelerator is null ? throw new ArgumentNullException(nameof(accelerator)) : action;

    public static Action<T1> LoadSampleKernel<T1, T2>(this Accelerator accelerator, Action<T1, T2> action) =>
        accelerator is null ? throw new ArgumentNullException(nameof(accelerator)) : first => action(first, default!);
}
