namespace IlgpuSeg.Data;

/// <summary>An 8-bit colour (red, green, blue).</summary>
/// <param name="R">Red, 0 to 255.</param>
/// <param name="G">Green, 0 to 255.</param>
/// <param name="B">Blue, 0 to 255.</param>
public readonly record struct Rgb(byte R, byte G, byte B);

/// <summary>An 8-bit RGB picture: rows from top to bottom, three interleaved bytes a pixel.</summary>
public sealed class RgbImage
{
    /// <summary>A black picture.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1 or the picture has more than 2^31 bytes.</exception>
    public RgbImage(int width, int height)
        : this(width, height, new byte[ImageSize.Samples(width, height, 3)])
    {
    }

    /// <summary>A picture over existing pixels (not copied).</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">width * height * 3 bytes.</param>
    /// <exception cref="ArgumentException">The array's length is not width * height * 3.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ImageSize.RequireLength(pixels.Length, width, height, 3, nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>The bytes, [Height, Width, 3].</summary>
    public byte[] Pixels { get; }

    /// <summary>The colour of one pixel.</summary>
    /// <param name="x">Column, from 0.</param>
    /// <param name="y">Row, from 0.</param>
    public Rgb this[int x, int y]
    {
        get
        {
            int at = Offset(x, y);
            return new Rgb(Pixels[at], Pixels[at + 1], Pixels[at + 2]);
        }
        set
        {
            int at = Offset(x, y);
            Pixels[at] = value.R;
            Pixels[at + 1] = value.G;
            Pixels[at + 2] = value.B;
        }
    }

    private int Offset(int x, int y)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)x, (uint)Width, nameof(x));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)y, (uint)Height, nameof(y));
        return (y * Width + x) * 3;
    }
}
