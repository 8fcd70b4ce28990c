using System.CommandLine;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Summary;
using Spectre.Console;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg model`: a network's layers, parameters and operations, without running it.</summary>
internal static class ModelVerb
{
    public static Command Create()
    {
        var name = new Argument<string>("name")
        {
            Description = $"One of {string.Join(", ", Models.Names)}.",
            DefaultValueFactory = _ => "van-s-frm",
        };
        var size = new Option<string>("--size") { Description = "Input as WIDTHxHEIGHT.", DefaultValueFactory = _ => "2048x1024" };
        var classes = new Option<int>("--classes") { Description = "Classes.", DefaultValueFactory = _ => 19 };
        var brief = new Option<bool>("--brief") { Description = "Parts and totals only." };
        var command = new Command("model", "Print layers, parameters and GFLOPs of a network.") { name, size, classes, brief };
        command.SetAction(p => Run(p.GetValue(name)!, p.GetValue(size)!, p.GetValue(classes), p.GetValue(brief)));
        return command;
    }

    private static int Run(string name, string size, int classes, bool brief)
    {
        var (width, height) = ParseSize(size);
        var network = new SegmentationNetwork(Models.Config(name, classes));
        var trace = network.Trace([1, height, width, 3]);
        if (!brief) PrintLayers(trace);
        PrintParts(trace);
        var parameters = network.InferenceParameterCount;
        System.Console.WriteLine($"{name}, {classes} classes, {width}x{height}");
        System.Console.WriteLine($"parameters  {parameters:N0} ({parameters / 1e6:F2} M; the embedding head, only used in training, adds {network.ParameterCount - parameters:N0})");
        System.Console.WriteLine($"GFLOPs      {trace.Layers.Sum(l => l.Ops) / 1e9:F4} (the paper's convention)");
        System.Console.WriteLine($"MACs        {trace.Layers.Sum(l => l.Macs) / 1e9:F3} G, the attention's matrix products included");
        return 0;
    }

    private static (int Width, int Height) ParseSize(string text)
    {
        var parts = text.Split('x');
        if (parts.Length == 2 && int.TryParse(parts[0], out var width) && int.TryParse(parts[1], out var height) && width > 0 && height > 0)
            return (width, height);
        throw new ArgumentException($"--size is '{text}'; it must be WIDTHxHEIGHT, for example 2048x1024.");
    }

    private static void PrintLayers(ModelTrace trace)
    {
        System.Console.WriteLine($"{"layer",-56} {"kind",-18} {"output [N, H, W, C]",-22} {"parameters",12} {"MMACs",11} {"MFLOPs",11}");
        foreach (var layer in trace.Layers)
        {
            System.Console.WriteLine(
                $"{layer.Path,-56} {layer.Kind,-18} {layer.Output,-22} {layer.Parameters,12:N0} {layer.Macs / 1e6,11:F2} {layer.Ops / 1e6,11:F2}");
        }
        System.Console.WriteLine();
    }

    private static void PrintParts(ModelTrace trace)
    {
        var table = new Table().AddColumn("part").AddColumn("parameters", c => c.RightAligned()).AddColumn("GFLOPs", c => c.RightAligned())
            .AddColumn("GMACs", c => c.RightAligned());
        foreach (var part in trace.Layers.GroupBy(PartOf))
            table.AddRow(part.Key, $"{part.Sum(l => l.Parameters):N0}", $"{part.Sum(l => l.Ops) / 1e9:F4}", $"{part.Sum(l => l.Macs) / 1e9:F4}");
        AnsiConsole.Write(table);
    }

    /// <summary>The rows of the network description's table.</summary>
    private static string PartOf(LayerCost layer)
    {
        var names = layer.Path.Split('.');
        if (names[0] == "backbone") return $"stage {names[1][^1]}";
        if (names.Length == 1) return names[0] == "" ? "pooling to F4" : names[0];
        return char.IsDigit(names[1][^1]) && names[0] == "decoder" ? names[1][..^1] + "s" : names[1];
    }
}
