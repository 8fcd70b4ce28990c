namespace IlgpuSeg.Data.Tests;

public sealed class LayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Cityscapes(string split, string city, string stem)
    {
        _folder.Image($"leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png");
        _folder.Labels($"gtFine/{split}/{city}/{stem}_gtFine_labelIds.png", fill: 26);
        _folder.Labels($"gtFine/{split}/{city}/{stem}_gtFine_labelTrainIds.png", fill: 13);
    }

    [Fact]
    public void CityscapesPairsItsFilesAndMapsIds()
    {
        Cityscapes("train", "ulm", "ulm_000001_000019");
        Cityscapes("train", "bonn", "bonn_000002_000019");
        foreach (bool trainIds in new[] { false, true })
        {
            var set = CityscapesDataset.Open(_folder.Root, "train", trainIds);
            Assert.Equal("Cityscapes train", set.Name);
            Assert.Equal(["bonn_000002_000019", "ulm_000001_000019"], set.Items.Select(i => i.Name));
            Assert.All(set.Load(1).Labels!.Labels, l => Assert.Equal(13, l));
            Assert.Empty(DatasetCheck.Run(set));
        }
    }

    [Fact]
    public void BddPairsByName()
    {
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(_folder["images/10k/val"]).FullName, "k-1.jpg"),
            Fixture.Bytes("jpeg-420.jpg"));
        _folder.Labels("labels/sem_seg/masks/val/k-1.png", 35, 27, fill: 255);
        var set = Bdd100kDataset.Open(_folder.Root, "val");
        Assert.Equal("k-1", Assert.Single(set.Items).Name);
        Assert.Equal(35, set.Load(0).Image.Width);
        Assert.Empty(DatasetCheck.Run(set));
    }

    [Fact]
    public void CamVidFollowsItsList()
    {
        foreach (string name in new[] { "b", "a", "unlisted" })
        {
            _folder.Image($"train/{name}.png");
            _folder.Labels($"trainannot/{name}.png", fill: 11);
        }
        File.WriteAllText(_folder["train.txt"],
            "train/b.png trainannot/b.png\n\n/SegNet/CamVid/train/a.png /SegNet/CamVid/trainannot/a.png\n");
        var set = CamVidDataset.Open(_folder.Root, "train");
        Assert.Equal(["b", "a"], set.Items.Select(i => i.Name));
        Assert.All(set.Load(1).Labels!.Labels, l => Assert.Equal(255, l));

        File.Delete(_folder["train.txt"]);
        Assert.Equal(["a", "b", "unlisted"], CamVidDataset.Open(_folder.Root, "train").Items.Select(i => i.Name));
    }

    [Fact]
    public void CamVidListsMustHoldPairs()
    {
        _folder.Image("train/a.png");
        _folder.Labels("trainannot/a.png");
        File.WriteAllText(_folder["train.txt"], "train/a.png\n");
        var e = Assert.Throws<DatasetException>(() => CamVidDataset.Open(_folder.Root, "train"));
        Assert.Equal($"{_folder["train.txt"]}: line 1 is not a pair 'image label': train/a.png", e.Message);
    }

    [Fact]
    public void NamedFramesAreLeftOut()
    {
        Cityscapes("train", "ulm", "good");
        Cityscapes("train", "ulm", "bad");
        var set = CityscapesDataset.Open(_folder.Root, "train", options: new DatasetOptions { Exclude = ["bad", "not there"] });
        Assert.Equal("good", Assert.Single(set.Items).Name);
        Assert.Equal(1, set.ExcludedCount);
    }

    [Fact]
    public void ASplitWithoutLabelsCanBeRead()
    {
        _folder.Image("leftImg8bit/test/ulm/x_leftImg8bit.png");
        var set = CityscapesDataset.Open(_folder.Root, "test", options: new DatasetOptions { RequireLabels = false });
        Assert.Null(set.Load(0).Labels);
        Assert.Empty(DatasetCheck.Run(set, CheckDepth.Structure));
    }

    [Fact]
    public void TheFolderThatIsMissingIsNamed()
    {
        string Message(Action open) => Assert.Throws<DatasetException>(open).Message;
        Assert.Equal(
            $"{_folder["leftImg8bit/val"]}: there is no such folder", Message(() => CityscapesDataset.Open(_folder.Root, "val")));
        Assert.Equal($"{_folder["nowhere"]}: there is no such folder", Message(() => CamVidDataset.Open(_folder["nowhere"], "val")));
        Assert.Equal($"{_folder["images/10k/val"]}: there is no such folder", Message(() => Bdd100kDataset.Open(_folder.Root, "val")));
        Directory.CreateDirectory(_folder["leftImg8bit/val"]);
        Directory.CreateDirectory(_folder["gtFine/val"]);
        Assert.Equal(
            $"{_folder["leftImg8bit/val"]}: holds no file *_leftImg8bit.png", Message(() => CityscapesDataset.Open(_folder.Root, "val")));
    }

    [Fact]
    public void FormatsAreOpenedByName()
    {
        Cityscapes("val", "ulm", "x");
        Assert.Same(LabelTables.CityscapesIds, DatasetFormats.Open("cityscapes", _folder.Root, "val").Classes);
        Assert.Same(LabelTables.CityscapesTrainIds, DatasetFormats.Open("cityscapes-trainids", _folder.Root, "val").Classes);
        foreach (string format in DatasetFormats.Names)
            Assert.Throws<DatasetException>(() => DatasetFormats.Open(format, _folder["nowhere"], "val"));
        var e = Assert.Throws<DataOptionException>(() => DatasetFormats.Open("coco", _folder.Root, "val"));
        Assert.Equal("format: 'coco' is unknown; known are camvid, cityscapes, cityscapes-trainids, bdd100k", e.Message);
    }
}
