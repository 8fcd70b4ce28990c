namespace IlgpuSeg.Data;

/// <summary>Pictures of label maps for people to look at.</summary>
public static class Overlay
{
    private const int Margin = 8, Swatch = 10;

    private static readonly Rgb Paper = new(255, 255, 255), Ink = new(30, 30, 34), IgnoredTint = new(20, 20, 20);

    /// <summary>The labels in their colours.</summary>
    /// <param name="labels">Train ids; 255 and ids without a class are black.</param>
    /// <param name="table">The classes.</param>
    public static RgbImage Colours(LabelMap labels, LabelTable table)
    {
        var palette = table.Palette;
        var image = new RgbImage(labels.Width, labels.Height);
        for (int i = 0; i < labels.Labels.Length; i++)
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = palette[labels.Labels[i]];
        return image;
    }

    /// <summary>A picture tinted with its labels' colours; ignored pixels are darkened.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="labels">Train ids of the same size.</param>
    /// <param name="table">The classes.</param>
    /// <param name="strength">0 shows the picture alone, 1 the colours alone.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static RgbImage Blend(RgbImage image, LabelMap labels, LabelTable table, double strength = 0.6)
    {
        RequireSameSize(image, labels);
        var palette = table.Palette;
        palette[LabelMap.Ignore] = IgnoredTint;
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < labels.Labels.Length; i++)
        {
            var colour = palette[labels.Labels[i]];
            result.Pixels[3 * i] = Pen.Mix(image.Pixels[3 * i], colour.R, strength);
            result.Pixels[3 * i + 1] = Pen.Mix(image.Pixels[3 * i + 1], colour.G, strength);
            result.Pixels[3 * i + 2] = Pen.Mix(image.Pixels[3 * i + 2], colour.B, strength);
        }
        return result;
    }

    /// <summary>Image, truth and prediction side by side under a caption, and below them a legend of the classes that occur.</summary>
    /// <param name="sample">The picture with its true labels; without labels the truth is left out.</param>
    /// <param name="prediction">Predicted train ids of the same size.</param>
    /// <param name="table">The classes.</param>
    /// <param name="caption">A line above the pictures; by default the sample's name.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static RgbImage SideBySide(Sample sample, LabelMap prediction, LabelTable table, string? caption = null)
    {
        var panels = new List<(string Title, RgbImage Picture)> { ("image", sample.Image) };
        if (sample.Labels is not null)
            panels.Add(("truth", Blend(sample.Image, sample.Labels, table)));
        panels.Add(("prediction", Blend(sample.Image, prediction, table)));
        return Sheet(panels, Present(sample.Labels, prediction, table), caption ?? sample.Name);
    }

    private static RgbImage Sheet(List<(string Title, RgbImage Picture)> panels, List<ClassInfo> legend, string caption)
    {
        var first = panels[0].Picture;
        int zoom = Math.Max(1, (400 + first.Width / 2) / first.Width), textScale = first.Width * zoom >= 400 ? 2 : 1;
        int panelWidth = first.Width * zoom, line = (Pen.TextHeight + 4) * textScale;
        int picturesTop = Margin + 2 * line, legendTop = picturesTop + first.Height * zoom + Margin;
        int width = Margin + panels.Count * (panelWidth + Margin);
        var layout = LayOutLegend(legend, width, textScale).ToList();
        var sheet = new RgbImage(width, legendTop + (layout[^1].Row + 1) * line + Margin);
        var pen = new Pen(sheet);
        pen.Fill(0, 0, sheet.Width, sheet.Height, Paper);
        pen.Text(caption, Margin, Margin, Ink, textScale);
        for (int i = 0; i < panels.Count; i++)
        {
            int x = Margin + i * (panelWidth + Margin);
            pen.Text(panels[i].Title, x, Margin + line, Ink, textScale);
            pen.Picture(panels[i].Picture, x, picturesTop, zoom);
        }
        foreach (var (entry, x, row) in layout)
        {
            int y = legendTop + row * line;
            pen.Fill(x, y - textScale, Swatch * textScale, Swatch * textScale, Ink);
            pen.Fill(x + 1, y - textScale + 1, Swatch * textScale - 2, Swatch * textScale - 2, entry.Colour);
            pen.Text(entry.Name, x + (Swatch + 4) * textScale, y, Ink, textScale);
        }
        return sheet;
    }

    private static void RequireSameSize(RgbImage image, LabelMap labels)
    {
        if (image.Width != labels.Width || image.Height != labels.Height)
            throw new ArgumentException(
                $"the labels are {labels.Width}x{labels.Height}, but the image is {image.Width}x{image.Height}", nameof(labels));
    }

    private static List<ClassInfo> Present(LabelMap? truth, LabelMap prediction, LabelTable table)
    {
        var seen = new bool[256];
        foreach (byte label in prediction.Labels)
            seen[label] = true;
        foreach (byte label in truth?.Labels ?? [])
            seen[label] = true;
        var present = table.Classes.Where((_, i) => seen[i]).ToList();
        if (seen[LabelMap.Ignore])
            present.Add(new ClassInfo("ignored", IgnoredTint));
        return present;
    }

    private static IEnumerable<(ClassInfo Entry, int X, int Row)> LayOutLegend(List<ClassInfo> entries, int width, int scale)
    {
        int x = Margin, row = 0;
        foreach (var entry in entries)
        {
            int wide = (Swatch + 4) * scale + Pen.MeasureText(entry.Name, scale) + 12 * scale;
            if (x + wide > width && x > Margin)
                (x, row) = (Margin, row + 1);
            yield return (entry, x, row);
            x += wide;
        }
    }
}
