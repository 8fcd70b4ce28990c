using System.Buffers.Binary;

namespace IlgpuSeg.Data;

/// <summary>Turns the rows of a PNG file into pictures or ids.</summary>
internal static class PngConverter
{
    public static RgbImage ToRgb(PngReader reader, ImageSource source)
    {
        var image = new RgbImage(reader.Header.Width, reader.Header.Height);
        reader.Decode(new RgbSink(reader, image, source));
        return image;
    }

    public static IdMap ToIds(PngReader reader, ImageSource source)
    {
        var header = reader.Header;
        if (header.Colour is not (PngColour.Grey or PngColour.Palette))
            throw source.Bad($"a label file must be grey or have a palette; this PNG is {header.Colour.ToString().ToUpperInvariant()}");
        var ids = new IdMap(header.Width, header.Height, new ushort[ImageSize.Samples(header.Width, header.Height, 1)]);
        reader.Decode(new IdSink(header.BitDepth, ids));
        return ids;
    }

    /// <summary>Spreads samples of 1, 2 or 4 bits over a byte each; the first sample has the highest bits.</summary>
    private static void Unpack(ReadOnlySpan<byte> packed, int depth, Span<byte> samples)
    {
        int perByte = 8 / depth, mask = (1 << depth) - 1;
        for (int i = 0; i < samples.Length; i++)
        {
            int shift = 8 - depth * (i % perByte + 1);
            samples[i] = (byte)((packed[i / perByte] >> shift) & mask);
        }
    }

    private sealed class IdSink(int depth, IdMap ids) : IPngSink
    {
        private readonly byte[] _unpacked = new byte[depth < 8 ? ids.Width : 0];

        public void Row(ReadOnlySpan<byte> packed, int y, int x0, int stepX, int count)
        {
            var row = ids.Ids.AsSpan(y * ids.Width, ids.Width);
            if (depth == 16)
            {
                for (int i = 0, x = x0; i < count; i++, x += stepX)
                    row[x] = BinaryPrimitives.ReadUInt16BigEndian(packed[(2 * i)..]);
                return;
            }
            var samples = packed;
            if (depth < 8)
            {
                Unpack(packed, depth, _unpacked.AsSpan(0, count));
                samples = _unpacked;
            }
            for (int i = 0, x = x0; i < count; i++, x += stepX)
                row[x] = samples[i];
        }
    }

    private sealed class RgbSink(PngReader reader, RgbImage image, ImageSource source) : IPngSink
    {
        private readonly PngHeader _header = reader.Header;
        private readonly byte[] _samples = new byte[reader.Header.BitDepth == 8 ? 0 : image.Width * reader.Header.Channels];

        public void Row(ReadOnlySpan<byte> packed, int y, int x0, int stepX, int count)
        {
            var samples = ToBytes(packed, count * _header.Channels);
            var row = image.Pixels.AsSpan(y * image.Width * 3, image.Width * 3);
            switch (_header.Colour)
            {
                case PngColour.Rgb when stepX == 1:
                    samples[..row.Length].CopyTo(row);
                    break;
                case PngColour.Rgb or PngColour.Rgba:
                    CopyColours(samples, row, x0, stepX, count, _header.Channels);
                    break;
                case PngColour.Palette:
                    LookUp(samples, row, x0, stepX, count, y);
                    break;
                default:
                    SpreadGrey(samples, row, x0, stepX, count, _header.Channels);
                    break;
            }
        }

        /// <summary>The row's samples in 8 bits; palette indices stay as they are.</summary>
        private ReadOnlySpan<byte> ToBytes(ReadOnlySpan<byte> packed, int count)
        {
            int depth = _header.BitDepth;
            if (depth == 8)
                return packed;
            var samples = _samples.AsSpan(0, count);
            if (depth == 16)
            {
                for (int i = 0; i < count; i++)
                    samples[i] = (byte)((BinaryPrimitives.ReadUInt16BigEndian(packed[(2 * i)..]) * 255u + 32767) / 65535);
                return samples;
            }
            Unpack(packed, depth, samples);
            if (_header.Colour == PngColour.Grey)
            {
                int scale = 255 / ((1 << depth) - 1);
                for (int i = 0; i < count; i++)
                    samples[i] = (byte)(samples[i] * scale);
            }
            return samples;
        }

        private static void CopyColours(ReadOnlySpan<byte> samples, Span<byte> row, int x0, int stepX, int count, int channels)
        {
            for (int i = 0, to = 3 * x0; i < count; i++, to += 3 * stepX)
            {
                var pixel = samples.Slice(i * channels, 3);
                row[to] = pixel[0];
                row[to + 1] = pixel[1];
                row[to + 2] = pixel[2];
            }
        }

        private static void SpreadGrey(ReadOnlySpan<byte> samples, Span<byte> row, int x0, int stepX, int count, int channels)
        {
            for (int i = 0, to = 3 * x0; i < count; i++, to += 3 * stepX)
                row.Slice(to, 3).Fill(samples[i * channels]);
        }

        private void LookUp(ReadOnlySpan<byte> samples, Span<byte> row, int x0, int stepX, int count, int y)
        {
            var palette = reader.Palette;
            for (int i = 0, to = 3 * x0; i < count; i++, to += 3 * stepX)
            {
                int index = samples[i];
                if (index >= palette.Length)
                    throw source.Bad($"pixel ({x0 + i * stepX}, {y}) has colour {index} of a palette of {palette.Length}");
                row[to] = palette[index].R;
                row[to + 1] = palette[index].G;
                row[to + 2] = palette[index].B;
            }
        }
    }
}
