namespace IlgpuSeg.Data.Tests;

public sealed class OverlayTests
{
    private static readonly LabelTable Table = LabelTables.CityscapesTrainIds;

    [Fact]
    public void ColoursAreTheTables()
    {
        var image = Overlay.Colours(new LabelMap(3, 1, [0, 10, 255]), Table);
        Assert.Equal(new Rgb(128, 64, 128), image[0, 0]);
        Assert.Equal(new Rgb(70, 130, 180), image[1, 0]);
        Assert.Equal(default, image[2, 0]);
    }

    [Fact]
    public void BlendingGoesFromPictureToColours()
    {
        var image = new RgbImage(2, 1, [100, 100, 100, 200, 200, 200]);
        var labels = new LabelMap(2, 1, [0, 10]);
        Assert.Equal(image.Pixels, Overlay.Blend(image, labels, Table, 0).Pixels);
        Assert.Equal(Overlay.Colours(labels, Table).Pixels, Overlay.Blend(image, labels, Table, 1).Pixels);
        Assert.Equal(new Rgb(114, 82, 114), Overlay.Blend(image, labels, Table, 0.5)[0, 0]);
        Assert.Throws<ArgumentException>(() => Overlay.Blend(image, new LabelMap(1, 1), Table));
    }

    [Fact]
    public void ThePanelsStandSideBySide()
    {
        var sample = MemorySamples.Random(1, 40, 20).Load(0);
        var prediction = new LabelMap(40, 20);
        var sheet = Overlay.SideBySide(sample, prediction, Table);
        Assert.Equal(8 + 3 * (400 + 8), sheet.Width);
        int top = 8 + 2 * 24;
        Assert.Equal(sample.Image[39, 19], sheet[8 + 399, top + 199]);
        Assert.Equal(Overlay.Blend(sample.Image, sample.Labels!, Table)[0, 0], sheet[8 + 408, top]);
        Assert.Equal(Overlay.Blend(sample.Image, prediction, Table)[3, 2], sheet[8 + 816 + 35, top + 25]);
        Assert.Equal(8 + 2 * 408, Overlay.SideBySide(sample with { Labels = null }, prediction, Table).Width);
    }

    [Fact]
    public void TheLegendShowsTheClassesThatOccur()
    {
        static bool Shows(RgbImage sheet, Rgb colour) =>
            Enumerable.Range(sheet.Height - 40, 40).Any(y => Enumerable.Range(0, sheet.Width).Any(x => sheet[x, y] == colour));
        var sample = new Sample("x", new RgbImage(40, 20), new LabelMap(40, 20));
        var prediction = new LabelMap(40, 20) { [5, 5] = 13 };
        var sheet = Overlay.SideBySide(sample, prediction, Table);
        Assert.True(Shows(sheet, Table.Classes[0].Colour));
        Assert.True(Shows(sheet, Table.Classes[13].Colour));
        Assert.False(Shows(sheet, Table.Classes[10].Colour));
    }
}
