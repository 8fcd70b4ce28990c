using System.Globalization;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Optim;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Training;

/// <summary>
/// A run's state in one safetensors file: weights under "model/" keys, their moving average, where there is one, under "ema/", momentum
/// under "velocity/", and in the metadata the settings,
/// the steps done and the generator's position. Written atomically: a crash leaves the previous checkpoint whole.
/// </summary>
public static class Checkpoint
{
    internal const string ModelPrefix = "model/";
    internal const string AveragePrefix = "ema/";
    private const string VelocityPrefix = "velocity/";
    internal const string Format = "ilgpuseg-checkpoint-1";

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">Weights and statistics.</param>
    /// <param name="optimizer">Momentum.</param>
    /// <param name="average">The weights' average, or null.</param>
    /// <param name="step">Steps done.</param>
    /// <param name="config">The run's settings.</param>
    /// <param name="classNames">The classes, in the order of the logits.</param>
    public static void Save(
        string path, SegmentationNetwork network, Sgd optimizer, WeightAverage? average, int step, TrainConfig config,
        IReadOnlyList<string> classNames)
    {
        var entries = ModuleState.Export(network, ModelPrefix).ToList();
        if (average is not null) entries.AddRange(average.Export(AveragePrefix));
        var velocities = optimizer.ExportState();
        foreach (var parameter in network.NamedParameters())
        {
            var values = parameter.ToTorch<double>(velocities[parameter.Name]);
            // As wide as the weights: an export widened to double holds nothing that float would lose.
            var name = VelocityPrefix + parameter.Name;
            entries.Add(network.DType == DType.Float64
                ? WeightEntry.From(name, parameter.TorchShape, values)
                : WeightEntry.From(name, parameter.TorchShape, Array.ConvertAll(values, v => (float)v)));
        }
        SafeTensorsWriter.Write(path, entries, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["model"] = config.Model,
            ["classes"] = string.Join('\n', classNames),
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
            ["random_position"] = network.Random.Position.ToString(CultureInfo.InvariantCulture),
            ["config"] = ConfigFile.ToYaml(config),
        });
    }

    /// <summary>What a checkpoint says of its run.</summary>
    /// <param name="Model">The network's name.</param>
    /// <param name="ClassNames">The classes, in the order of the logits.</param>
    /// <param name="Step">Steps done.</param>
    /// <param name="RandomPosition">The position of the network's generator.</param>
    public sealed record Info(string Model, IReadOnlyList<string> ClassNames, int Step, ulong RandomPosition);

    /// <summary>Reads a checkpoint's description.</summary>
    /// <exception cref="WeightFileException">The file is no checkpoint of this program.</exception>
    public static Info ReadInfo(IWeightSource source)
    {
        var metadata = source.Metadata;
        if (metadata.GetValueOrDefault("format") != Format)
            throw new WeightFileException(source.File, null, "is no checkpoint of a training run (its metadata holds no such format)");
        return new Info(Field("model"), Field("classes").Split('\n'), (int)Number("step", int.MaxValue), Number("random_position", ulong.MaxValue));

        string Field(string key) =>
            metadata.GetValueOrDefault(key) ?? throw new WeightFileException(source.File, key, "is missing from the checkpoint's metadata");

        ulong Number(string key, ulong largest) =>
            ulong.TryParse(Field(key), CultureInfo.InvariantCulture, out var value) && value <= largest
                ? value
                : throw new WeightFileException(source.File, key, $"is '{metadata[key]}' in the checkpoint's metadata, not a number");
    }

    /// <summary>What stands before the names of the weights to use: the average's, where the checkpoint has one.</summary>
    internal static string WeightsPrefix(IWeightSource source) =>
        source.Entries.Any(e => e.Name.StartsWith(AveragePrefix, StringComparison.Ordinal)) ? AveragePrefix : ModelPrefix;

    /// <summary>Builds a checkpoint's network for inference, with the weights' average where there is one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where to put it.</param>
    public static (SegmentationNetwork Network, Info Info) LoadNetwork(string path, Device device)
    {
        using var file = SafeTensorsFile.Open(path);
        var info = ReadInfo(file);
        var network = SegmentationNetwork.Blank(Models.Config(info.Model, info.ClassNames.Count), device);
        ModuleState.Load(network, file, LoadMode.Strict, WeightsPrefix(file));
        return (network, info);
    }

    /// <summary>Restores a run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">Receives weights, statistics and the generator's position.</param>
    /// <param name="optimizer">Receives the momentum.</param>
    /// <param name="average">Receives the weights' average; the weights where the checkpoint has none. Null where the run keeps none.</param>
    /// <param name="config">The run that goes on; its model must be the checkpoint's.</param>
    /// <returns>The checkpoint's description.</returns>
    /// <exception cref="WeightFileException">The file is no checkpoint, or of another network.</exception>
    public static Info Restore(string path, SegmentationNetwork network, Sgd optimizer, WeightAverage? average, TrainConfig config)
    {
        using var file = SafeTensorsFile.Open(path);
        var info = ReadInfo(file);
        if (info.Model != config.Model)
            throw new WeightFileException(path, "model", $"is {info.Model}; this run trains {config.Model}");
        ModuleState.Load(network, file, LoadMode.Strict, ModelPrefix);
        network.Random.Position = info.RandomPosition;
        if (WeightsPrefix(file) == AveragePrefix) average?.Import(file, AveragePrefix);
        else average?.Restart();
        var velocities = new Dictionary<string, double[]>();
        foreach (var parameter in network.NamedParameters())
        {
            var entry = file[VelocityPrefix + parameter.Name];
            if (!entry.Shape.SequenceEqual(parameter.TorchShape))
                throw new WeightFileException(path, entry.Name, $"is {entry.ShapeText}, the network's is [{string.Join(", ", parameter.TorchShape)}]");
            velocities[parameter.Name] = parameter.FromTorch<double>(entry.ToDoubles());
        }
        optimizer.ImportState(velocities);
        return info;
    }
}
