using System.CommandLine;
using IlgpuSeg.Nn.Weights;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg convert`: weight files from one format to another.</summary>
internal static class ConvertVerb
{
    public static Command Create()
    {
        var input = new Argument<string>("in") { Description = "A .safetensors file or a PyTorch checkpoint (zip format or the older one)." };
        var output = new Argument<string>("out") { Description = $"The file to write; its format by its ending: {string.Join(", ", WeightFile.Endings)}." };
        var prefix = new Option<string>("--prefix")
        {
            Description = "Only tensors whose names begin so, without it: model/ takes the network out of a training checkpoint.",
            DefaultValueFactory = _ => "",
        };
        var command = new Command("convert", "Convert a weight file between safetensors and PyTorch's format; names, shapes and types stay.") { input, output, prefix };
        command.SetAction(p => Run(p.GetValue(input)!, p.GetValue(output)!, p.GetValue(prefix)!));
        return command;
    }

    private static int Run(string input, string output, string prefix)
    {
        WeightFile.CheckEnding(output);
        using var file = WeightFile.Open(input);
        var entries = file.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(e => e.Rename(e.Name[prefix.Length..])).ToList();
        if (entries.Count == 0)
            throw new ArgumentException($"{input}: no tensor's name begins with '{prefix}'.");
        WeightFile.Write(output, entries, file.Metadata);
        System.Console.WriteLine($"{output}: {entries.Count} tensors, {entries.Sum(e => e.Length):N0} elements, {entries.Sum(e => e.ByteLength):N0} bytes");
        return 0;
    }
}
