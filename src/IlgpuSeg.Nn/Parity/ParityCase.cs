using System.Globalization;
using System.Text.Json;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Parity;

/// <summary>
/// A parity case: one .safetensors file that holds a network's weights and input, what a reference implementation computed from them,
/// and how far its own float32 results lay from its float64 ones. Layouts are PyTorch's.
/// </summary>
public sealed class ParityCase : IDisposable
{
    // Float32 rounding with room for another order of summation: 20 times the larger of what the reference itself shows and 1e-6.
    private const double Margin = 20, Relative = 1e-6;

    private static readonly HashSet<string> Inputs = new(StringComparer.Ordinal) { "input", "target", "anchors" };

    private readonly SafeTensorsFile _file;
    private readonly Dictionary<string, double> _float32, _largest;
    private readonly double _largestGradient;

    private ParityCase(SafeTensorsFile file)
    {
        _file = file;
        _float32 = Numbers("f32");
        _largest = Numbers("amax");
        _largestGradient = _largest.Where(p => IsGradient(p.Key)).Select(p => p.Value).DefaultIfEmpty(0).Max();
        IsTraining = Text("mode") switch
        {
            "train" => true,
            "eval" => false,
            var other => throw Error("mode", $"'{WeightFileException.Printable(other)}' is neither train nor eval"),
        };
        Steps = IsTraining ? (int)Number("steps", 0) : 0;
        if (Steps is < 0 or > 1000)
            throw Error("steps", $"{Steps} is out of range");
    }

    /// <summary>The file's path.</summary>
    public string File => _file.File;

    /// <summary>Whether the case trains (batch statistics, losses, gradients, SGD steps) or only infers.</summary>
    public bool IsTraining { get; }

    /// <summary>The context module: frm, ppm or dappm.</summary>
    public string Variant => Text("variant");

    /// <summary>The network's settings as JSON.</summary>
    public string Config => Text("config");

    /// <summary>Number of SGD steps; 0 for a case that only runs forward, or forward and backward.</summary>
    public int Steps { get; }

    /// <summary>Learning rate of every step.</summary>
    public double LearningRate => Number("lr", 0.01);

    /// <summary>SGD momentum.</summary>
    public double Momentum => Number("momentum", 0.9);

    /// <summary>SGD weight decay.</summary>
    public double WeightDecay => Number("weight_decay", 1e-4);

    /// <summary>Temperature of the contrastive loss.</summary>
    public double Tau => Number("tau", 0.1);

    /// <summary>Weight of the contrastive loss.</summary>
    public double Lambda => Number("lambda", 1);

    /// <summary>The label that is not counted.</summary>
    public int Ignore => (int)Number("ignore", 255);

    /// <summary>All tensors of the file.</summary>
    public IWeightSource Source => _file;

    /// <summary>The results that the reference gave, under the case's names.</summary>
    public IEnumerable<WeightEntry> Results => _file.Entries.Where(e => !Inputs.Contains(e.Name) && !e.Name.StartsWith("state/", StringComparison.Ordinal));

    /// <summary>The reference's losses, by name (loss_total_1 and so on).</summary>
    public IEnumerable<string> LossNames => _file.Metadata.Keys
        .Where(k => k.StartsWith("loss_", StringComparison.Ordinal) && !k.EndsWith("_f32", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>Opens a case and checks its metadata.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightFileException">The file is malformed, or a field of a case is missing or wrong.</exception>
    public static ParityCase Open(string path)
    {
        var file = SafeTensorsFile.Open(path);
        try
        {
            return new ParityCase(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor by its name in the case, of the given rank.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rank">The number of dimensions that it must have.</param>
    /// <exception cref="WeightFileException">There is none, or its rank differs.</exception>
    public WeightEntry Required(string name, int rank)
    {
        var entry = _file[name];
        return entry.Shape.Length == rank ? entry : throw Error(name, $"has shape {entry.ShapeText} where rank {rank} is expected");
    }

    /// <summary>Whether the case has a tensor of this name.</summary>
    /// <param name="name">Its name.</param>
    public bool Has(string name) => _file.Find(name) is not null;

    /// <summary>The largest absolute difference with which a tensor passes.</summary>
    /// <param name="result">One of <see cref="Results"/>.</param>
    public double Allowed(WeightEntry result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (!result.Type.IsFloat())
            return 0;
        double largest = _largest.TryGetValue(result.Name, out double stated) ? stated : result.ToDoubles().Select(Math.Abs).DefaultIfEmpty(0).Max();
        double bound = Math.Max(_float32.GetValueOrDefault(result.Name), Relative * largest);
        return Margin * (IsGradient(result.Name) ? Math.Max(bound, Relative * _largestGradient) : bound);
    }

    /// <summary>A loss of the reference, and the difference with which ours passes (the tensors' rule on the loss's own float32 value).</summary>
    /// <param name="name">One of <see cref="LossNames"/>.</param>
    public (double Value, double Allowed) Loss(string name)
    {
        double value = Number(name, 0), single = Number(name + "_f32", value);
        return (value, Margin * Math.Max(Math.Abs(value - single), Relative * Math.Abs(value)));
    }

    /// <summary>An optional number of the metadata.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="missing">The value when it is not there.</param>
    /// <exception cref="WeightFileException">It is not a finite number.</exception>
    public double Number(string key, double missing)
    {
        if (!_file.Metadata.TryGetValue(key, out string? text))
            return missing;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Error(key, $"'{WeightFileException.Printable(text)}' is not a number");
    }

    /// <summary>An exception that names this file and one of its fields.</summary>
    /// <param name="key">The field or tensor.</param>
    /// <param name="problem">What is wrong.</param>
    public WeightFileException Error(string key, string problem) => new(File, key, problem);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static bool IsGradient(string name) => name == "grad_input" || name.StartsWith("grad/", StringComparison.Ordinal);

    private string Text(string key) =>
        _file.Metadata.TryGetValue(key, out string? text) ? text : throw Error(key, "is missing from the metadata: not a parity case");

    private Dictionary<string, double> Numbers(string key)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(Text(key));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Error(key, "is not a JSON object of numbers");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out double number) || !double.IsFinite(number))
                    throw Error(key, $"'{WeightFileException.Printable(property.Name)}' is not a number");
                numbers[property.Name] = number;
            }
        }
        catch (JsonException e)
        {
            throw new WeightFileException(File, key, "is not a JSON object of numbers", e);
        }
        return numbers;
    }
}
