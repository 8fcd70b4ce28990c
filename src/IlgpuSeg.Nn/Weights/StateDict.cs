using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>Finds the tensors in what a checkpoint's pickle built.</summary>
internal sealed class StateDict(string file)
{
    private const int MaxDepth = 16, MostNodes = 200_000, LongestName = 1024;

    private static readonly string[] Sections = ["state_dict", "model_state_dict", "model"];

    private readonly List<WeightEntry> _entries = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _nodes;

    public IReadOnlyList<WeightEntry> Collect(object? root)
    {
        if (root is PickleDict dict)
            root = Sections.Select(name => dict[name]).FirstOrDefault(value => value is PickleDict) ?? root;
        Visit("", root, 0);
        return _entries.Count > 0 ? _entries : throw new WeightFileException(file, null, "holds no tensors");
    }

    // Containers may refer to each other any number of times, themselves included: depth and number of visits are limited.
    private void Visit(string path, object? value, int depth)
    {
        if (depth > MaxDepth || ++_nodes > MostNodes || path.Length > LongestName)
            throw new WeightFileException(file, path, "the checkpoint's containers are nested too deeply or too often");
        switch (value)
        {
            case PickleTensor tensor:
                Add(path, tensor);
                break;
            case PickleDict dict:
                foreach (var (key, item) in dict.Pairs)
                    Visit(Join(path, key), item, depth + 1);
                break;
            case PickleList list:
                VisitAll(path, list.Items, depth);
                break;
            case PickleTuple tuple:
                VisitAll(path, tuple.Items, depth);
                break;
        }
    }

    private void VisitAll(string path, IEnumerable<object?> items, int depth)
    {
        int index = 0;
        foreach (object? item in items)
            Visit(Join(path, (long)index++), item, depth + 1);
    }

    private static string Join(string path, object? key)
    {
        string name = key switch { string text => text, long number => $"{number}", _ => "?" };
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private void Add(string name, PickleTensor tensor)
    {
        if (!_names.Add(name))
            throw new WeightFileException(file, name, "appears twice");
        _entries.Add(new WeightEntry(file, name, tensor.Storage.Type, tensor.Sizes, new StridedBytes(tensor)));
    }
}
