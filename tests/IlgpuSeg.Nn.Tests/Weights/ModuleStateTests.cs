using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Weights;

public sealed class ModuleStateTests
{
    private static readonly NetworkConfig Config = new()
    {
        Dims = [4, 6, 8, 10], Depths = [1, 1, 1, 1], Ratios = [2, 2, 2, 2], Classes = 3, QueryKeyWidth = 4, FfnHidden = 6, Width = 8, FlowWidth = 4, Embedding = 6,
    };

    // Two networks with different weights: what is loaded shows.
    private readonly SegmentationNetwork _source = new(Config, seed: 1);
    private readonly SegmentationNetwork _target = new(Config, seed: 2);

    private static IWeightSource FileOf(IEnumerable<WeightEntry> entries) => SafeTensorsFile.FromBytes(SafeTensorsWriter.ToBytes(entries), "weights");

    private IEnumerable<WeightEntry> Backbone(string prefix) =>
        ModuleState.Export(_source).Where(e => IsBackbone(e.Name)).Select(e => e.Rename(prefix + e.Name["backbone.".Length..]));

    private static bool IsBackbone(string name) => name.StartsWith("backbone.", StringComparison.Ordinal);

    private void AssertLoaded(Func<string, bool> loaded)
    {
        var before = ModuleState.Export(new SegmentationNetwork(Config, seed: 2)).ToDictionary(e => e.Name, e => e.ToDoubles());
        var wanted = ModuleState.Export(_source).ToDictionary(e => e.Name, e => e.ToDoubles());
        foreach (var entry in ModuleState.Export(_target))
            Assert.Equal((loaded(entry.Name) ? wanted : before)[entry.Name], entry.ToDoubles());
        Assert.NotEqual(before["backbone.patch_embed1.proj.weight"], wanted["backbone.patch_embed1.proj.weight"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("backbone.")]
    [InlineData("module.backbone.")]
    public void A_backbones_file_loads_under_every_prefix_and_its_ImageNet_head_is_ignored(string prefix)
    {
        using var file = FileOf([
            .. Backbone(prefix), WeightEntry.From<float>(prefix + "head.weight", [5, 10], new float[50]),
            WeightEntry.From<float>(prefix + "head.bias", [5], new float[5]),
        ]);
        var report = ModuleState.Load(_target, file, LoadMode.Backbone);
        AssertLoaded(IsBackbone);
        int all = _target.NamedState().Count();
        Assert.Equal(file.Entries.Count - 2, report.Matched.Count);
        Assert.Equal(all - report.Matched.Count, report.Missing.Count);
        Assert.Equal(["head.bias", "head.weight"], report.Ignored.Select(n => n[prefix.Length..]).Order());
        Assert.Empty(report.Unexpected);
        Assert.Equal($"{report.Matched.Count} matched, {report.Missing.Count} missing, 0 unexpected, 0 mis-shaped, 2 of an ImageNet head ignored", report.Summary);
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    public void A_whole_networks_file_loads_strictly_with_or_without_the_embedding_head(string prefix)
    {
        using var file = FileOf(ModuleState.Export(_source, prefix).Where(e => !e.Name.Contains("embedding.", StringComparison.Ordinal)));
        var report = ModuleState.Load(_target, file);
        AssertLoaded(name => !name.StartsWith("embedding.", StringComparison.Ordinal));
        Assert.Equal(["embedding.bias", "embedding.weight"], report.Missing.Order());
    }

    [Fact]
    public void Half_precision_loads()
    {
        using var file = FileOf(ModuleState.Export(_source).Select(e => e.Type == WeightType.Float32
            ? WeightEntry.From(e.Name, e.Shape, Array.ConvertAll(e.ToFloats(), v => (Half)v))
            : e));
        ModuleState.Load(_target, file);
        var wanted = ModuleState.Export(_source).ToDictionary(e => e.Name, e => Array.ConvertAll(e.ToFloats(), v => (float)(Half)v));
        Assert.All(ModuleState.Export(_target), entry => Assert.Equal(wanted[entry.Name], entry.ToFloats()));
    }

    [Fact]
    public void Strict_loading_names_what_is_missing_unexpected_and_misshaped_and_changes_nothing()
    {
        var entries = ModuleState.Export(_source).Where(e => e.Name != "context.dnl.gamma" && e.Name != "decoder.classifier.bias")
            .Append(WeightEntry.From<float>("decoder.classifier.bias", [4], new float[4])).Append(WeightEntry.From<float>("aux.weight", [1], new float[1]));
        using var file = FileOf(entries);
        var error = Assert.Throws<WeightFileException>(() => ModuleState.Load(_target, file)).Message;
        Assert.Contains("lacks context.dnl.gamma", error);
        Assert.Contains("decoder.classifier.bias is [4], the network's decoder.classifier.bias is [3]", error);
        Assert.Contains("unexpected keys aux.weight", error);
        AssertLoaded(_ => false);

        var report = ModuleState.Load(_target, file, LoadMode.Matching);
        AssertLoaded(name => name is not ("context.dnl.gamma" or "decoder.classifier.bias"));
        Assert.Equal(["context.dnl.gamma", "decoder.classifier.bias"], report.Missing.Order());
        Assert.Equal(["aux.weight"], report.Unexpected);
        Assert.Single(report.MisShaped);
    }

    [Fact]
    public void A_backbone_that_lacks_a_key_or_gives_one_twice_is_refused()
    {
        using var lacking = FileOf(Backbone("").Where(e => e.Name != "norm2.weight"));
        Assert.Contains("lacks backbone.norm2.weight", Assert.Throws<WeightFileException>(() => ModuleState.Load(_target, lacking, LoadMode.Backbone)).Message);
        using var twice = FileOf(Backbone("").Append(Backbone("module.").First()));
        Assert.Contains("a second value of backbone.", Assert.Throws<WeightFileException>(() => ModuleState.Load(_target, twice, LoadMode.Backbone)).Message);
        AssertLoaded(_ => false);
    }
}
