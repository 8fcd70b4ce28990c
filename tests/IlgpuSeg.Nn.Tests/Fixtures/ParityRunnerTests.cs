using IlgpuSeg.Nn.Parity;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Fixtures;

/// <summary>Small parity cases made by the PyTorch twin (tests/fixtures/make_case_fixtures.sh).</summary>
public sealed class ParityRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parity").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Case(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", "cases", name + ".safetensors");

    private static string Describe(ParityReport report) =>
        string.Join(Environment.NewLine, report.Rows.Where(r => !r.Ok).Take(10).Select(r => $"{r.Name} {r.Difference:g3} allowed {r.Allowed:g3}"));

    [Theory]
    [InlineData("frm_train", DType.Float64)]
    [InlineData("frm_train", DType.Float32)]
    [InlineData("dappm_eval", DType.Float64)]
    [InlineData("dappm_eval", DType.Float32)]
    public void Case_of_the_twin_passes_and_is_written_under_the_same_names(string name, DType dtype)
    {
        var report = ParityRunner.Run(Case(name), dtype, outFolder: Path.Combine(_folder, "out"));
        Assert.True(report.Ok, Describe(report));
        Assert.Equal(report.Rows.OrderByDescending(r => r.Share).Select(r => r.Share), report.Rows.Select(r => r.Share));
        // Results are stored as float32, whose rounding is 6e-8 of the value where 2e-5 of the largest are allowed.
        if (dtype == DType.Float64)
            Assert.All(report.Rows, row => Assert.True(row.Share < 0.01, $"{row.Name}: {row.Share}"));
        using var written = SafeTensorsFile.Open(Path.Combine(_folder, "out", name + ".safetensors"));
        using var parity = ParityCase.Open(Case(name));
        Assert.Equal(parity.Results.Count() + parity.LossNames.Count(), report.Rows.Count);
        foreach (var expected in parity.Results)
            Assert.Equal(expected.Type, written[expected.Name].Type);
        Assert.Equal(name == "frm_train", written.Metadata.ContainsKey("loss_total_3"));
    }

    private string Changed(string name, Func<WeightEntry, WeightEntry?> change, Action<Dictionary<string, string>>? metadata = null)
    {
        using var file = SafeTensorsFile.Open(Case(name));
        var fields = new Dictionary<string, string>(file.Metadata);
        metadata?.Invoke(fields);
        string path = Path.Combine(_folder, "changed.safetensors");
        SafeTensorsWriter.Write(path, file.Entries.Select(change).OfType<WeightEntry>(), fields);
        return path;
    }

    [Fact]
    public void A_changed_weight_fails_and_the_worst_row_comes_first()
    {
        string path = Changed("dappm_eval", e => e.Name == "state/decoder.classifier.bias"
            ? WeightEntry.From(e.Name, e.Shape, e.ToFloats().Select(v => v + 0.01f).ToArray())
            : e);
        var report = ParityRunner.Run(path, DType.Float32);
        Assert.False(report.Ok);
        Assert.Equal("logits", report.Rows[0].Name);
        Assert.InRange(report.Rows[0].Difference, 0.0099, 0.0101);
    }

    [Fact]
    public void Not_a_number_fails()
    {
        string path = Changed("dappm_eval", e => e.Name == "state/decoder.classifier.bias"
            ? WeightEntry.From(e.Name, e.Shape, e.ToFloats().Select(_ => float.NaN).ToArray())
            : e);
        Assert.False(ParityRunner.Run(path, DType.Float32).Ok);
    }

    [Theory]
    [InlineData("mode", "test", "neither train nor eval")]
    [InlineData("mode", null, "not a parity case")]
    [InlineData("variant", "aspp", "neither frm, ppm nor dappm")]
    [InlineData("config", "[]", "not a JSON object")]
    [InlineData("config", "{", "not valid JSON")]
    [InlineData("config", "{\"dims\": 3}", "'dims' is not a list")]
    [InlineData("config", "{\"dims\": [4, 6, 8]}", "Dims")]
    [InlineData("config", "{\"classes\": \"x\"}", "'classes' is not a whole number")]
    [InlineData("config", "{}", "does not fit the network")]
    [InlineData("f32", "3", "not a JSON object of numbers")]
    [InlineData("bn_eps", "small", "is not a number")]
    public void Malformed_metadata_is_named(string key, string? value, string expected)
    {
        string path = Changed("dappm_eval", e => e, fields =>
        {
            fields.Remove(key);
            if (value is not null)
                fields[key] = value;
        });
        string message = Assert.Throws<WeightFileException>(() => ParityRunner.Run(path, DType.Float32)).Message;
        Assert.Contains(expected, message);
        Assert.StartsWith(path, message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("anchors", 10_000_000L, "lies outside the coarse plane")]
    [InlineData("target", 9L, "label 9 is neither")]
    [InlineData("target", -1L, "label -1 is neither")]
    public void Impossible_labels_and_anchors_are_named(string name, long value, string expected)
    {
        string path = Changed("frm_train", e => e.Name == name ? WeightEntry.From(e.Name, e.Shape, e.ToInt64s().Select(_ => value).ToArray()) : e);
        string message = Assert.Throws<WeightFileException>(() => ParityRunner.Run(path, DType.Float32)).Message;
        Assert.Contains($"'{name}': ", message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public void Missing_tensors_are_named()
    {
        string path = Changed("dappm_eval", e => e.Name == "input" ? null : e);
        Assert.Contains("'input': is not in the file", Assert.Throws<WeightFileException>(() => ParityRunner.Run(path, DType.Float32)).Message);
        path = Changed("dappm_eval", e => e.Name == "state/decoder.fusion.conv.weight" ? null : e);
        Assert.Contains("decoder.fusion.conv.weight", Assert.Throws<WeightFileException>(() => ParityRunner.Run(path, DType.Float32)).Message);
        path = Changed("dappm_eval", e => e.Name == "logits" ? e.Rename("grad/nothing") : e);
        Assert.Contains("'grad/nothing': is not a result", Assert.Throws<WeightFileException>(() => ParityRunner.Run(path, DType.Float32)).Message);
    }
}
