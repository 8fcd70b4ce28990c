using System.Text.Json;
using IlgpuSeg.Nn.Parity;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;
using Xunit.Abstractions;

namespace IlgpuSeg.Nn.Tests.Fixtures;

/// <summary>
/// Every module of the network against real PyTorch in float64 (tests/fixtures/make_module_fixtures.py): outputs, the gradients of all
/// inputs and parameters, BatchNorm's statistics. Bounds are relative to the largest value of the tensor compared, or a hundredth of
/// the case's largest gradient where that is more (some gradients are zero by mathematics).
/// </summary>
public sealed class ModuleFixtureTests(ITestOutputHelper output)
{
    private const double DoubleBound = 1e-9, FloatBound = 1e-4;

    private static readonly SafeTensorsFile File =
        SafeTensorsFile.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", "modules.safetensors"));

    public static TheoryData<string, DType> Cases()
    {
        var cases = new TheoryData<string, DType>();
        foreach (string name in File.Metadata.Keys.Order(StringComparer.Ordinal))
        {
            cases.Add(name, DType.Float64);
            cases.Add(name, DType.Float32);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Module_agrees_with_PyTorch(string name, DType dtype)
    {
        using var scope = new TensorScope();
        var settings = JsonDocument.Parse(File.Metadata[name]).RootElement;
        var fixture = ModuleFixture.Create(name[..name.IndexOf('.')], settings, dtype);
        ModuleState.Load(fixture.Module, File, LoadMode.Strict, $"{name}/state/");
        bool training = settings.GetProperty("training").GetBoolean();
        fixture.Module.Train(training);
        var inputs = fixture.Inputs.Select(input => Input($"{name}/{input}", dtype)).ToArray();
        var computed = Run(name, fixture, inputs, dtype);
        if (training)
        {
            foreach (var buffer in fixture.Module.NamedBuffers())
                computed.Add(ModuleState.Export(buffer, $"after/{buffer.Name}"));
        }
        Compare(name, computed, dtype == DType.Float64 ? DoubleBound : FloatBound);
    }

    private static Tensor Input(string key, DType dtype)
    {
        var tensor = TorchImages.Import(File[key], dtype, Device.Cpu);
        tensor.RequiresGrad = true;
        return tensor;
    }

    private static List<WeightEntry> Run(string name, ModuleFixture fixture, Tensor[] inputs, DType dtype)
    {
        var outputs = fixture.Forward(inputs);
        var computed = new List<WeightEntry>();
        if (outputs.Length == 1)
        {
            computed.Add(TorchImages.Export("y", outputs[0]));
            outputs[0].Backward(TorchImages.Import(File[$"{name}/gy"], dtype, Device.Cpu));
        }
        else
        {
            computed.Add(Flatten(outputs));
            BackwardFlat(File[$"{name}/gy"].ToDoubles(), outputs, dtype);
        }
        for (int i = 0; i < inputs.Length; i++)
            computed.Add(TorchImages.Export("g" + fixture.Inputs[i], inputs[i].Grad!));
        computed.AddRange(fixture.Module.NamedParameters().Select(p => ModuleState.Export(p, $"grad/{p.Name}", p.Value.Grad)));
        return computed;
    }

    /// <summary>The backbone's case holds its four maps as one flat array.</summary>
    private static WeightEntry Flatten(Tensor[] outputs)
    {
        double[] all = [.. outputs.SelectMany(o => TorchImages.Export("", o).ToDoubles())];
        return WeightEntry.From("y", [all.Length], all);
    }

    private static void BackwardFlat(double[] gradient, Tensor[] outputs, DType dtype)
    {
        int at = 0;
        Tensor? total = null;
        foreach (var map in outputs)
        {
            var part = WeightEntry.From("gy", [map.N, map.C, map.H, map.W], gradient[at..(at + map.Count)]);
            var contracted = Ops.Sum.Apply(Ops.Multiply.Apply(map, TorchImages.Import(part, dtype, Device.Cpu)));
            total = total is null ? contracted : Ops.Add.Apply(total, contracted);
            at += map.Count;
        }
        total!.Backward();
    }

    private void Compare(string name, List<WeightEntry> computed, double bound)
    {
        var problems = new List<string>();
        double worst = 0;
        double largest = computed.Where(e => e.Name[0] == 'g').Max(e => Largest(File[$"{name}/{e.Name}"].ToDoubles()));
        foreach (var actual in computed)
        {
            var expected = File[$"{name}/{actual.Name}"];
            Assert.Equal(expected.Shape, actual.Shape);
            double[] a = expected.ToDoubles(), b = actual.ToDoubles();
            double scale = Math.Max(Largest(a), 0.01 * largest);
            double difference = a.Zip(b, (x, y) => double.IsNaN(y) ? double.PositiveInfinity : Math.Abs(x - y)).Max() / scale;
            worst = Math.Max(worst, difference);
            if (!(difference <= bound))
                problems.Add($"{name}/{actual.Name}: differs by {difference:g3} of {scale:g3}, allowed {bound:g3}");
        }
        output.WriteLine($"{name}: {computed.Count} tensors, largest difference {worst:g3}, allowed {bound:g3}");
        Assert.True(problems.Count == 0, string.Join(Environment.NewLine, problems));
        int expectedCount = File.Entries.Count(e => e.Name.StartsWith($"{name}/g", StringComparison.Ordinal)) - 1
            + File.Entries.Count(e => e.Name.StartsWith($"{name}/after/", StringComparison.Ordinal)) + 1;
        Assert.Equal(expectedCount, computed.Count);
    }

    private static double Largest(double[] values) => values.Select(Math.Abs).DefaultIfEmpty(0).Max();
}
