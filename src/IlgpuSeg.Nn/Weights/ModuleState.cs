using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>What a weight file must hold for a module.</summary>
public enum LoadMode
{
    /// <summary>Every key of the module, each once, and nothing else (ImageNet heads apart). The embedding head may be absent.</summary>
    Strict,

    /// <summary>Every key of the backbone: a pretrained backbone for a new network.</summary>
    Backbone,

    /// <summary>Whatever fits; the report says what did not.</summary>
    Matching,
}

/// <summary>What loading found.</summary>
/// <param name="Matched">Keys of the module that were set.</param>
/// <param name="Missing">Keys of the module that the file lacks.</param>
/// <param name="Unexpected">Keys of the file that the module lacks.</param>
/// <param name="MisShaped">Keys whose shapes differ, with both shapes.</param>
/// <param name="Ignored">Keys of the file that belong to an ImageNet head.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> MisShaped,
    IReadOnlyList<string> Ignored)
{
    /// <summary>The counts in a line.</summary>
    public string Summary => $"{Matched.Count} matched, {Missing.Count} missing, {Unexpected.Count} unexpected, {MisShaped.Count} mis-shaped"
        + (Ignored.Count > 0 ? $", {Ignored.Count} of an ImageNet head ignored" : "");
}

/// <summary>A module's parameters and buffers as weight-file entries, in PyTorch's names and layouts.</summary>
public static class ModuleState
{
    private const string BackbonePrefix = "backbone.";
    private const string HeadPrefix = "head.";
    private const string EmbeddingPrefix = "embedding.";

    /// <summary>The entries of a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">Put before every name.</param>
    public static IEnumerable<WeightEntry> Export(Module module, string prefix = "") =>
        module.NamedState().Select(p => Export(p, prefix + p.Name));

    /// <summary>A parameter's values as an entry.</summary>
    /// <param name="parameter">Names and lays out the tensor.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="value">Another tensor of the parameter's shape to export (its gradient, its velocity); the parameter's own if null.</param>
    public static WeightEntry Export(Parameter parameter, string name, Tensor? value = null)
    {
        var tensor = value ?? parameter.Value;
        return tensor.DType switch
        {
            DType.Float32 => WeightEntry.From(name, parameter.TorchShape, parameter.ToTorch<float>(tensor.ToArray<float>())),
            DType.Float64 => WeightEntry.From(name, parameter.TorchShape, parameter.ToTorch<double>(tensor.ToArray<double>())),
            _ => WeightEntry.From(name, parameter.TorchShape, Array.ConvertAll(tensor.ToArray<int>(), x => (long)x)),
        };
    }

    /// <summary>Sets a tensor from an entry in PyTorch's layout.</summary>
    /// <param name="parameter">Names and lays out the tensor.</param>
    /// <param name="entry">The values.</param>
    /// <param name="target">Another tensor of the parameter's shape to set; the parameter's own if null.</param>
    public static void Import(Parameter parameter, WeightEntry entry, Tensor? target = null)
    {
        var tensor = target ?? parameter.Value;
        switch (tensor.DType)
        {
            case DType.Float32: tensor.CopyFrom<float>(parameter.FromTorch<float>(entry.ToFloats())); break;
            case DType.Float64: tensor.CopyFrom<double>(parameter.FromTorch<double>(entry.ToDoubles())); break;
            default: tensor.CopyFrom<int>(Array.ConvertAll(entry.ToInt64s(), x => (int)Math.Clamp(x, int.MinValue, int.MaxValue))); break;
        }
    }

    /// <summary>Loads a weight file into a module; nothing is changed where it throws.</summary>
    /// <param name="module">The module.</param>
    /// <param name="source">The file.</param>
    /// <param name="mode">What the file must hold.</param>
    /// <param name="prefix">Only keys with this prefix are taken, without it.</param>
    /// <exception cref="WeightFileException">The file does not hold what the mode asks for.</exception>
    public static LoadReport Load(Module module, IWeightSource source, LoadMode mode = LoadMode.Strict, string prefix = "")
    {
        var state = module.NamedState().ToDictionary(p => p.Name);
        var assignments = new Dictionary<string, WeightEntry>();
        List<string> unexpected = [], misShaped = [], ignored = [];
        foreach (var entry in source.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            if (FindKey(entry.Name[prefix.Length..], state) is not { } key)
            {
                (IsImageNetHead(entry.Name[prefix.Length..]) ? ignored : unexpected).Add(entry.Name);
                continue;
            }
            if (!entry.Shape.SequenceEqual(state[key].TorchShape))
                misShaped.Add($"{entry.Name} is {entry.ShapeText}, the network's {key} is [{string.Join(", ", state[key].TorchShape)}]");
            else if (!assignments.TryAdd(key, entry))
                throw new WeightFileException(source.File, entry.Name, $"holds a second value of {key}");
        }
        var missing = state.Keys.Where(k => !assignments.ContainsKey(k)).ToList();
        var report = new LoadReport([.. assignments.Keys], missing, unexpected, misShaped, ignored);
        Enforce(report, source.File, mode);
        foreach (var (key, entry) in assignments) Import(state[key], entry);
        return report;
    }

    /// <summary>Finds a file's key in the module: as it is, without DataParallel's "module.", or as a backbone's own key.</summary>
    private static string? FindKey(string name, Dictionary<string, Parameter> state)
    {
        name = WithoutPrefix(name, "module.");
        if (state.ContainsKey(name)) return name;
        if (state.ContainsKey(BackbonePrefix + name)) return BackbonePrefix + name;
        var bare = WithoutPrefix(name, BackbonePrefix);
        return state.ContainsKey(bare) ? bare : null;
    }

    private static bool IsImageNetHead(string name) =>
        WithoutPrefix(WithoutPrefix(name, "module."), BackbonePrefix).StartsWith(HeadPrefix, StringComparison.Ordinal);

    private static string WithoutPrefix(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;

    private static void Enforce(LoadReport report, string file, LoadMode mode)
    {
        if (mode == LoadMode.Matching) return;
        var missing = report.Missing.Where(k => mode == LoadMode.Strict
            ? !k.StartsWith(EmbeddingPrefix, StringComparison.Ordinal) && !k.EndsWith("num_batches_tracked", StringComparison.Ordinal)
            : k.StartsWith(BackbonePrefix, StringComparison.Ordinal) && !k.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToList();
        var problems = new List<string>();
        if (missing.Count > 0) problems.Add($"lacks {Some(missing)}");
        if (report.MisShaped.Count > 0) problems.Add($"has other shapes: {Some(report.MisShaped)}");
        if (report.Unexpected.Count > 0 && mode == LoadMode.Strict) problems.Add($"has unexpected keys {Some(report.Unexpected)}");
        if (problems.Count > 0)
            throw new WeightFileException(file, null, $"does not fit the network: {string.Join("; ", problems)}");
    }

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(4)) + (names.Count > 4 ? $" and {names.Count - 4} more" : "");
}
