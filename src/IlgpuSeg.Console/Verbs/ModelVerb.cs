using System.CommandLine;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Summary;

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
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var tables = new Option<bool>("--table") { Description = "The paper's Tables 1 to 3 beside what this program computes, instead of one network." };
        var command = new Command("model", "Print layers, parameters, GFLOPs and activation memory of a network.") { name, size, classes, brief, json, tables };
        command.SetAction(p =>
        {
            if (p.GetValue(tables))
                PaperTablesReport.Print(PaperTables.Build(), p.GetValue(json));
            else
                PrintNetwork(p.GetValue(name)!, ParseSize(p.GetValue(size)!), p.GetValue(classes), p.GetValue(brief), p.GetValue(json));
        });
        return command;
    }

    private static void PrintNetwork(string name, (int Width, int Height) size, int classes, bool brief, bool json)
    {
        var summary = ModelSummary.Of(name, size.Width, size.Height, classes);
        if (json)
            ModelReport.PrintJson(summary);
        else
            ModelReport.Print(summary, layers: !brief);
    }

    internal static (int Width, int Height) ParseSize(string text)
    {
        var parts = text.Split('x');
        if (parts.Length == 2 && int.TryParse(parts[0], out var width) && int.TryParse(parts[1], out var height) && width > 0 && height > 0)
            return (width, height);
        throw new ArgumentException($"--size is '{text}'; it must be WIDTHxHEIGHT, for example 2048x1024.");
    }
}
