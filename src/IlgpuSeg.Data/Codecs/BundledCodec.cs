namespace IlgpuSeg.Data;

/// <summary>The codecs of this project: PNG (ISO/IEC 15948) and JPEG (ITU-T T.81, baseline and progressive).</summary>
internal sealed class BundledCodec : IImageCodec
{
    public string Name => "bundled";

    public ImageInfo Identify(byte[] data, string name)
    {
        var source = new ImageSource(data, name);
        if (IsJpeg(source))
        {
            var (width, height) = JpegReader.ReadSize(source);
            return new ImageInfo(width, height, "JPEG");
        }
        var header = PngReader.ReadHeader(source);
        return new ImageInfo(header.Width, header.Height, "PNG");
    }

    public RgbImage DecodeRgb(byte[] data, string name)
    {
        var source = new ImageSource(data, name);
        return IsJpeg(source) ? JpegReader.Read(source) : PngConverter.ToRgb(PngReader.Read(source), source);
    }

    public IdMap DecodeLabels(byte[] data, string name)
    {
        var source = new ImageSource(data, name);
        if (IsJpeg(source))
            throw source.Bad("a JPEG file cannot hold labels (its values are not exact); a grey or palette PNG is needed");
        return PngConverter.ToIds(PngReader.Read(source), source);
    }

    public byte[] EncodePng(RgbImage image) => PngWriter.Rgb(image);

    public byte[] EncodePng(LabelMap labels) => PngWriter.Grey(labels);

    public byte[] EncodePng(LabelMap labels, IReadOnlyList<Rgb> palette) => PngWriter.Palette(labels, palette);

    /// <summary>True for a JPEG file, false for a PNG file; anything else is refused here.</summary>
    private static bool IsJpeg(ImageSource source)
    {
        if (source.Data.Length == 0)
            throw source.Bad("the file is empty");
        if (source.Data is [0xFF, 0xD8, ..])
            return true;
        if (PngReader.HasSignature(source.Data))
            return false;
        throw source.Bad("neither a PNG nor a JPEG file (its first bytes are " +
            Convert.ToHexString(source.Data.AsSpan(0, Math.Min(8, source.Data.Length))) + ")");
    }
}
