namespace IlgpuSeg.Nn;

/// <summary>How a tensor's axes are ordered here and in PyTorch's files.</summary>
public enum WeightLayout
{
    /// <summary>The same in both.</summary>
    Plain,

    /// <summary>A convolution's weight: [kH, kW, Cin, Cout] here, [Cout, Cin, kH, kW] there.</summary>
    Convolution,

    /// <summary>A depth-wise convolution's weight: [kH, kW, C] here, [C, 1, kH, kW] there.</summary>
    DepthwiseConvolution,

    /// <summary>A fully connected layer's weight: [In, Out] here, [Out, In] there.</summary>
    Linear,

    /// <summary>BatchNorm's count of batches: one Int32 here, an int64 scalar there.</summary>
    Counter,
}

/// <summary>A learned tensor, or a buffer that is saved with the learned ones.</summary>
/// <param name="Name">The key in PyTorch's naming, for example "backbone.patch_embed1.proj.weight".</param>
/// <param name="Value">The tensor in this engine's layout.</param>
/// <param name="Layout">How the axes map to PyTorch's.</param>
public sealed record Parameter(string Name, Tensor Value, WeightLayout Layout)
{
    /// <summary>The shape in PyTorch's layout.</summary>
    public long[] TorchShape
    {
        get
        {
            var s = Value.Shape;
            return Layout switch
            {
                WeightLayout.Convolution => [s[3], s[2], s[0], s[1]],
                WeightLayout.DepthwiseConvolution => [s[2], 1, s[0], s[1]],
                WeightLayout.Linear => [s[1], s[0]],
                WeightLayout.Counter => [],
                _ => Array.ConvertAll(s.ToArray(), d => (long)d),
            };
        }
    }

    /// <summary>Reorders elements from this engine's layout to PyTorch's.</summary>
    public T[] ToTorch<T>(ReadOnlySpan<T> values) => Reorder(values, toTorch: true);

    /// <summary>Reorders elements from PyTorch's layout to this engine's.</summary>
    public T[] FromTorch<T>(ReadOnlySpan<T> values) => Reorder(values, toTorch: false);

    private T[] Reorder<T>(ReadOnlySpan<T> values, bool toTorch)
    {
        if (Layout is WeightLayout.Plain or WeightLayout.Counter)
            return values.ToArray();
        // All weights are a matrix transposition: (taps x inputs) x outputs here, outputs x inputs x taps there.
        var s = Value.Shape;
        var (taps, inputs) = Layout switch
        {
            WeightLayout.Convolution => (s[0] * s[1], s[2]),
            WeightLayout.Linear => (1, s[0]),
            _ => (s[0] * s[1], 1),
        };
        var outputs = s[^1];
        var result = new T[values.Length];
        for (var tap = 0; tap < taps; tap++)
        for (var i = 0; i < inputs; i++)
        for (var o = 0; o < outputs; o++)
        {
            int here = (tap * inputs + i) * outputs + o, there = (o * inputs + i) * taps + tap;
            if (toTorch) result[there] = values[here];
            else result[here] = values[there];
        }
        return result;
    }
}
