using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

// What the restricted unpickler builds: null, bool, long, BigInteger, double, string, byte[], PickleTuple, PickleList, PickleDict,
// PickleStorage and PickleTensor; a PickleGlobal only as the callee of a REDUCE that is known to build one of these.

/// <summary>A name out of the unpickler's list of allowed globals. It is never looked up anywhere, only compared.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dict in insertion order; a repeated string key replaces the value, as in Python.</summary>
internal sealed class PickleDict
{
    private Dictionary<string, int>? _places;

    public List<KeyValuePair<object?, object?>> Pairs { get; } = [];

    public object? this[string key] => _places is not null && _places.TryGetValue(key, out int place) ? Pairs[place].Value : null;

    public void Set(object? key, object? value)
    {
        if (key is string text)
        {
            _places ??= new Dictionary<string, int>(StringComparer.Ordinal);
            if (_places.TryGetValue(text, out int place))
            {
                Pairs[place] = new(key, value);
                return;
            }
            _places.Add(text, Pairs.Count);
        }
        Pairs.Add(new(key, value));
    }
}

/// <summary>A storage: a flat array of elements of which tensors are strided views. The old format gives its place only after the pickle.</summary>
internal sealed class PickleStorage(string key, WeightType type, long length)
{
    public string Key { get; } = key;

    public WeightType Type { get; } = type;

    /// <summary>Number of elements.</summary>
    public long Length { get; } = length;

    /// <summary>Where the bytes are; null until the file's storage with this key has been found.</summary>
    public IWeightBytes? Bytes { get; set; }
}

/// <summary>A strided view of a storage; sizes, strides and offset in elements, checked against the storage's length.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Sizes, long[] Strides);
