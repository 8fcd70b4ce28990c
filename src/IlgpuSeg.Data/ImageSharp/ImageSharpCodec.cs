using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using Picture = SixLabors.ImageSharp.Image;

namespace IlgpuSeg.Data;

/// <summary>The package SixLabors.ImageSharp behind <see cref="IImageCodec"/>.</summary>
internal sealed class ImageSharpCodec : IImageCodec
{
    public string Name => "imagesharp";

    public ImageInfo Identify(byte[] data, string name) => Guarded(data, name, () =>
    {
        var info = Picture.Identify(data);
        return new ImageInfo(info.Width, info.Height, info.Metadata.DecodedImageFormat is JpegFormat ? "JPEG" : "PNG");
    });

    public RgbImage DecodeRgb(byte[] data, string name) => Guarded(data, name, () =>
    {
        CheckSize(data, name);
        using var image = Picture.Load<Rgb24>(data);
        var result = new RgbImage(image.Width, image.Height);
        image.CopyPixelDataTo(result.Pixels);
        return result;
    });

    public IdMap DecodeLabels(byte[] data, string name) => Guarded(data, name, () =>
    {
        if (PngSurgery.Header(data) is not var (depth, colour))
            throw new ImageFormatException(
                name, "a JPEG file cannot hold labels (its values are not exact); a grey or palette PNG is needed");
        if (colour is not (0 or 3))
            throw new ImageFormatException(name, "a label file must be grey or have a palette");
        CheckSize(data, name);
        var grey = colour == 3 ? PngSurgery.PaletteToGrey(data) : data;
        return depth == 16 ? Load16(grey) : Load8(grey, 255 / ((1 << depth) - 1));
    });

    private static IdMap Load16(byte[] data)
    {
        using var image = Picture.Load<L16>(data);
        var pixels = new L16[image.Width * image.Height];
        image.CopyPixelDataTo(pixels);
        return new IdMap(image.Width, image.Height, Array.ConvertAll(pixels, p => p.PackedValue));
    }

    /// <summary>Values of fewer than 8 bits arrive stretched to the full range; <paramref name="stretch"/> undoes that.</summary>
    private static IdMap Load8(byte[] data, int stretch)
    {
        using var image = Picture.Load<L8>(data);
        var pixels = new byte[image.Width * image.Height];
        image.CopyPixelDataTo(pixels);
        return new IdMap(image.Width, image.Height, Array.ConvertAll(pixels, p => (ushort)(p / stretch)));
    }

    public byte[] EncodePng(RgbImage image)
    {
        using var picture = Picture.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height);
        return Encode(picture, PngColorType.Rgb);
    }

    public byte[] EncodePng(LabelMap labels)
    {
        using var picture = Picture.LoadPixelData<L8>(labels.Labels, labels.Width, labels.Height);
        return Encode(picture, PngColorType.Grayscale);
    }

    public byte[] EncodePng(LabelMap labels, IReadOnlyList<Rgb> palette)
    {
        LabelPalette.Check(labels, palette);
        return PngSurgery.GreyToPalette(EncodePng(labels), palette);
    }

    private static byte[] Encode(Picture picture, PngColorType colour)
    {
        var file = new MemoryStream();
        picture.Save(file, new PngEncoder { ColorType = colour, BitDepth = PngBitDepth.Bit8 });
        return file.ToArray();
    }

    private static void CheckSize(byte[] data, string name)
    {
        var info = Picture.Identify(data);
        if ((long)info.Width * info.Height > ImageSize.MaxPixels)
            throw new ImageFormatException(
                name, $"the header states {info.Width}x{info.Height} pixels, more than the {ImageSize.MaxPixels} that are allowed");
    }

    /// <summary>Lets only PNG and JPEG in, and turns whatever the package throws on a broken file into this project's exception.</summary>
    private static T Guarded<T>(byte[] data, string name, Func<T> read)
    {
        if (data.Length == 0)
            throw new ImageFormatException(name, "the file is empty");
        if (data is not [0xFF, 0xD8, ..] && data is not [0x89, 0x50, 0x4E, 0x47, ..])
        {
            string start = Convert.ToHexString(data.AsSpan(0, Math.Min(8, data.Length)));
            throw new ImageFormatException(name, $"neither a PNG nor a JPEG file (its first bytes are {start})");
        }
        if (!(data[0] == 0xFF ? FileEnds.HasJpegEnd(data) : FileEnds.HasPngEnd(data)))
            throw new ImageFormatException(name, "the file is truncated (no end mark)");
        try
        {
            return read();
        }
        catch (Exception e) when (e is not ImageFormatException and not OutOfMemoryException)
        {
            throw new ImageFormatException(name, $"the file is damaged or not supported ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }
}
