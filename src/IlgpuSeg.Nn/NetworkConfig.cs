namespace IlgpuSeg.Nn;

/// <summary>The context module between backbone and decoder.</summary>
public enum ContextKind
{
    /// <summary>The feature refinement module: pooled stages, whitened non-local attention, FFN.</summary>
    Frm,

    /// <summary>The pyramid pooling module (ablation).</summary>
    Ppm,

    /// <summary>The deep aggregation pyramid pooling module (ablation).</summary>
    Dappm,
}

/// <summary>Every size and setting of the network (the network description's names in brackets where they differ).</summary>
public sealed record NetworkConfig
{
    /// <summary>Channels of the four stages.</summary>
    public IReadOnlyList<int> Dims { get; init; } = [64, 128, 320, 512];

    /// <summary>Blocks of the four stages.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [2, 2, 4, 2];

    /// <summary>The MLPs' expansion in the four stages.</summary>
    public IReadOnlyList<int> Ratios { get; init; } = [8, 8, 4, 4];

    /// <summary>Classes, without the ignored one.</summary>
    public int Classes { get; init; } = 19;

    /// <summary>The context module.</summary>
    public ContextKind Context { get; init; } = ContextKind.Frm;

    /// <summary>The width of q and k in the attention; null: a quarter of the concatenated features.</summary>
    public int? QueryKeyWidth { get; init; }

    /// <summary>The hidden width of the FRM's FFN; null: 128.</summary>
    public int? FfnHidden { get; init; }

    /// <summary>The width of DAPPM's and PPM's branches.</summary>
    public int Branch { get; init; } = 128;

    /// <summary>The decoder's width, and the context's output (128).</summary>
    public int Width { get; init; } = 128;

    /// <summary>The width of the reduced features from which the flow is computed.</summary>
    public int FlowWidth { get; init; } = 64;

    /// <summary>The embeddings' width (training only).</summary>
    public int Embedding { get; init; } = 256;

    /// <summary>The drop-path rate of the last block; it rises linearly from 0.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>PPM's channel dropout.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether the attention's products are divided by the square root of their width.</summary>
    public bool AttentionScale { get; init; }

    /// <summary>The attention's temperature.</summary>
    public double AttentionTemperature { get; init; } = 1;

    /// <summary>PPM's bins.</summary>
    public IReadOnlyList<int> PpmBins { get; init; } = [1, 2, 3, 6];

    /// <summary>BatchNorm's eps.</summary>
    public double BnEps { get; init; } = 1e-5;

    /// <summary>BatchNorm's momentum.</summary>
    public double BnMomentum { get; init; } = 0.1;

    /// <summary>LayerNorm's eps.</summary>
    public double LnEps { get; init; } = 1e-6;

    /// <summary>The width of F1..F4 concatenated.</summary>
    public int FeatureWidth => Dims.Sum();

    /// <summary>Throws where a setting makes no network.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">Names the setting and its value.</exception>
    public NetworkConfig Validate()
    {
        RequireFour(nameof(Dims), Dims);
        RequireFour(nameof(Depths), Depths);
        RequireFour(nameof(Ratios), Ratios);
        Require(Classes is >= 1 and <= 255, nameof(Classes), Classes, "between 1 and 255 (255 marks ignored pixels)");
        foreach (var (name, value) in new[]
        {
            (nameof(Branch), Branch), (nameof(Width), Width), (nameof(FlowWidth), FlowWidth), (nameof(Embedding), Embedding),
            (nameof(QueryKeyWidth), QueryKeyWidth ?? 1), (nameof(FfnHidden), FfnHidden ?? 1),
        })
        {
            Require(value >= 1, name, value, "at least 1");
        }
        Require(DropPath is >= 0 and < 1, nameof(DropPath), DropPath, "in [0, 1)");
        Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "in [0, 1)");
        Require(AttentionTemperature > 0, nameof(AttentionTemperature), AttentionTemperature, "positive");
        Require(PpmBins.Count > 0 && PpmBins.All(b => b >= 1), nameof(PpmBins), string.Join(", ", PpmBins), "positive bins, one at least");
        Require(BnEps > 0, nameof(BnEps), BnEps, "positive");
        Require(BnMomentum is > 0 and <= 1, nameof(BnMomentum), BnMomentum, "in (0, 1]");
        Require(LnEps > 0, nameof(LnEps), LnEps, "positive");
        return this;
    }

    private static void RequireFour(string name, IReadOnlyList<int> values) =>
        Require(values.Count == 4 && values.All(v => v >= 1), name, $"[{string.Join(", ", values)}]", "four positive numbers, one a stage");

    private static void Require(bool condition, string name, object value, string rule)
    {
        if (!condition)
            throw new ArgumentException($"Network setting {name} is {value}; it must be {rule}.");
    }
}
