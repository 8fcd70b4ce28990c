namespace IlgpuSeg.Data;

/// <summary>From a frame's decoded components to RGB pixels (JFIF's YCbCr equations in 16-bit fixed point).</summary>
internal static class JpegColours
{
    private const int Half = 1 << 15;

    private static readonly int[] RedOfCr = Table(1.40200, Half), BlueOfCb = Table(1.77200, Half);
    private static readonly int[] GreenOfCr = Table(-0.71414, 0), GreenOfCb = Table(-0.34414, Half);

    private static int[] Table(double factor, int rounding)
    {
        int scaled = (int)Math.Round(factor * 65536);
        return Enumerable.Range(-128, 256).Select(c => scaled * c + rounding).ToArray();
    }

    public static RgbImage ToRgb(JpegFrame frame, bool isRgb)
    {
        var image = new RgbImage(frame.Width, frame.Height);
        var upsamplers = Array.ConvertAll(frame.Components, c => new JpegUpsampler(c, frame));
        for (int y = 0; y < frame.Height; y++)
        {
            var row = image.Pixels.AsSpan(y * frame.Width * 3, frame.Width * 3);
            var first = upsamplers[0].Row(y);
            if (upsamplers.Length == 1)
                Spread(first, row);
            else if (isRgb)
                Interleave(first, upsamplers[1].Row(y), upsamplers[2].Row(y), row);
            else
                Convert(first, upsamplers[1].Row(y), upsamplers[2].Row(y), row);
        }
        return image;
    }

    private static void Spread(ReadOnlySpan<byte> grey, Span<byte> row)
    {
        for (int x = 0, to = 0; to < row.Length; x++, to += 3)
            row.Slice(to, 3).Fill(grey[x]);
    }

    private static void Interleave(ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue, Span<byte> row)
    {
        for (int x = 0, to = 0; to < row.Length; x++, to += 3)
            (row[to], row[to + 1], row[to + 2]) = (red[x], green[x], blue[x]);
    }

    private static void Convert(ReadOnlySpan<byte> luma, ReadOnlySpan<byte> cb, ReadOnlySpan<byte> cr, Span<byte> row)
    {
        int[] redOfCr = RedOfCr, blueOfCb = BlueOfCb, greenOfCr = GreenOfCr, greenOfCb = GreenOfCb;
        int width = row.Length / 3;
        luma = luma[..width];
        cb = cb[..width];
        cr = cr[..width];
        for (int x = 0, to = 0; x < luma.Length; x++, to += 3)
        {
            int y = luma[x], b = cb[x], r = cr[x];
            row[to + 2] = Clamp(y + (blueOfCb[b] >> 16));
            row[to + 1] = Clamp(y + ((greenOfCb[b] + greenOfCr[r]) >> 16));
            row[to] = Clamp(y + (redOfCr[r] >> 16));
        }
    }

    private static byte Clamp(int value) => (byte)((uint)value <= 255 ? value : value < 0 ? 0 : 255);
}
