namespace IlgpuSeg.Data;

/// <summary>A class: what it is called and how it is drawn.</summary>
/// <param name="Name">The name in the data set's own table.</param>
/// <param name="Colour">The colour in the data set's own table.</param>
public sealed record ClassInfo(string Name, Rgb Colour);

/// <summary>
/// The classes of a data set by train id (0 to Count - 1), and what each id in its label files means: a train id or
/// <see cref="LabelMap.Ignore"/>. Ids that the table does not list are errors.
/// </summary>
public sealed class LabelTable
{
    private const short Unknown = -1;

    private readonly short[] _trainIds = new short[256];
    private readonly byte[] _rawIds;

    /// <summary>A table.</summary>
    /// <param name="name">The data set's name, for messages.</param>
    /// <param name="classes">The classes by train id; at most 255.</param>
    /// <param name="ids">For every id that may occur in a label file, its train id or 255.</param>
    /// <exception cref="ArgumentException">An id maps to a class that does not exist, or a class has no id.</exception>
    public LabelTable(string name, IReadOnlyList<ClassInfo> classes, IEnumerable<(int Id, int TrainId)> ids)
    {
        if (classes.Count is 0 or > 255)
            throw new ArgumentException($"a label table has 1 to 255 classes, not {classes.Count}", nameof(classes));
        Name = name;
        Classes = classes;
        _rawIds = new byte[classes.Count];
        Array.Fill(_trainIds, Unknown);
        var named = new bool[classes.Count];
        foreach (var (id, trainId) in ids)
        {
            if (trainId != LabelMap.Ignore && (uint)trainId >= (uint)classes.Count)
                throw new ArgumentException($"id {id} maps to class {trainId} of {classes.Count}", nameof(ids));
            _trainIds[id] = (short)trainId;
            if (trainId == LabelMap.Ignore)
                continue;
            _rawIds[trainId] = (byte)id;
            named[trainId] = true;
        }
        if (Array.IndexOf(named, false) is var missing && missing >= 0)
            throw new ArgumentException($"class {missing} ({classes[missing].Name}) has no id", nameof(ids));
    }

    /// <summary>The data set's name.</summary>
    public string Name { get; }

    /// <summary>The classes by train id.</summary>
    public IReadOnlyList<ClassInfo> Classes { get; }

    /// <summary>Number of classes, the ignored one not counted.</summary>
    public int Count => Classes.Count;

    /// <summary>The classes' names by train id.</summary>
    public string[] ClassNames => [.. Classes.Select(c => c.Name)];

    /// <summary>The classes' colours by train id.</summary>
    public Rgb[] Colours => [.. Classes.Select(c => c.Colour)];

    /// <summary>256 colours for a palette file of train ids; everything that is not a class is black.</summary>
    public Rgb[] Palette => [.. Colours, .. new Rgb[256 - Count]];

    /// <summary>The train id of an id, 255 where it is to be ignored, or -1 where the table does not list it.</summary>
    /// <param name="id">An id as a label file stores it.</param>
    public int TrainIdOf(int id) => (uint)id < 256 ? _trainIds[id] : Unknown;

    /// <summary>An id that stands for a train id, for files with the data set's own ids.</summary>
    /// <param name="trainId">A train id below <see cref="Count"/>.</param>
    public byte RawIdOf(int trainId) => _rawIds[trainId];

    /// <summary>Maps a label file's ids to train ids.</summary>
    /// <param name="ids">The ids as stored.</param>
    /// <param name="file">The file's name, for the message.</param>
    /// <exception cref="DatasetException">An id is outside the table.</exception>
    public LabelMap Apply(IdMap ids, string file)
    {
        var labels = new LabelMap(ids.Width, ids.Height);
        for (int i = 0; i < ids.Ids.Length; i++)
        {
            int trainId = TrainIdOf(ids.Ids[i]);
            if (trainId == Unknown)
                throw new DatasetException(
                    file, $"id {ids.Ids[i]} at pixel ({i % ids.Width}, {i / ids.Width}) is not in the label table of {Name}");
            labels.Labels[i] = (byte)trainId;
        }
        return labels;
    }
}
