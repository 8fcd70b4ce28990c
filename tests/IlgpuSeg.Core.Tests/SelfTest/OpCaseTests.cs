using System.Globalization;
using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using IlgpuSeg.Ops;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>Random cases of every operation: gradients in Float64 against numerical ones, Float32 against Float64.</summary>
/// <remarks>
/// ILGPUSEG_OP_CASES is the number of cases of each operation (12 where it is not set), ILGPUSEG_OP_SEED the first seed. A failure
/// prints the smallest failing case that was found.
/// </remarks>
public class OpCaseTests
{
    private const int DefaultCases = 12;

    public static TheoryData<string> Names => [.. OpCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsAgreeWithDifferences(string name) => ForAllSamples(name, CaseSize.Small, sample =>
    {
        if (!sample.IsDifferentiable) return;
        var seen = sample.CheckGradients(Device.Cpu, maxElements: 25);
        Assert.True(seen.MaxError <= sample.Case.GradCheckTolerance, $"{seen.MaxError:E2} at {seen.Where}");
        Assert.True(seen.Checked > 0);
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void SinglePrecisionAgreesWithDouble(string name) => ForAllSamples(name, CaseSize.Small, AgreesInSinglePrecision);

    [Theory]
    [MemberData(nameof(Names))]
    public void LargeCasesAgreeInSinglePrecision(string name)
    {
        for (ulong seed = 1; seed <= 3; seed++) AgreesInSinglePrecision(Find(name).Draw(seed, CaseSize.Large));
    }

    [Fact]
    public void EveryOperationHasACase()
    {
        var covered = OpCases.All.Select(c => c.Op).ToHashSet();
        Assert.Equal([], Operations().Except(covered).Order());
        Assert.Equal([], covered.Except(Operations()).Order());
        Assert.Equal(OpCases.All.Count, OpCases.All.Select(c => c.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheFirstCaseIsTheSmallest(string name)
    {
        var sample = Find(name).Draw(7, CaseSize.One);
        Assert.All(sample.Choices, choice => Assert.Equal(0, choice));
        Assert.All(SelfTestRunner.Check(sample, Device.Cpu, new SelfTestOptions()), row => Assert.True(row.Ok, row.ToString()));
    }

    [Fact]
    public void AWrongGradientIsARowThatFails()
    {
        var wrong = new OpCase("Wrong", draw =>
        {
            draw.Parameter("x", draw.Image());
            return t => Autograd.Record("Wrong", Multiply.Apply(t[0].Detach(), t[0].Detach()), [t[0]], g => [g.Detach()]);
        });
        var rows = SelfTestRunner.Check(wrong.Draw(1, CaseSize.Small), Device.Cpu, new SelfTestOptions());
        Assert.Equal(["forward", "backward", "gradcheck"], rows.Select(row => row.Pass));
        Assert.False(rows[2].Ok);
        Assert.Contains("analytic", rows[2].Detail);
    }

    [Fact]
    public void AnExceptionIsARowThatFails()
    {
        var broken = new OpCase("Broken", draw =>
        {
            draw.Parameter("x", draw.Image());
            return t => MatMul.Apply(t[0], t[0]);
        });
        var rows = SelfTestRunner.Check(broken.Draw(1, CaseSize.Small), Device.Cpu, new SelfTestOptions { GradientChecks = false });
        Assert.Contains("MatMul", Assert.Single(rows).Detail);
        Assert.False(rows[0].Ok);
    }

    [Fact]
    public void FailuresShrinkToTheSmallestCase()
    {
        var error = Assert.ThrowsAny<Exception>(() => ForAllSamples("Add.Apply", CaseSize.Small, sample =>
            Assert.True(sample.Inputs[0].Shape[3] < 4, "too many channels")));
        Assert.Contains("n=1 h=1 w=1 c=4", error.ToString());
    }

    private static void AgreesInSinglePrecision(OpSample sample)
    {
        var rows = SelfTestRunner.Compare(sample, sample.Run(DType.Float64, Device.Cpu), DType.Float32, Device.Cpu);
        Assert.All(rows, row => Assert.True(row.Ok, row.ToString()));
    }

    private static void ForAllSamples(string name, CaseSize size, Action<OpSample> check)
    {
        var first = (ulong)Variable("ILGPUSEG_OP_SEED", 1);
        var samples = Gen.Choose(0, int.MaxValue - 1).Select(seed => Find(name).Draw((ulong)seed, size));
        var config = Config.QuickThrowOnFailure.WithMaxTest(Variable("ILGPUSEG_OP_CASES", DefaultCases)).WithReplay(first, 1);
        Prop.ForAll(Arb.From(samples, Smaller), check).Check(config);
    }

    /// <summary>The same elements' seed with one choice less: at once the least, half, one less.</summary>
    private static IEnumerable<OpSample> Smaller(OpSample sample)
    {
        for (var i = 0; i < sample.Choices.Count; i++)
        {
            foreach (var smaller in new[] { 0, sample.Choices[i] / 2, sample.Choices[i] - 1 }.Distinct())
            {
                if (smaller < 0 || smaller >= sample.Choices[i]) continue;
                yield return sample.Case.Draw(sample.Seed, sample.Size, [.. sample.Choices.Take(i), smaller, .. sample.Choices.Skip(i + 1)]);
            }
        }
    }

    private static OpCase Find(string name) => OpCases.All.Single(c => c.Name == name);

    /// <summary>Every public method of the operations that takes tensors: "Conv2d.Apply".</summary>
    private static IEnumerable<string> Operations() =>
        from type in typeof(Conv2d).Assembly.GetExportedTypes()
        where type.Namespace == typeof(Conv2d).Namespace
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        where method.GetParameters().Any(p => p.ParameterType == typeof(Tensor) || p.ParameterType == typeof(Tensor[]))
        group method by $"{type.Name}.{method.Name}" into named
        select named.Key;

    private static int Variable(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
