using System.Globalization;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Parity;

/// <summary>Runs parity cases: builds the case's network, computes what the reference computed, compares.</summary>
public sealed class ParityRunner
{
    private readonly ParityCase _parity;
    private readonly SegmentationNetwork _network;
    private readonly Dictionary<string, WeightEntry> _computed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _losses = new(StringComparer.Ordinal);

    private ParityRunner(ParityCase parity, DType dtype, Device device)
    {
        _parity = parity;
        _network = LoadNetwork(parity, dtype, device);
        _network.Train(parity.IsTraining);
    }

    /// <summary>Runs a case.</summary>
    /// <param name="path">The case, a .safetensors file.</param>
    /// <param name="dtype">The precision to compute in: Float32 or Float64.</param>
    /// <param name="device">Where to compute; the CPU if null.</param>
    /// <param name="outFolder">
    /// A folder into which what was computed is written, under the case's file name and tensor names, as float32; null: nothing is written.
    /// </param>
    /// <returns>The comparison with the reference.</returns>
    /// <exception cref="WeightFileException">The case is malformed, does not fit its own network settings, or the output cannot be written.</exception>
    /// <exception cref="ShapeException">The case's input is too small for its network.</exception>
    public static ParityReport Run(string path, DType dtype, Device? device = null, string? outFolder = null)
    {
        if (dtype is not (DType.Float32 or DType.Float64))
            throw new ArgumentException($"A parity case runs in Float32 or Float64, not {dtype}.", nameof(dtype));
        using var parity = ParityCase.Open(path);
        using var scope = new TensorScope();
        var runner = new ParityRunner(parity, dtype, device ?? Device.Cpu);
        if (parity.IsTraining)
            runner.Train();
        else
            runner.Infer();
        if (outFolder is not null)
            runner.Write(Path.Combine(outFolder, Path.GetFileName(path)));
        return ParityReport.Compare(parity, runner._computed, runner._losses);
    }

    /// <summary>Builds a case's network with the case's weights.</summary>
    /// <param name="parity">The case.</param>
    /// <param name="dtype">Its precision.</param>
    /// <param name="device">Where it lives.</param>
    /// <exception cref="WeightFileException">The case is malformed, or does not fit its own network settings.</exception>
    public static SegmentationNetwork LoadNetwork(ParityCase parity, DType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(parity);
        var network = SegmentationNetwork.Blank(ParityConfig.Read(parity), device, dtype);
        ModuleState.Load(network, parity.Source, LoadMode.Strict, "state/");
        return network;
    }

    private void Infer()
    {
        using var noGrad = Autograd.NoGrad();
        AddImage("logits", _network.Forward(Images()).UpsampledLogits());
    }

    private void Train()
    {
        var labels = Labels();
        var loss = new HybridLoss { ContrastWeight = _parity.Lambda, Tau = _parity.Tau, IgnoreIndex = _parity.Ignore };
        var optimiser = new Sgd(_network.NamedParameters(), _parity.Momentum, _parity.WeightDecay);
        // A case without steps still compares a first forward and backward.
        for (int step = 1; step <= Math.Max(1, _parity.Steps); step++)
        {
            using var scope = new TensorScope();
            var images = Images();
            images.RequiresGrad = step == 1;
            var output = _network.Forward(images);
            var result = Loss(loss, output, labels);
            _network.ZeroGrad();
            result.Total.Backward();
            AddLosses(step, result);
            if (step == 1)
                AddFirstStep(images, output);
            if (_parity.Steps > 0)
                optimiser.Step(_parity.LearningRate);
        }
        foreach (var entry in ModuleState.Export(_network, "after/"))
            Add(entry);
    }

    private HybridLossResult Loss(HybridLoss loss, SegmentationOutput output, Tensor labels)
    {
        if (!_parity.Has("anchors"))
            return loss.CrossEntropyOnly(output, labels);
        int[] coarse = HybridLoss.CoarseLabels(output, labels);
        long[] indices = _parity.Required("anchors", 1).ToInt64s();
        int wrong = Array.FindIndex(indices, i => i < 0 || i >= coarse.Length);
        if (wrong >= 0)
            throw _parity.Error("anchors", $"{indices[wrong]} lies outside the coarse plane's {coarse.Length} pixels");
        return loss.Apply(output, labels, _network.Embed, Anchors.At(Array.ConvertAll(indices, i => (int)i), coarse));
    }

    private Tensor Images()
    {
        var entry = _parity.Required("input", 4);
        if (entry.Shape[1] != 3)
            throw _parity.Error("input", $"has shape {entry.ShapeText} where [N, 3, H, W] is expected");
        return TorchImages.Import(entry, _network.DType, _network.Device);
    }

    private Tensor Labels()
    {
        var entry = _parity.Required("target", 3);
        var input = _parity.Required("input", 4);
        if (entry.Shape[0] != input.Shape[0] || entry.Shape[1] != input.Shape[2] || entry.Shape[2] != input.Shape[3])
            throw _parity.Error("target", $"has shape {entry.ShapeText}, the input's is {input.ShapeText}");
        int[] labels = Array.ConvertAll(entry.ToInt64s(), label => label >= 0 && (label < _network.Config.Classes || label == _parity.Ignore)
            ? (int)label
            : throw _parity.Error("target", $"label {label} is neither one of {_network.Config.Classes} classes nor the ignored one"));
        return Tensor.From(labels, new Shape([.. entry.Shape.ToArray().Select(n => (int)n)]), _network.Device);
    }

    private void AddLosses(int step, HybridLossResult result)
    {
        _losses[$"loss_total_{step}"] = result.Total.Item();
        _losses[$"loss_ce_{step}"] = result.CrossEntropy.Item();
        _losses[$"loss_contrastive_{step}"] = result.Contrast?.Item() ?? 0;
    }

    private void AddFirstStep(Tensor images, SegmentationOutput output)
    {
        AddImage("logits", output.UpsampledLogits());
        AddImage("grad_input", images.Grad!);
        foreach (var parameter in _network.NamedParameters())
        {
            if (parameter.Value.Grad is { } gradient)
                Add(ModuleState.Export(parameter, $"grad/{parameter.Name}", gradient));
        }
    }

    private void AddImage(string name, Tensor image) => Add(TorchImages.Export(name, image));

    private void Add(WeightEntry entry) => _computed[entry.Name] = entry;

    private void Write(string path)
    {
        var metadata = _losses.ToDictionary(p => p.Key, p => p.Value.ToString("R", CultureInfo.InvariantCulture));
        metadata["mode"] = _parity.IsTraining ? "train" : "eval";
        metadata["variant"] = _parity.Variant;
        metadata["config"] = _parity.Config;
        metadata["dtype"] = _network.DType.ToString().ToLowerInvariant();
        metadata["device"] = _network.Device.Name;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (WeightFileIo.IsFailure(e))
        {
            throw WeightFileIo.Wrap(path, "cannot be written", e);
        }
        SafeTensorsWriter.Write(path, _computed.Values.Select(Narrow), metadata);
    }

    private static WeightEntry Narrow(WeightEntry entry) =>
        entry.Type == WeightType.Float64 ? WeightEntry.From(entry.Name, entry.Shape, entry.ToFloats()) : entry;
}
