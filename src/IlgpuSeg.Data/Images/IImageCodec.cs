namespace IlgpuSeg.Data;

/// <summary>
/// Reads PNG and JPEG and writes PNG, from and to memory. Files are the business of <see cref="ImageFiles"/>.
/// Every reading method throws <see cref="ImageFormatException"/>, and nothing else, on contents that it cannot decode.
/// </summary>
public interface IImageCodec
{
    /// <summary>"bundled" or "imagesharp".</summary>
    string Name { get; }

    /// <summary>The size and format, without decoding the pixels.</summary>
    /// <param name="data">A whole file.</param>
    /// <param name="name">The file's name, for messages.</param>
    ImageInfo Identify(byte[] data, string name);

    /// <summary>
    /// The picture as 8-bit RGB: grey is spread over the three channels, palettes are looked up, 16 bits are rounded to 8,
    /// and an alpha channel is dropped (not blended).
    /// </summary>
    /// <param name="data">A whole PNG or JPEG file.</param>
    /// <param name="name">The file's name, for messages.</param>
    RgbImage DecodeRgb(byte[] data, string name);

    /// <summary>The ids of a label file: grey values or palette indices as stored, in 1 to 16 bits.</summary>
    /// <param name="data">A whole PNG file, grey or with a palette.</param>
    /// <param name="name">The file's name, for messages.</param>
    IdMap DecodeLabels(byte[] data, string name);

    /// <summary>An 8-bit RGB PNG file.</summary>
    /// <param name="image">The picture.</param>
    byte[] EncodePng(RgbImage image);

    /// <summary>An 8-bit grey PNG file whose values are the labels.</summary>
    /// <param name="labels">The labels.</param>
    byte[] EncodePng(LabelMap labels);

    /// <summary>An 8-bit palette PNG file whose indices are the labels.</summary>
    /// <param name="labels">The labels, each below the number of colours.</param>
    /// <param name="palette">1 to 256 colours.</param>
    /// <exception cref="ArgumentException">No or too many colours, or a label without a colour.</exception>
    byte[] EncodePng(LabelMap labels, IReadOnlyList<Rgb> palette);
}

/// <summary>The codec that this build carries.</summary>
public static class ImageCodec
{
    /// <summary>The bundled codecs, or ImageSharp in the flavour built with <c>-p:ImageCodec=imagesharp</c>.</summary>
    public static IImageCodec Default { get; } =
#if CODEC_IMAGESHARP
        new ImageSharpCodec();
#else
        new BundledCodec();
#endif
}
