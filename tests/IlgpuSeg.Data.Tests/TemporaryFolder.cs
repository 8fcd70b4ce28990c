namespace IlgpuSeg.Data.Tests;

/// <summary>A folder that goes away with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("ilgpuseg-").FullName;

    public string this[string relative] => Path.Combine(Root, relative);

    public void Image(string relative, int width = 8, int height = 6, byte fill = 100)
    {
        var image = new RgbImage(width, height);
        Array.Fill(image.Pixels, fill);
        ImageCodec.Default.WritePng(this[relative], image);
    }

    public void Labels(string relative, int width = 8, int height = 6, byte fill = 0)
    {
        var labels = new LabelMap(width, height);
        Array.Fill(labels.Labels, fill);
        ImageCodec.Default.WritePng(this[relative], labels);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Samples that exist only in memory.</summary>
internal sealed class MemorySamples(params Sample[] samples) : ISampleSource
{
    private int _loads;

    public string Name => "memory";

    public LabelTable Classes => LabelTables.CityscapesTrainIds;

    public int Count => samples.Length;

    public int Loads => _loads;

    public Sample Load(int index)
    {
        Interlocked.Increment(ref _loads);
        return samples[index];
    }

    /// <summary>Random pictures whose label at each pixel is the red channel modulo 19.</summary>
    public static MemorySamples Random(int count, int width, int height)
    {
        var random = new SeededRandom(7);
        return new MemorySamples([.. Enumerable.Range(0, count).Select(n =>
        {
            var image = new RgbImage(width, height);
            var labels = new LabelMap(width, height);
            for (int i = 0; i < image.Pixels.Length; i++)
                image.Pixels[i] = (byte)random.Next(256);
            for (int i = 0; i < labels.Labels.Length; i++)
                labels.Labels[i] = (byte)(image.Pixels[3 * i] % 19);
            return new Sample($"sample{n}", image, labels);
        })]);
    }
}
