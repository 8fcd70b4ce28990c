namespace IlgpuSeg.Data;

/// <summary>A train id per pixel; 255 marks pixels that do not count.</summary>
public sealed class LabelMap
{
    /// <summary>The label of a pixel that counts neither in the loss nor in the score.</summary>
    public const byte Ignore = 255;

    /// <summary>A map of zeros.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    public LabelMap(int width, int height)
        : this(width, height, new byte[ImageSize.Samples(width, height, 1)])
    {
    }

    /// <summary>A map over existing labels (not copied).</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="labels">width * height labels.</param>
    /// <exception cref="ArgumentException">The array's length is not width * height.</exception>
    public LabelMap(int width, int height, byte[] labels)
    {
        ImageSize.RequireLength(labels.Length, width, height, 1, nameof(labels));
        Width = width;
        Height = height;
        Labels = labels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>The labels, [Height, Width].</summary>
    public byte[] Labels { get; }

    /// <summary>The label of one pixel.</summary>
    /// <param name="x">Column, from 0.</param>
    /// <param name="y">Row, from 0.</param>
    public byte this[int x, int y]
    {
        get => Labels[y * Width + x];
        set => Labels[y * Width + x] = value;
    }
}

/// <summary>
/// The ids as a label file stores them, before any table is applied: a grey file's values (not stretched to 8 bits), a palette
/// file's indices (not its colours). 16 bits hold Cityscapes' instance ids.
/// </summary>
public sealed class IdMap
{
    /// <summary>A map over existing ids (not copied).</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="ids">width * height ids.</param>
    /// <exception cref="ArgumentException">The array's length is not width * height.</exception>
    public IdMap(int width, int height, ushort[] ids)
    {
        ImageSize.RequireLength(ids.Length, width, height, 1, nameof(ids));
        Width = width;
        Height = height;
        Ids = ids;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>The ids, [Height, Width].</summary>
    public ushort[] Ids { get; }
}

/// <summary>What a picture file says about itself before its pixels are decoded.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Format">"PNG" or "JPEG".</param>
public readonly record struct ImageInfo(int Width, int Height, string Format);

/// <summary>The one place where sizes turn into array lengths.</summary>
internal static class ImageSize
{
    /// <summary>No picture larger than this is decoded: about 11585 x 11585.</summary>
    public const long MaxPixels = 1L << 27;

    public static int Samples(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        long samples = (long)width * height * channels;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, Array.MaxLength, nameof(width));
        return (int)samples;
    }

    public static void RequireLength(int length, int width, int height, int channels, string parameter)
    {
        int expected = Samples(width, height, channels);
        if (length != expected)
            throw new ArgumentException(
                $"a picture of {width}x{height} with {channels} byte(s) or value(s) a pixel needs {expected} of them, got {length}",
                parameter);
    }
}
