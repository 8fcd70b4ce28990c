namespace IlgpuSeg.Data;

/// <summary>The part of a crop that the picture covers, before normalisation: red, green and blue of 0 to 255.</summary>
/// <param name="crop">The whole crop, [rows, cropWidth, 3].</param>
/// <param name="cropWidth">Columns of the crop.</param>
/// <param name="left">The picture's first column in the crop.</param>
/// <param name="top">The picture's first row in the crop.</param>
/// <param name="width">Columns of the picture in the crop.</param>
/// <param name="height">Rows of the picture in the crop.</param>
internal readonly ref struct CropPixels(Span<float> crop, int cropWidth, int left, int top, int width, int height)
{
    private readonly Span<float> _crop = crop;

    public int Width => width;

    public int Height => height;

    /// <summary>A row's values, [Width, 3].</summary>
    public Span<float> Row(int y) => _crop.Slice(((top + y) * cropWidth + left) * 3, width * 3);
}
