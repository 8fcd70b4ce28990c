using IlgpuSeg.Nn.Summary;
using Spectre.Console;

namespace IlgpuSeg.Console;

/// <summary>A network's summary as text or JSON.</summary>
internal static class ModelReport
{
    private static readonly string[] MemoryRule =
    [
        "float32; weights, gradients and workspaces come on top",
        "training: the input and every layer's result, all kept for the backward pass (an upper bound: fused layers keep less)",
        "inference: the most that is alive at once; a module's inner results live until it returns",
    ];

    private const double Mega = 1e6, Mebi = 1 << 20;

    public static void Print(ModelSummary summary, bool layers)
    {
        if (layers) PrintTree(summary.Tree);
        PrintParts(summary);
        System.Console.WriteLine($"{summary.Model}, {summary.Classes} classes, {summary.Input[2]}x{summary.Input[1]}");
        System.Console.WriteLine($"parameters  {summary.Parameters:N0} ({summary.Parameters / Mega:F2} M; "
            + $"the embedding head, only used in training, adds {summary.EmbeddingParameters:N0})");
        System.Console.WriteLine($"GFLOPs      {summary.Gflops:F4} (the paper's convention)");
        System.Console.WriteLine($"MACs        {summary.Gmacs:F3} G, the attention's matrix products included; {summary.ConvolutionGmacs:F3} G without");
        System.Console.WriteLine($"activations {summary.TrainingBytes / Mebi:N0} MiB an image in training, {summary.InferenceBytes / Mebi:N0} MiB in inference");
        foreach (var line in MemoryRule) System.Console.WriteLine($"            {line}");
    }

    public static void PrintJson(ModelSummary summary) => JsonOutput.Print(new
    {
        summary.Model,
        summary.Classes,
        Input = summary.Input.ToArray(),
        summary.Parameters,
        summary.EmbeddingParameters,
        summary.Gflops,
        summary.Gmacs,
        summary.ConvolutionGmacs,
        ActivationBytes = new { Training = summary.TrainingBytes, Inference = summary.InferenceBytes, Rule = string.Join("; ", MemoryRule) },
        summary.Parts,
        Layers = summary.Layers.Select(l => new
        {
            l.Path, l.Kind, Output = l.Output.ToArray(), l.Parameters, l.Ops, l.Macs, Bytes = l.Stored * sizeof(float),
        }),
    });

    private static void PrintTree(LayerNode root)
    {
        System.Console.WriteLine($"{"layer",-36} {"kind",-16} {"output [N, H, W, C]",-22} {"parameters",11} {"MFLOPs",11} {"MMACs",11} {"MiB",8}");
        PrintNode(root, "", "");
        System.Console.WriteLine();
    }

    private static void PrintNode(LayerNode node, string indent, string childIndent)
    {
        var kind = node.Layer is { } layer && layer.Kind != node.Name ? layer.Kind : "";
        var memory = node.Layer is null ? "" : $"{node.Layer.Stored * sizeof(float) / Mebi:F2}";
        System.Console.WriteLine(
            $"{indent + node.Name,-36} {kind,-16} {node.Output,-22} {node.Parameters,11:N0} {node.Ops / Mega,11:F2} {node.Macs / Mega,11:F2} {memory,8}".TrimEnd());
        for (var i = 0; i < node.Children.Count; i++)
        {
            var last = i == node.Children.Count - 1;
            PrintNode(node.Children[i], childIndent + (last ? "└ " : "├ "), childIndent + (last ? "  " : "│ "));
        }
    }

    private static void PrintParts(ModelSummary summary)
    {
        var table = new Table().AddColumn("part").AddColumn("parameters", c => c.RightAligned()).AddColumn("GFLOPs", c => c.RightAligned())
            .AddColumn("GMACs", c => c.RightAligned());
        foreach (var part in summary.Parts)
            table.AddRow(part.Name, $"{part.Parameters:N0}", $"{part.Gflops:F4}", $"{part.Gmacs:F4}");
        AnsiConsole.Write(table);
    }
}
