using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Parity;

/// <summary>Images and maps between PyTorch's [N, C, H, W] and the engine's [N, H, W, C].</summary>
internal static class TorchImages
{
    /// <summary>A rank-4 entry as a tensor.</summary>
    public static Tensor Import(WeightEntry entry, DType dtype, Device device)
    {
        int n = (int)entry.Shape[0], c = (int)entry.Shape[1], h = (int)entry.Shape[2], w = (int)entry.Shape[3];
        double[] from = entry.ToDoubles();
        var to = new double[from.Length];
        Transpose(n, c, h * w, (there, here) => to[here] = from[there]);
        return Tensor.FromDoubles(to, new Shape(n, h, w, c), dtype, device);
    }

    /// <summary>A rank-4 tensor as an entry of its own precision.</summary>
    public static WeightEntry Export(string name, Tensor image)
    {
        long[] shape = [image.N, image.C, image.H, image.W];
        double[] from = image.ToDoubles();
        var to = new double[from.Length];
        Transpose(image.N, image.C, image.H * image.W, (there, here) => to[there] = from[here]);
        return image.DType == DType.Float64
            ? WeightEntry.From(name, shape, to)
            : WeightEntry.From(name, shape, Array.ConvertAll(to, x => (float)x));
    }

    private static void Transpose(int images, int channels, int pixels, Action<int, int> move)
    {
        for (int n = 0; n < images; n++)
            for (int c = 0; c < channels; c++)
                for (int p = 0; p < pixels; p++)
                    move(((n * channels) + c) * pixels + p, ((n * pixels) + p) * channels + c);
    }
}
