namespace IlgpuSeg.Data;

/// <summary>The label tables of the supported data sets.</summary>
public static class LabelTables
{
    /// <summary>The 19 classes that Cityscapes and BDD100K share, by train id.</summary>
    private static readonly ClassInfo[] StreetClasses =
    [
        new("road", new(128, 64, 128)),
        new("sidewalk", new(244, 35, 232)),
        new("building", new(70, 70, 70)),
        new("wall", new(102, 102, 156)),
        new("fence", new(190, 153, 153)),
        new("pole", new(153, 153, 153)),
        new("traffic light", new(250, 170, 30)),
        new("traffic sign", new(220, 220, 0)),
        new("vegetation", new(107, 142, 35)),
        new("terrain", new(152, 251, 152)),
        new("sky", new(70, 130, 180)),
        new("person", new(220, 20, 60)),
        new("rider", new(255, 0, 0)),
        new("car", new(0, 0, 142)),
        new("truck", new(0, 0, 70)),
        new("bus", new(0, 60, 100)),
        new("train", new(0, 80, 100)),
        new("motorcycle", new(0, 0, 230)),
        new("bicycle", new(119, 11, 32)),
    ];

    private static readonly ClassInfo[] CamVidClasses =
    [
        new("Sky", new(128, 128, 128)),
        new("Building", new(128, 0, 0)),
        new("Pole", new(192, 192, 128)),
        new("Road", new(128, 64, 128)),
        new("Pavement", new(60, 40, 222)),
        new("Tree", new(128, 128, 0)),
        new("SignSymbol", new(192, 128, 128)),
        new("Fence", new(64, 64, 128)),
        new("Car", new(64, 0, 128)),
        new("Pedestrian", new(64, 64, 0)),
        new("Bicyclist", new(0, 128, 192)),
    ];

    /// <summary>
    /// Cityscapes' train id for each id: 0 to 33 in order. Void, parking, rail track, guard rail, bridge, tunnel, pole group,
    /// caravan and trailer are ignored. (Licence plates have id -1, which no label file can store.)
    /// </summary>
    private static ReadOnlySpan<byte> CityscapesTrainIdOfId =>
    [
        255, 255, 255, 255, 255, 255, 255, // void: unlabeled ... ground
        0, 1, 255, 255,                    // road, sidewalk, parking, rail track
        2, 3, 4, 255, 255, 255,            // building, wall, fence, guard rail, bridge, tunnel
        5, 255, 6, 7,                      // pole, pole group, traffic light, traffic sign
        8, 9, 10,                          // vegetation, terrain, sky
        11, 12,                            // person, rider
        13, 14, 15, 255, 255, 16, 17, 18,  // car, truck, bus, caravan, trailer, train, motorcycle, bicycle
    ];

    /// <summary>Cityscapes' labelIds files: ids 0 to 33.</summary>
    public static LabelTable CityscapesIds { get; } = new("Cityscapes", StreetClasses, IdsOf(CityscapesTrainIdOfId));

    /// <summary>Cityscapes' labelTrainIds files: 0 to 18 and 255.</summary>
    public static LabelTable CityscapesTrainIds { get; } = new("Cityscapes (train ids)", StreetClasses, TrainIds(StreetClasses.Length));

    /// <summary>BDD100K's segmentation masks: 0 to 18 and 255.</summary>
    public static LabelTable Bdd100k { get; } = new("BDD100K", StreetClasses, TrainIds(StreetClasses.Length));

    /// <summary>CamVid as SegNet's authors prepared it: 0 to 10, and 11 for unlabelled.</summary>
    public static LabelTable CamVid { get; } = new(
        "CamVid", CamVidClasses, Enumerable.Range(0, CamVidClasses.Length).Select(i => (i, i)).Append((11, LabelMap.Ignore)));

    private static IEnumerable<(int, int)> IdsOf(ReadOnlySpan<byte> trainIds)
    {
        var ids = new (int, int)[trainIds.Length];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (i, trainIds[i]);
        return ids;
    }

    private static IEnumerable<(int, int)> TrainIds(int classes) =>
        Enumerable.Range(0, classes).Select(i => (i, i)).Append((LabelMap.Ignore, LabelMap.Ignore));
}
