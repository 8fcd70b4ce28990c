using System.Text.Json;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Parity;

/// <summary>Reads a case's network settings: its `config` JSON, with the few that also stand by themselves in the metadata.</summary>
internal sealed class ParityConfig
{
    private readonly ParityCase _parity;
    private readonly JsonElement _json;

    private ParityConfig(ParityCase parity, JsonElement json)
    {
        _parity = parity;
        _json = json;
    }

    /// <summary>The settings; in a training case drop-path and dropout are 0, as the exchange format has it.</summary>
    public static NetworkConfig Read(ParityCase parity)
    {
        try
        {
            using var document = JsonDocument.Parse(parity.Config);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw parity.Error("config", "is not a JSON object");
            return new ParityConfig(parity, document.RootElement).Build().Validate();
        }
        catch (JsonException e)
        {
            throw new WeightFileException(parity.File, "config", "is not valid JSON", e);
        }
        catch (ArgumentException e)
        {
            throw new WeightFileException(parity.File, "config", e.Message, e);
        }
    }

    private NetworkConfig Build()
    {
        var defaults = new NetworkConfig();
        return new NetworkConfig
        {
            Dims = Integers("dims", defaults.Dims),
            Depths = Integers("depths", defaults.Depths),
            Ratios = Integers("ratios", defaults.Ratios),
            Classes = Integer("classes") ?? defaults.Classes,
            Context = Context(),
            QueryKeyWidth = Integer("qk"),
            FfnHidden = Integer("ffn_hidden"),
            Branch = Integer("branch") ?? defaults.Branch,
            Width = Integer("width") ?? defaults.Width,
            FlowWidth = Integer("flow_width") ?? defaults.FlowWidth,
            Embedding = Integer("embed") ?? defaults.Embedding,
            DropPath = _parity.IsTraining ? 0 : Number("drop_path", defaults.DropPath),
            Dropout = _parity.IsTraining ? 0 : Number("dropout", defaults.Dropout),
            AttentionScale = Flag("dnl_scale"),
            AttentionTemperature = Number("dnl_temperature", defaults.AttentionTemperature),
            PpmBins = Integers("ppm_bins", defaults.PpmBins),
            BnEps = _parity.Number("bn_eps", Number("bn_eps", defaults.BnEps)),
            BnMomentum = _parity.Number("bn_momentum", Number("bn_momentum", defaults.BnMomentum)),
            LnEps = _parity.Number("ln_eps", Number("ln_eps", defaults.LnEps)),
        };
    }

    private ContextKind Context() => _parity.Variant switch
    {
        "frm" => ContextKind.Frm,
        "ppm" => ContextKind.Ppm,
        "dappm" => ContextKind.Dappm,
        var other => throw _parity.Error("variant", $"'{WeightFileException.Printable(other)}' is neither frm, ppm nor dappm"),
    };

    private WeightFileException Error(string key, string what) => _parity.Error("config", $"'{key}' is not {what}");

    private int? Integer(string key)
    {
        if (!_json.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Error(key, "a whole number");
    }

    private double Number(string key, double missing)
    {
        if (!_json.TryGetProperty(key, out var value))
            return missing;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : throw Error(key, "a number");
    }

    private bool Flag(string key)
    {
        if (!_json.TryGetProperty(key, out var value))
            return false;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Error(key, "true or false");
    }

    private IReadOnlyList<int> Integers(string key, IReadOnlyList<int> missing)
    {
        if (!_json.TryGetProperty(key, out var value))
            return missing;
        if (value.ValueKind != JsonValueKind.Array)
            throw Error(key, "a list of whole numbers");
        return [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) ? number : throw Error(key, "a list of whole numbers"))];
    }
}
