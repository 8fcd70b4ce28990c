using System.CommandLine;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Onnx;
using IlgpuSeg.Nn.Parity;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Training;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg export`: the inference network as ONNX.</summary>
internal static class ExportVerb
{
    private const string Dynamic = "dynamic";

    public static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = "The network (a training checkpoint or a parity case; with --model a weight file, or nothing for random weights), "
                + "then the .onnx file to write.",
            Arity = new ArgumentArity(1, 2),
        };
        var model = new Option<string?>("--model") { Description = $"One of {string.Join(", ", Models.Names)}." };
        var classes = new Option<int>("--classes") { Description = "Classes, with --model.", DefaultValueFactory = _ => 19 };
        var fold = new Option<bool>("--fold-bn") { Description = "Let BatchNorms disappear in the convolutions beside them." };
        var size = new Option<string>("--size") { Description = "The one size that the model takes, WIDTHxHEIGHT; dynamic: any.", DefaultValueFactory = _ => Dynamic };
        var command = new Command("export", "Write the inference network as ONNX (opset 17).") { files, model, classes, fold, size };
        command.SetAction(p => Run(p.GetValue(files)!, p.GetValue(model), p.GetValue(classes), new OnnxOptions
        {
            FoldBatchNorm = p.GetValue(fold),
            Size = p.GetValue(size) == Dynamic ? null : ModelVerb.ParseSize(p.GetValue(size)!),
        }));
        return command;
    }

    private static int Run(string[] files, string? model, int classes, OnnxOptions options)
    {
        var output = files[^1];
        if (!output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"{output}: the file to write comes last and its name must end with .onnx.");
        var (network, name) = model is not null ? Named(model, classes, files.Length == 2 ? files[0] : null)
            : files.Length == 2 ? Saved(files[0])
            : throw new ArgumentException("export needs a checkpoint before the .onnx file, or --model.");
        OnnxExporter.Write(output, network, name, options);
        System.Console.WriteLine($"{output}: {name}, {new FileInfo(output).Length:N0} bytes");
        return 0;
    }

    private static (SegmentationNetwork Network, string Name) Named(string model, int classes, string? weights)
    {
        var config = Models.Config(model, classes);
        if (weights is null) return (new SegmentationNetwork(config), model);
        var network = SegmentationNetwork.Blank(config);
        using var file = WeightFile.Open(weights);
        System.Console.WriteLine($"{weights}: {ModuleState.Load(network, file).Summary}");
        return (network, model);
    }

    private static (SegmentationNetwork Network, string Name) Saved(string path)
    {
        using (var file = WeightFile.Open(path))
        {
            if (file.Metadata.ContainsKey("variant"))
            {
                using var parity = ParityCase.Open(path);
                return (ParityRunner.LoadNetwork(parity, DType.Float32, Device.Cpu), Path.GetFileNameWithoutExtension(path));
            }
            Checkpoint.ReadInfo(file);
        }
        var (network, info) = Checkpoint.LoadNetwork(path, Device.Cpu);
        return (network, info.Model);
    }
}
