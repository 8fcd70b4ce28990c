namespace IlgpuSeg.Data.Tests;

public sealed class LabelTableTests
{
    [Fact]
    public void CityscapesIdsMapToTrainIds()
    {
        var table = LabelTables.CityscapesIds;
        Assert.Equal(19, table.Count);
        var expected = new Dictionary<string, int>
        {
            ["road"] = 7, ["sidewalk"] = 8, ["building"] = 11, ["wall"] = 12, ["fence"] = 13, ["pole"] = 17, ["traffic light"] = 19,
            ["traffic sign"] = 20, ["vegetation"] = 21, ["terrain"] = 22, ["sky"] = 23, ["person"] = 24, ["rider"] = 25, ["car"] = 26,
            ["truck"] = 27, ["bus"] = 28, ["train"] = 31, ["motorcycle"] = 32, ["bicycle"] = 33,
        };
        for (int trainId = 0; trainId < table.Count; trainId++)
        {
            int id = expected[table.ClassNames[trainId]];
            Assert.Equal(trainId, table.TrainIdOf(id));
            Assert.Equal(id, table.RawIdOf(trainId));
        }
        Assert.All(Enumerable.Range(0, 34).Except(expected.Values), id => Assert.Equal(LabelMap.Ignore, table.TrainIdOf(id)));
        Assert.All(Enumerable.Range(34, 222), id => Assert.Equal(-1, table.TrainIdOf(id)));
        Assert.Equal(-1, table.TrainIdOf(26001));
    }

    [Fact]
    public void TrainIdTablesTakeOnlyTrainIdsAnd255()
    {
        foreach (var table in new[] { LabelTables.CityscapesTrainIds, LabelTables.Bdd100k })
        {
            Assert.All(Enumerable.Range(0, 19), id => Assert.Equal(id, table.TrainIdOf(id)));
            Assert.All(Enumerable.Range(19, 236), id => Assert.Equal(-1, table.TrainIdOf(id)));
            Assert.Equal(255, table.TrainIdOf(255));
        }
    }

    [Fact]
    public void CamVidHasElevenClassesAndVoid()
    {
        var table = LabelTables.CamVid;
        Assert.Equal(
            ["Sky", "Building", "Pole", "Road", "Pavement", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist"],
            table.ClassNames);
        Assert.Equal(10, table.TrainIdOf(10));
        Assert.Equal(255, table.TrainIdOf(11));
        Assert.Equal(-1, table.TrainIdOf(12));
    }

    [Fact]
    public void ColoursAreTheDataSets()
    {
        Assert.Equal(new Rgb(128, 64, 128), LabelTables.CityscapesIds.Colours[0]);
        Assert.Equal(new Rgb(119, 11, 32), LabelTables.CityscapesIds.Colours[18]);
        Assert.Equal(new Rgb(60, 40, 222), LabelTables.CamVid.Colours[4]);
        Assert.Equal(256, LabelTables.CamVid.Palette.Length);
        Assert.Equal(default, LabelTables.CamVid.Palette[255]);
    }

    [Fact]
    public void AnIdOutsideTheTableIsNamedWithItsPlace()
    {
        var ids = new IdMap(3, 2, [0, 1, 2, 3, 40, 5]);
        var e = Assert.Throws<DatasetException>(() => LabelTables.CityscapesIds.Apply(ids, "a/b.png"));
        Assert.Equal("a/b.png: id 40 at pixel (1, 1) is not in the label table of Cityscapes", e.Message);
    }

    [Fact]
    public void ATableMustBeComplete()
    {
        ClassInfo[] classes = [new("a", default), new("b", default)];
        Assert.Throws<ArgumentException>(() => new LabelTable("t", classes, [(0, 0)]));
        Assert.Throws<ArgumentException>(() => new LabelTable("t", classes, [(0, 0), (1, 2)]));
        Assert.Throws<ArgumentException>(() => new LabelTable("t", [], []));
    }
}
