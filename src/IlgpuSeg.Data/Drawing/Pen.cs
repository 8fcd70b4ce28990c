namespace IlgpuSeg.Data;

/// <summary>Draws shapes and text into a picture. What lies outside of the picture is cut off.</summary>
public sealed class Pen
{
    private readonly RgbImage _image;

    /// <summary>A pen for a picture.</summary>
    /// <param name="image">The picture that is drawn into.</param>
    public Pen(RgbImage image) => _image = image;

    /// <summary>Height of a line of text at scale 1, in pixels.</summary>
    public static int TextHeight => BitmapFont.GlyphHeight;

    /// <summary>Width of a text in pixels.</summary>
    /// <param name="text">The text.</param>
    /// <param name="scale">Pixels a dot.</param>
    public static int MeasureText(string text, int scale = 1) => BitmapFont.Measure(text, scale);

    /// <summary>A filled rectangle.</summary>
    /// <param name="x">Left column.</param>
    /// <param name="y">Top row.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="colour">Its colour.</param>
    public void Fill(int x, int y, int width, int height, Rgb colour)
    {
        int x1 = Math.Min(x + width, _image.Width), y1 = Math.Min(y + height, _image.Height);
        for (int py = Math.Max(y, 0); py < y1; py++)
        {
            for (int px = Math.Max(x, 0); px < x1; px++)
                _image[px, py] = colour;
        }
    }

    /// <summary>A text of one line; its upper left corner is given.</summary>
    /// <param name="text">Printable ASCII; other characters appear as question marks.</param>
    /// <param name="x">Left column.</param>
    /// <param name="y">Top row.</param>
    /// <param name="colour">Its colour.</param>
    /// <param name="scale">Pixels a dot.</param>
    public void Text(string text, int x, int y, Rgb colour, int scale = 1)
    {
        for (int i = 0; i < text.Length; i++)
        {
            for (int dot = 0; dot < BitmapFont.GlyphWidth * BitmapFont.GlyphHeight; dot++)
            {
                int dx = dot % BitmapFont.GlyphWidth, dy = dot / BitmapFont.GlyphWidth;
                if (BitmapFont.Dot(text[i], dx, dy))
                    Fill(x + (i * BitmapFont.Advance + dx) * scale, y + dy * scale, scale, scale, colour);
            }
        }
    }

    /// <summary>A straight line with rounded ends, smooth at the edges.</summary>
    /// <param name="x0">Start.</param>
    /// <param name="y0">Start.</param>
    /// <param name="x1">End.</param>
    /// <param name="y1">End.</param>
    /// <param name="colour">Its colour.</param>
    /// <param name="thickness">In pixels.</param>
    public void Line(double x0, double y0, double x1, double y1, Rgb colour, double thickness = 1.5)
    {
        double radius = thickness / 2, dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
        int left = Clip(Math.Min(x0, x1) - radius - 1, _image.Width), right = Clip(Math.Max(x0, x1) + radius + 1, _image.Width);
        int top = Clip(Math.Min(y0, y1) - radius - 1, _image.Height), bottom = Clip(Math.Max(y0, y1) + radius + 1, _image.Height);
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                double px = x + 0.5 - x0, py = y + 0.5 - y0;
                double along = squared == 0 ? 0 : Math.Clamp((px * dx + py * dy) / squared, 0, 1);
                double distance = Math.Sqrt(Square(px - along * dx) + Square(py - along * dy));
                Blend(x, y, colour, Math.Clamp(radius + 0.5 - distance, 0, 1));
            }
        }
    }

    /// <summary>Another picture, each of its pixels as a square.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="x">Left column.</param>
    /// <param name="y">Top row.</param>
    /// <param name="scale">Pixels a side of each square.</param>
    public void Picture(RgbImage picture, int x, int y, int scale = 1)
    {
        for (int py = 0; py < picture.Height; py++)
        {
            for (int px = 0; px < picture.Width; px++)
                Fill(x + px * scale, y + py * scale, scale, scale, picture[px, py]);
        }
    }

    private static int Clip(double value, int size) => (int)Math.Clamp(value, 0, size - 1);

    private static double Square(double value) => value * value;

    private void Blend(int x, int y, Rgb colour, double weight)
    {
        if (weight <= 0)
            return;
        var old = _image[x, y];
        _image[x, y] = new Rgb(Mix(old.R, colour.R, weight), Mix(old.G, colour.G, weight), Mix(old.B, colour.B, weight));
    }

    internal static byte Mix(byte from, byte to, double weight) => (byte)(from + (to - from) * weight + 0.5);
}
