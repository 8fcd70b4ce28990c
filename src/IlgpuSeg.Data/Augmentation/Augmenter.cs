namespace IlgpuSeg.Data;

/// <summary>What was drawn for one training crop.</summary>
/// <param name="Width">Width of the resized picture.</param>
/// <param name="Height">Height of the resized picture.</param>
/// <param name="X">Column of the resized picture at the crop's left edge; negative where the picture is narrower than the crop.</param>
/// <param name="Y">Row of the resized picture at the crop's top edge; negative where the picture is lower than the crop.</param>
/// <param name="Flip">True to mirror left and right.</param>
/// <param name="Colours">What happens to the colours; null for nothing.</param>
internal readonly record struct CropPlan(int Width, int Height, int X, int Y, bool Flip, ColourPlan? Colours = null);

/// <summary>
/// Random resizing, cropping and flipping of a sample, and its normalisation (the recipe of the paper); changes of colour and a blur where
/// the options ask for them. Only the crop's pixels of the
/// resized picture are computed. The picture is interpolated bilinearly between pixel centres, without smoothing when
/// it shrinks (PyTorch's align_corners=False, OpenCV's INTER_LINEAR); labels take the nearest pixel centre. Outside
/// of the picture a crop holds the mean colour, which normalises to 0, and label 255.
/// </summary>
public sealed class Augmenter
{
    private readonly AugmentationOptions _options;

    /// <summary>An augmenter.</summary>
    /// <param name="options">What to do.</param>
    /// <exception cref="DataOptionException">An option is impossible.</exception>
    public Augmenter(AugmentationOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <summary>Makes one training crop.</summary>
    /// <param name="sample">A sample with labels.</param>
    /// <param name="random">Where the choices come from.</param>
    /// <param name="image">Receives the normalised crop, [CropHeight, CropWidth, 3].</param>
    /// <param name="labels">Receives the crop's labels, [CropHeight, CropWidth].</param>
    /// <param name="wanted">A class of which the crop must hold a pixel, drawn evenly from those of the sample; null for no such wish.</param>
    /// <exception cref="ArgumentException">The sample has no labels, or none of the wanted class.</exception>
    public void Apply(Sample sample, SeededRandom random, Span<float> image, Span<int> labels, int? wanted = null)
    {
        var source = sample.Labels ?? throw new ArgumentException($"sample {sample.Name} has no labels to train on", nameof(sample));
        (int X, int Y)? target = wanted is { } id ? PixelOf(id, source, sample.Name, random) : null;
        Apply(sample.Image, source, Plan(sample.Image.Width, sample.Image.Height, random, target), image, labels);
    }

    private static (int X, int Y) PixelOf(int id, LabelMap labels, string name, SeededRandom random)
    {
        int count = labels.Labels.AsSpan().Count((byte)id);
        if (count == 0) throw new ArgumentException($"sample {name} has no pixel of class {id}");
        int left = random.Next(count), at = -1;
        do at += 1 + labels.Labels.AsSpan(at + 1).IndexOf((byte)id);
        while (left-- > 0);
        return (at % labels.Width, at / labels.Width);
    }

    internal CropPlan Plan(int width, int height, SeededRandom random, (int X, int Y)? target = null)
    {
        double scale = random.Between(_options.MinScale, _options.MaxScale);
        int newWidth = Math.Max(1, (int)Math.Round(width * scale));
        int newHeight = Math.Max(1, (int)Math.Round(height * scale));
        int x = Position(newWidth, _options.CropWidth, Resized(target?.X, width, newWidth), random);
        int y = Position(newHeight, _options.CropHeight, Resized(target?.Y, height, newHeight), random);
        var flip = random.Chance(_options.FlipProbability);
        return new CropPlan(newWidth, newHeight, x, y, flip, _options.ChangesColours ? ColourPlan.Draw(_options, random) : null);

        static int? Resized(int? place, int size, int newSize) => place is { } p ? (int)((p + 0.5) * newSize / size) : null;
    }

    /// <summary>Where a crop starts: anywhere that it can, and so that it holds the target where there is one.</summary>
    private static int Position(int size, int crop, int? target, SeededRandom random)
    {
        if (size < crop) return -random.Next(crop - size + 1);
        int first = target is { } t ? Math.Max(0, t - crop + 1) : 0;
        int last = Math.Min(size - crop, target ?? int.MaxValue);
        return first + random.Next(last - first + 1);
    }

    internal void Apply(RgbImage image, LabelMap labels, CropPlan plan, Span<float> imageOut, Span<int> labelsOut)
    {
        int cropWidth = _options.CropWidth, cropHeight = _options.CropHeight;
        var columns = new ResizeAxis(image.Width, plan.Width, plan.X, cropWidth, plan.Flip);
        var rows = new ResizeAxis(image.Height, plan.Height, plan.Y, cropHeight, flip: false);
        for (int y = 0; y < cropHeight; y++)
        {
            var pixelRow = imageOut.Slice(y * cropWidth * 3, cropWidth * 3);
            var labelRow = labelsOut.Slice(y * cropWidth, cropWidth);
            if (rows.Nearest[y] < 0)
            {
                pixelRow.Clear();
                labelRow.Fill(LabelMap.Ignore);
                continue;
            }
            SampleRow(image, rows.Low[y], rows.High[y], rows.Weight[y], columns, pixelRow, plan.Colours is null);
            var source = labels.Labels.AsSpan(rows.Nearest[y] * labels.Width, labels.Width);
            for (int x = 0; x < cropWidth; x++)
                labelRow[x] = columns.Nearest[x] < 0 ? LabelMap.Ignore : source[columns.Nearest[x]];
        }
        if (plan.Colours is not { } colours) return;
        var ((left, width), (top, height)) = (columns.Inside, rows.Inside);
        var pixels = new CropPixels(imageOut, cropWidth, left, top, width, height);
        colours.Apply(pixels);
        for (int y = 0; y < height; y++) ImageNet.Normalise(pixels.Row(y));
    }

    private static void SampleRow(RgbImage image, int low, int high, float weight, ResizeAxis columns, Span<float> row, bool normalised)
    {
        int stride = image.Width * 3;
        var upper = image.Pixels.AsSpan(low * stride, stride);
        var lower = image.Pixels.AsSpan(high * stride, stride);
        var (s0, s1, s2) = normalised ? (ImageNet.Scale(0), ImageNet.Scale(1), ImageNet.Scale(2)) : (1, 1, 1);
        var (o0, o1, o2) = normalised ? (ImageNet.Offset(0), ImageNet.Offset(1), ImageNet.Offset(2)) : (0, 0, 0);
        for (int x = 0, to = 0; to < row.Length; x++, to += 3)
        {
            if (columns.Nearest[x] < 0)
            {
                row.Slice(to, 3).Clear();
                continue;
            }
            int left = columns.Low[x] * 3, right = columns.High[x] * 3;
            float w = columns.Weight[x];
            row[to] = Blend(upper, lower, left, right, w, weight) * s0 + o0;
            row[to + 1] = Blend(upper, lower, left + 1, right + 1, w, weight) * s1 + o1;
            row[to + 2] = Blend(upper, lower, left + 2, right + 2, w, weight) * s2 + o2;
        }
    }

    private static float Blend(ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower, int left, int right, float across, float down)
    {
        float top = upper[left] + (upper[right] - upper[left]) * across;
        float bottom = lower[left] + (lower[right] - lower[left]) * across;
        return top + (bottom - top) * down;
    }
}
