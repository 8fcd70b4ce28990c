using IlgpuSeg.Nn;

namespace IlgpuSeg.Tests;

/// <summary>The counts that the paper's tables and an independent implementation give.</summary>
public class ModelCountTests
{
    private static readonly SegmentationNetwork Frm = SegmentationNetwork.Blank(Models.Config("van-s-frm"));

    [Theory]
    [InlineData("van-s-frm", 16_477_525, 214.8184)]
    [InlineData("van-s-ppm", 15_229_395, 213.2142)]
    [InlineData("van-s-dappm", 15_979_987, 214.8122)]
    [InlineData("van-t-frm", 5_567_221, 144.0148)]
    [InlineData("van-b-frm", 29_194_197, 320.1510)]
    [InlineData("van-l-frm", 47_381_333, 485.7122)]
    public void ParametersAndGflopsAreThePapers(string name, long parameters, double gflops)
    {
        var network = SegmentationNetwork.Blank(Models.Config(name));
        var trace = network.Trace([1, 1024, 2048, 3]);
        Assert.Equal(parameters, network.InferenceParameterCount);
        Assert.Equal(parameters, trace.Layers.Sum(l => l.Parameters));
        Assert.Equal(gflops, trace.Layers.Sum(l => l.Ops) / 1e9, 0.00005);
    }

    [Fact]
    public void FrmAtBdd100kSize() => Assert.Equal(94.5570, Frm.Trace([1, 720, 1280, 3]).Layers.Sum(l => l.Ops) / 1e9, 0.00005);

    [Fact]
    public void MacsWithAndWithoutTheAttentionsProducts()
    {
        var layers = Frm.Trace([1, 1024, 2048, 3]).Layers;
        Assert.Equal(213.386, layers.Where(l => l.Parameters > 0).Sum(l => l.Macs) / 1e9, 0.0005);
        Assert.Equal(214.729, layers.Sum(l => l.Macs) / 1e9, 0.0005);
    }

    [Theory]
    [InlineData(187_648, 24.696, "backbone.patch_embed1.", "backbone.block1.", "backbone.norm1")]
    [InlineData(741_504, 24.348, "backbone.patch_embed2.", "backbone.block2.", "backbone.norm2")]
    [InlineData(5_042_240, 41.332, "backbone.patch_embed3.", "backbone.block3.", "backbone.norm3")]
    [InlineData(7_377_408, 15.113, "backbone.patch_embed4.", "backbone.block4.", "backbone.norm4")]
    [InlineData(1_574_402, 1.2112, "context.dnl")]
    [InlineData(264_576, 0.5421, "context.ffn")]
    [InlineData(131_328, 0.2692, "context.cut")]
    [InlineData(66_688, 2.034, "decoder.lateral")]
    [InlineData(56_064, 2.158, "decoder.align")]
    [InlineData(443_136, 25.433, "decoder.side")]
    [InlineData(590_080, 77.360, "decoder.fusion")]
    [InlineData(2_451, 0.321, "decoder.classifier")]
    public void PartsAreTheDescriptions(long parameters, double gflops, params string[] prefixes)
    {
        var part = Frm.Trace([1, 1024, 2048, 3]).Layers.Where(l => prefixes.Any(p => l.Path.StartsWith(p, StringComparison.Ordinal))).ToList();
        Assert.Equal(parameters, part.Sum(l => l.Parameters));
        Assert.Equal(gflops, part.Sum(l => l.Ops) / 1e9, 0.0005);
    }

    // A pretrained file has 318 keys: these, and the ImageNet head's weight and bias.
    [Fact]
    public void TheBackboneHasThe316KeysOfAPretrainedFile() =>
        Assert.Equal(316, Frm.NamedState().Count(p => p.Name.StartsWith("backbone.", StringComparison.Ordinal)));

    [Fact]
    public void TooSmallAnInputIsRefused()
    {
        var e = Assert.Throws<ShapeException>(() => Frm.Trace([1, 32, 64, 3]));
        Assert.Contains("33 or more", e.Message);
    }

    [Fact]
    public void UnknownModelsAndSettingsAreRefused()
    {
        Assert.Contains("van-s-frm", Assert.Throws<ArgumentException>(() => Models.Config("van-x")).Message);
        Assert.Contains("Depths", Assert.Throws<ArgumentException>(() => new NetworkConfig { Depths = [1, 2] }.Validate()).Message);
        Assert.Contains("Classes", Assert.Throws<ArgumentException>(() => new NetworkConfig { Classes = 0 }.Validate()).Message);
    }
}
