namespace IlgpuSeg.Data.Tests;

public sealed class SyntheticScenesTests : IDisposable
{
    private const int Width = 128, Height = 64, Scenes = 24;

    private static readonly Lazy<(RgbImage Image, LabelMap Labels)[]> Drawn = new(() =>
        [.. ParallelEnumerable.Range(0, Scenes).AsOrdered().Select(i => SyntheticScenes.Draw(Width, Height, 9, 0, i))
            .Select(s => (s.Image, ToTrainIds(s.Ids)))]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static LabelMap ToTrainIds(LabelMap ids) =>
        new(ids.Width, ids.Height, Array.ConvertAll(ids.Labels, id => (byte)LabelTables.CityscapesIds.TrainIdOf(id)));

    [Fact]
    public void ASceneIsDrawnTheSameEveryTime()
    {
        var (image, ids) = SyntheticScenes.Draw(96, 48, 4, 0, 7);
        var (again, idsAgain) = SyntheticScenes.Draw(96, 48, 4, 0, 7);
        Assert.Equal(image.Pixels, again.Pixels);
        Assert.Equal(ids.Labels, idsAgain.Labels);
        Assert.NotEqual(image.Pixels, SyntheticScenes.Draw(96, 48, 4, 0, 8).Image.Pixels);
        Assert.NotEqual(image.Pixels, SyntheticScenes.Draw(96, 48, 4, 1, 7).Image.Pixels);
        Assert.NotEqual(image.Pixels, SyntheticScenes.Draw(96, 48, 5, 0, 7).Image.Pixels);
    }

    [Fact]
    public void EveryClassButTrainsOccurs()
    {
        var scenesWith = new int[19];
        foreach (var (_, labels) in Drawn.Value)
        {
            foreach (byte label in labels.Labels.Distinct().Where(l => l != LabelMap.Ignore))
                scenesWith[label]++;
        }
        var names = LabelTables.CityscapesIds.ClassNames;
        string[] everywhere = ["road", "sidewalk", "building", "vegetation", "sky", "pole", "car", "person", "traffic sign"];
        for (int c = 0; c < names.Length; c++)
        {
            int least = names[c] == "train" ? 0 : everywhere.Contains(names[c]) ? Scenes * 3 / 4 : 1;
            Assert.True(scenesWith[c] >= least, $"{names[c]} occurs in {scenesWith[c]} of {Scenes} scenes, expected {least}");
        }
        Assert.Equal(0, scenesWith[16]);
    }

    [Fact]
    public void TheLayoutIsAStreets()
    {
        double[] share = new double[256];
        foreach (var (_, labels) in Drawn.Value)
        {
            foreach (byte label in labels.Labels)
                share[label] += 1.0 / (Scenes * Width * Height);
            Assert.Equal(LabelMap.Ignore, labels[Width / 2, Height - 1]); // the car that carries the camera
        }
        int roadAhead = Drawn.Value.Count(s => s.Labels[Width / 2, Height * 3 / 4] is 0 or 13 or 14 or 15);
        Assert.InRange(roadAhead, Scenes * 3 / 4, Scenes);
        Assert.InRange(share[0], 0.15, 0.5);
        Assert.InRange(share[2], 0.1, 0.5);
        Assert.InRange(share[10], 0.03, 0.4);
        Assert.InRange(share[255], 0.02, 0.1);
    }

    /// <summary>Colour and height in the picture tell something about the class, but not all: there is something to learn.</summary>
    [Fact]
    public void TheClassesAreLearnableButNotTrivial()
    {
        var sums = new double[19, 5];
        void ForEach(IEnumerable<(RgbImage, LabelMap)> scenes, Action<double[], byte> visit)
        {
            foreach (var (image, labels) in scenes)
            {
                for (int i = 0; i < labels.Labels.Length; i++)
                {
                    if (labels.Labels[i] != LabelMap.Ignore)
                        visit([image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2], 255.0 * (i / Width) / Height],
                            labels.Labels[i]);
                }
            }
        }

        ForEach(Drawn.Value[..(Scenes / 2)], (f, label) =>
        {
            sums[label, 4]++;
            for (int k = 0; k < 4; k++)
                sums[label, k] += f[k];
        });
        int right = 0, all = 0;
        ForEach(Drawn.Value[(Scenes / 2)..], (f, label) =>
        {
            int nearest = Enumerable.Range(0, 19).Where(c => sums[c, 4] > 0)
                .MinBy(c => Enumerable.Range(0, 4).Sum(k => Math.Pow(f[k] - sums[c, k] / sums[c, 4], 2)));
            all++;
            right += nearest == label ? 1 : 0;
        });
        Assert.InRange((double)right / all, 0.2, 0.75);
    }

    [Fact]
    public void ASetIsWrittenInCityscapesLayout()
    {
        SyntheticScenes.Write(_folder["set"], train: 3, val: 2, 64, 32, seed: 8);
        foreach (bool trainIds in new[] { false, true })
        {
            var train = CityscapesDataset.Open(_folder["set"], "train", trainIds);
            var val = CityscapesDataset.Open(_folder["set"], "val", trainIds);
            Assert.Equal((3, 2), (train.Count, val.Count));
            Assert.Empty(DatasetCheck.Run(train));
            Assert.Empty(DatasetCheck.Run(val));
            var (image, ids) = SyntheticScenes.Draw(64, 32, 8, 1, 1);
            var sample = val.Load(1);
            Assert.Equal(image.Pixels, sample.Image.Pixels);
            Assert.Equal(ToTrainIds(ids).Labels, sample.Labels!.Labels);
        }
        Assert.Equal(["set"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void OnlyADrawnSetIsReplaced()
    {
        SyntheticScenes.Write(_folder["set"], 2, 0, 32, 16, seed: 1);
        SyntheticScenes.Write(_folder["set"], 1, 0, 32, 16, seed: 1);
        Assert.Single(CityscapesDataset.Open(_folder["set"], "train").Items);

        File.WriteAllText(Path.Combine(Directory.CreateDirectory(_folder["mine"]).FullName, "thesis.txt"), "years of work");
        var e = Assert.Throws<DatasetException>(() => SyntheticScenes.Write(_folder["mine"], 1, 0, 32, 16, seed: 1));
        Assert.StartsWith(_folder["mine"] + ": holds something that was not drawn", e.Message);
        Assert.True(File.Exists(_folder["mine/thesis.txt"]));
    }

    [Fact]
    public void AStoppedDrawingLeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Stopper(stop);
        Assert.ThrowsAny<OperationCanceledException>(() => SyntheticScenes.Write(_folder["set"], 200, 0, 32, 16, 1, progress, stop.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    private sealed class Stopper(CancellationTokenSource stop) : IProgress<int>
    {
        public void Report(int value) => stop.Cancel();
    }

    [Fact]
    public void ImpossibleNumbersAreNamed()
    {
        string Key(int train, int width) =>
            Assert.Throws<DataOptionException>(() => SyntheticScenes.Write(_folder["set"], train, 0, width, 32, 1)).Key;
        Assert.Equal("scenes", Key(0, 64));
        Assert.Equal("scenes", Key(-1, 64));
        Assert.Equal("size", Key(1, 8));
        Assert.Equal("size", Key(1, 1 << 24));
    }
}
