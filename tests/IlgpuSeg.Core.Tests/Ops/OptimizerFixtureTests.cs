using IlgpuSeg.Ops;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Tests.Ops;

/// <summary>SGD over ten parameters, clipping and averages against real PyTorch (tests/fixtures/make_optim_fixtures.py).</summary>
public class OptimizerFixtureTests
{
    private static readonly Lazy<SafeTensorsFile> File = new(() => SafeTensorsFile.Open(OpFixtures.Locate("optim.safetensors")));

    public static TheoryData<string, DType> Runs
    {
        get
        {
            var data = new TheoryData<string, DType>();
            foreach (var name in File.Value.Metadata.Keys.Order())
            {
                data.Add(name, DType.Float64);
                data.Add(name, DType.Float32);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void FourStepsAsPyTorch(string name, DType dtype)
    {
        using var scope = new TensorScope();
        var c = new OpCase(File.Value, name, dtype);
        // Four steps of rounding.
        var tolerance = dtype == DType.Float64 ? 1e-14 : 2e-6;
        var weights = All("w", 0);
        var velocities = Array.ConvertAll(weights, w => Tensor.Zeros(w.Shape, dtype, w.Device));
        var averages = Array.ConvertAll(weights, w => w.Clone());
        double[] decays = [.. weights.Select((_, i) => i % 3 == 0 ? 0 : c.Number("weight_decay"))];
        for (var step = 1; step <= 4; step++)
        {
            var grads = All("g", step);
            var norm = GradientNorm.Apply(grads);
            c.Compare($"norm{step}", norm, tolerance);
            Sgd.Step(
                weights, grads, velocities, decays, new SgdRates(c.Number("lr"), c.Number("momentum"), c.Flag("nesterov")),
                c.Number("clip") > 0 ? GradientNorm.ClipScale(norm, c.Number("clip")) : null);
            MovingAverage.Step(averages, weights, c.Number("ema"));
            for (var i = 0; i < weights.Length; i++)
            {
                c.Compare($"w{step}.{i}", weights[i], tolerance);
                c.Compare($"a{step}.{i}", averages[i], tolerance);
            }
        }

        Tensor[] All(string key, int step) => [.. Enumerable.Range(0, c.Int("count")).Select(i => c.Constant($"{key}{step}.{i}"))];
    }

    [Fact]
    public void ANormOfNothingAndOptionsOutOfRangeAreRefused()
    {
        using var scope = new TensorScope();
        var x = TestTensors.Random(1, 3);
        Assert.Throws<ArgumentException>(() => GradientNorm.Apply([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientNorm.ClipScale(GradientNorm.Apply([x]), 0));
        Assert.Throws<ShapeException>(() => GradientNorm.ClipScale(x, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MovingAverage.Step([x], [x], 1));
        Assert.Throws<ShapeException>(() => MovingAverage.Step([x], [TestTensors.Random(1, 4)], 0.5));
    }
}
