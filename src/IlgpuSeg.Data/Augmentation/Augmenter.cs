namespace IlgpuSeg.Data;

/// <summary>What was drawn for one training crop.</summary>
/// <param name="Width">Width of the resized picture.</param>
/// <param name="Height">Height of the resized picture.</param>
/// <param name="X">Column of the resized picture at the crop's left edge; negative where the picture is narrower than the crop.</param>
/// <param name="Y">Row of the resized picture at the crop's top edge; negative where the picture is lower than the crop.</param>
/// <param name="Flip">True to mirror left and right.</param>
internal readonly record struct CropPlan(int Width, int Height, int X, int Y, bool Flip);

/// <summary>
/// Random resizing, cropping and flipping of a sample, and its normalisation (the recipe of the paper). Only the crop's pixels of the
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
    public void Apply(Sample sample, SeededRandom random, Span<float> image, Span<int> labels)
    {
        var source = sample.Labels ?? throw new ArgumentException($"sample {sample.Name} has no labels to train on", nameof(sample));
        Apply(sample.Image, source, Plan(sample.Image.Width, sample.Image.Height, random), image, labels);
    }

    internal CropPlan Plan(int width, int height, SeededRandom random)
    {
        double scale = random.Between(_options.MinScale, _options.MaxScale);
        int newWidth = Math.Max(1, (int)Math.Round(width * scale));
        int newHeight = Math.Max(1, (int)Math.Round(height * scale));
        int x = Position(newWidth, _options.CropWidth, random);
        int y = Position(newHeight, _options.CropHeight, random);
        return new CropPlan(newWidth, newHeight, x, y, random.Chance(_options.FlipProbability));
    }

    private static int Position(int size, int crop, SeededRandom random) =>
        size >= crop ? random.Next(size - crop + 1) : -random.Next(crop - size + 1);

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
            SampleRow(image, rows.Low[y], rows.High[y], rows.Weight[y], columns, pixelRow);
            var source = labels.Labels.AsSpan(rows.Nearest[y] * labels.Width, labels.Width);
            for (int x = 0; x < cropWidth; x++)
                labelRow[x] = columns.Nearest[x] < 0 ? LabelMap.Ignore : source[columns.Nearest[x]];
        }
    }

    private static void SampleRow(RgbImage image, int low, int high, float weight, ResizeAxis columns, Span<float> row)
    {
        int stride = image.Width * 3;
        var upper = image.Pixels.AsSpan(low * stride, stride);
        var lower = image.Pixels.AsSpan(high * stride, stride);
        var (s0, s1, s2) = (ImageNet.Scale(0), ImageNet.Scale(1), ImageNet.Scale(2));
        var (o0, o1, o2) = (ImageNet.Offset(0), ImageNet.Offset(1), ImageNet.Offset(2));
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
