using System.Diagnostics;

namespace IlgpuSeg.Data.Tests;

/// <summary>Whatever a file holds: a picture, or one ImageFormatException with one line that begins with its name.</summary>
public sealed class BadFileTests
{
    private static readonly IImageCodec Codec = ImageCodec.Default;

    private static string Refusal(byte[] file)
    {
        var e = Assert.Throws<ImageFormatException>(() => Codec.DecodeRgb(file, "some/file"));
        Assert.StartsWith("some/file: ", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        return e.Reason;
    }

    private static byte[] Png(int width = 4, int height = 3) => new PngBuilder
    {
        Width = width, Height = height, ColourType = 0, Depth = 8, Samples = new int[width * height],
    }.Build();

    /// <summary>Where the data chunk of <see cref="Png"/> starts.</summary>
    private static readonly int DataChunk = Png().AsSpan().IndexOf("IDAT"u8) - 4;

    /// <summary>Overwrites bytes and makes the chunk's check sum right again.</summary>
    private static byte[] Patch(byte[] png, int chunkStart, int offset, params byte[] values)
    {
        values.CopyTo(png, chunkStart + 8 + offset);
        int length = png[chunkStart + 2] << 8 | png[chunkStart + 3];
        PngBuilder.BigEndian((int)PngBuilder.Crc(png.AsSpan(chunkStart + 4, length + 4))).CopyTo(png, chunkStart + 8 + length);
        return png;
    }

    [Fact]
    public void TheMessageSaysWhatIsWrong()
    {
        Assert.Equal("the file is empty", Refusal([]));
        Assert.Contains("neither a PNG nor a JPEG", Refusal("GIF89a and so on"u8.ToArray()));
#if CODEC_BUNDLED
        Assert.Contains("truncated", Refusal(Png()[..^20]));
        Assert.Contains("wrong check sum", Refusal([.. Png()[..20], 9, .. Png()[21..]]));
        Assert.Contains("impossible size, 0x3", Refusal(Patch(Png(), 8, 0, 0, 0, 0, 0)));
        Assert.Contains("more than the", Refusal(Patch(Png(), 8, 0, 0, 1, 0, 0, 0, 1, 0, 0)));
        Assert.Contains("cannot hold them", Refusal(Patch(Png(), 8, 0, 0, 0, 0x20, 0, 0, 0, 0x20, 0)));
        Assert.Contains("no colour type 2 with 4 bits", Refusal(Patch(Png(), 8, 8, 4, 2)));
        Assert.Contains("no palette", Refusal(Patch(Png(), 8, 9, 3)));
        Assert.Contains("cannot be inflated", Refusal(Patch(Png(), DataChunk, 0, 0x78, 0x20))); // a preset dictionary
        Assert.Contains("cannot be inflated", Refusal(Patch(Png(), DataChunk, 2, 0xFF)));
        Assert.Contains("process 9 is not supported", Refusal(Fixture.Bytes("broken/arithmetic.jpg")));
        Assert.Contains("4 colour components", Refusal(Fixture.Bytes("broken/cmyk.jpg")));
#endif
    }

    [Fact]
    public void MissingAndUnreadableFilesAreNamed()
    {
        var e = Assert.Throws<ImageFormatException>(() => Codec.ReadRgb("no/such/file.png"));
        Assert.Equal("no/such/file.png: there is no such file", e.Message);
        Assert.Throws<ImageFormatException>(() => Codec.ReadRgb(AppContext.BaseDirectory));
    }

    public static TheoryData<string> SmallFiles =>
        ["jpeg-420.jpg", "jpeg-restart.jpg", "jpeg-progressive-444.jpg", "jpeg-progressive-420.jpg", "jpeg-grey.jpg", "png-rgb.png",
            "png-palette.png"];

    [Theory]
    [MemberData(nameof(SmallFiles))]
    public void NoTruncationPasses(string file)
    {
        var bytes = Fixture.Bytes(file);
        for (int length = 0; length < bytes.Length; length += length < 700 ? 1 : 7)
        {
            var cut = bytes[..length];
            Refusal(cut);
            Assert.Throws<ImageFormatException>(() => Codec.Identify(cut, "x"));
        }
    }

    [Theory]
    [MemberData(nameof(SmallFiles))]
    public void MutatedFilesGiveAPictureOrARefusal(string file)
    {
        var original = Fixture.Bytes(file);
        var random = new Random(42);
        int refused = 0;
        long slowest = 0;
        const int Runs = 700;
        for (int run = 0; run < Runs; run++)
        {
            var bytes = Mutate(original, random);
            if (file.EndsWith(".png", StringComparison.Ordinal) && run % 4 != 0)
                RepairCheckSums(bytes);
            var watch = Stopwatch.StartNew();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Codec.DecodeRgb(bytes, file);
            }
            catch (ImageFormatException)
            {
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
            slowest = Math.Max(slowest, watch.ElapsedMilliseconds);
        }
        Assert.InRange(slowest, 0, 20_000); // no hang, however busy the machine
        Assert.InRange(refused, Runs / 10, Runs);
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (int edits = random.Next(1, 5); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at - 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 30), bytes.Count - at)));
                    break;
                default:
                    bytes[at] = 0xFF;
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Walks the chunks as far as they go, so that the damage reaches what lies behind the check sums.</summary>
    private static void RepairCheckSums(byte[] png)
    {
        for (int at = 8; at + 12 <= png.Length;)
        {
            int length = png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
            if (length < 0 || length > png.Length - at - 12)
                return;
            PngBuilder.BigEndian((int)PngBuilder.Crc(png.AsSpan(at + 4, length + 4))).CopyTo(png, at + 8 + length);
            at += length + 12;
        }
    }
}
