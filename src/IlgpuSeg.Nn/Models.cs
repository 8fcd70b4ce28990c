namespace IlgpuSeg.Nn;

/// <summary>The networks by name: "van-s-frm" is the paper's; t, s, b, l give the backbone, frm, ppm, dappm the context.</summary>
public static class Models
{
    private static readonly Dictionary<string, (int[] Dims, int[] Depths)> Backbones = new()
    {
        ["van-t"] = ([32, 64, 160, 256], [3, 3, 5, 2]),
        ["van-s"] = ([64, 128, 320, 512], [2, 2, 4, 2]),
        ["van-b"] = ([64, 128, 320, 512], [3, 3, 12, 3]),
        ["van-l"] = ([64, 128, 320, 512], [3, 5, 27, 3]),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. from backbone in Backbones.Keys from context in Enum.GetNames<ContextKind>() select $"{backbone}-{context.ToLowerInvariant()}"];

    /// <summary>The settings of a network.</summary>
    /// <param name="name">For example "van-s-frm".</param>
    /// <param name="classes">Classes, without the ignored one.</param>
    /// <exception cref="ArgumentException">There is no such network; the message lists those there are.</exception>
    public static NetworkConfig Config(string name, int classes = 19)
    {
        var dash = name.LastIndexOf('-');
        if (!Names.Contains(name) || !Backbones.TryGetValue(name[..dash], out var backbone))
            throw new ArgumentException($"There is no model '{name}'; the models are {string.Join(", ", Names)}.");
        return new NetworkConfig
        {
            Dims = backbone.Dims,
            Depths = backbone.Depths,
            Classes = classes,
            Context = Enum.Parse<ContextKind>(name[(dash + 1)..], ignoreCase: true),
        }.Validate();
    }
}
