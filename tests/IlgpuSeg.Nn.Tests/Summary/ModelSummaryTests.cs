using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Tests.Summary;

public class ModelSummaryTests
{
    [Fact]
    public void TheTreeSumsUpToTheNetwork()
    {
        var summary = ModelSummary.Of("van-t-frm", 256, 128);
        var tree = summary.Tree;
        Assert.Equal(summary.Parameters, tree.Parameters);
        Assert.Equal(summary.Gflops, tree.Ops / 1e9, 1e-9);
        Assert.Equal(summary.Gmacs, tree.Macs / 1e9, 1e-9);
        Assert.Equal(new Shape(1, 128, 256, 19), tree.Output);
        Assert.Equal(["backbone", "AvgPool F1", "AvgPool F2", "AvgPool F3", "Concat", "context", "decoder", "Resize"], tree.Children.Select(c => c.Name));
        var block = tree.Children[0].Children.Single(c => c.Name == "block1").Children[0];
        Assert.Equal(["norm1", "attn", "layer_scale_1", "Add", "norm2", "mlp", "layer_scale_2", "Add"], block.Children.Select(c => c.Name));
        Assert.Equal(summary.Layers.Count, Leaves(tree));
        Assert.Equal(summary.Parameters, summary.Parts.Sum(p => p.Parameters));
        Assert.Equal(summary.Gflops, summary.Parts.Sum(p => p.Gflops), 1e-9);
    }

    private static int Leaves(LayerNode node) => (node.Layer is null ? 0 : 1) + node.Children.Sum(Leaves);

    [Fact]
    public void ThePapersTablesTravelWithTheProgram()
    {
        Assert.Equal([11, 3, 4], PublishedResult.All.GroupBy(r => r.Table).Select(t => t.Count()));
        Assert.Equal(new PublishedResult(1, "Cityscapes", "SFANet", "T-CSVT 2022", "ResNet-18", "", "78.1", "2048x1024", "99.6", "14.6"), PublishedResult.All[4]);
        Assert.Equal(new PublishedResult(3, "BDD100K", "FRM (the paper)", "", "VAN-S", "64.9", "", "1280x720", "94.55", "16.48"), PublishedResult.All[^1]);
    }

    [Fact]
    public void OurFiguresStandBesideThePapers()
    {
        var ours = PaperTables.Build().Where(r => r.Gflops is not null).ToList();
        Assert.Equal(["FRM (the paper)", "FRM", "PPM", "DAPPM", "FRM (the paper)"], ours.Select(r => r.Published.Method));
        Assert.All(ours, row => Assert.True(row.MegaParameters!.Rounds));
        // All round to the paper's digits but one: FRM at 1280x720, where the paper's figure is 0.007 lower.
        Assert.Equal([true, true, true, true, false], ours.Select(r => r.Gflops!.Rounds));
        Assert.Equal([-0.0016, -0.0016, 0.0042, 0.0022, 0.0070], ours.Select(r => Math.Round(r.Gflops!.Difference, 4)));
    }
}
