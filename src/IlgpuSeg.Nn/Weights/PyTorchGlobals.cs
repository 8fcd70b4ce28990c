using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// The few names that a checkpoint of tensors and containers needs, and what they build. Everything else is refused by name as soon as
/// it is mentioned.
/// </summary>
internal sealed class PyTorchGlobals(Func<PickleCursor, string, WeightType, long, PickleStorage> openStorage)
{
    private const int MaxRank = 16;

    // A view may repeat its storage (a broadcast one); beyond this many elements it must not be larger than the storage.
    private const long LargestRepeat = 1 << 20;

    private static readonly Dictionary<string, WeightType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = WeightType.Float64,
        ["FloatStorage"] = WeightType.Float32,
        ["HalfStorage"] = WeightType.Float16,
        ["BFloat16Storage"] = WeightType.BFloat16,
        ["LongStorage"] = WeightType.Int64,
        ["IntStorage"] = WeightType.Int32,
        ["ShortStorage"] = WeightType.Int16,
        ["CharStorage"] = WeightType.Int8,
        ["ByteStorage"] = WeightType.UInt8,
        ["BoolStorage"] = WeightType.Bool,
    };

    private static readonly HashSet<string> Allowed = new(StringComparer.Ordinal)
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "torch.Size",
    };

    /// <summary>The name of PyTorch's storage class of an element type.</summary>
    public static string StorageName(WeightType type) => StorageTypes.First(pair => pair.Value == type).Key;

    public PickleGlobal Find(PickleCursor cursor, string module, string name)
    {
        bool storage = module is "torch" or "torch.cuda" && StorageTypes.ContainsKey(name);
        return storage || Allowed.Contains($"{module}.{name}")
            ? new PickleGlobal(module, name)
            : throw cursor.Error($"global '{WeightFileException.Printable($"{module}.{name}")}' is not allowed (only tensors and containers are read)");
    }

    public object Call(PickleCursor cursor, PickleGlobal callee, object?[] arguments) => (callee.ToString(), arguments) switch
    {
        ("collections.OrderedDict", []) => new PickleDict(),
        ("collections.OrderedDict", [PickleList pairs]) => FromPairs(cursor, pairs),
        ("torch._utils._rebuild_tensor_v2", [PickleStorage s, long offset, PickleTuple sizes, PickleTuple strides, ..]) =>
            Tensor(cursor, s, offset, sizes, strides),
        ("torch._utils._rebuild_tensor", [PickleStorage s, long offset, PickleTuple sizes, PickleTuple strides]) =>
            Tensor(cursor, s, offset, sizes, strides),
        ("torch._utils._rebuild_parameter", [PickleTensor data, ..]) => data,
        ("torch.Size", [PickleTuple sizes]) => sizes,
        _ => throw cursor.Error($"'{callee}' is called with unexpected arguments"),
    };

    /// <summary>A storage from PyTorch's persistent id ('storage', type, key, device, elements) or the old ('storage', ..., view).</summary>
    public PickleStorage PersistentLoad(PickleCursor cursor, object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal type, string key, _, long length, .. var view] }
            || !StorageTypes.TryGetValue(type.Name, out var element))
            throw cursor.Error("a persistent id is not that of a storage");
        if (view is not ([] or [null]))
            throw cursor.Error($"storage '{WeightFileException.Printable(key)}' is a view of another storage (PyTorch before 0.4), which is not supported");
        if (length < 0 || length > long.MaxValue / element.Size())
            throw cursor.Error($"storage '{WeightFileException.Printable(key)}' has an impossible length of {length}");
        return openStorage(cursor, key, element, length);
    }

    private static PickleDict FromPairs(PickleCursor cursor, PickleList pairs)
    {
        var dict = new PickleDict();
        foreach (object? pair in pairs.Items)
        {
            object?[] items = pair switch { PickleTuple t => t.Items, PickleList l => [.. l.Items], _ => [] };
            if (items is not [not (PickleList or PickleDict), _])
                throw cursor.Error("an OrderedDict is built from something else than pairs");
            dict.Set(items[0], items[1]);
        }
        return dict;
    }

    private static PickleTensor Tensor(PickleCursor cursor, PickleStorage storage, long offset, PickleTuple sizeItems, PickleTuple strideItems)
    {
        long[] sizes = Numbers(cursor, sizeItems), strides = Numbers(cursor, strideItems);
        long elements = WeightEntry.CountElements(sizes, storage.Type) ?? throw cursor.Error("a tensor's size is too large");
        if (sizes.Length != strides.Length || offset < 0)
            throw cursor.Error("a tensor's strides or offset are malformed");
        if (elements > 0)
        {
            Int128 last = offset;
            // The sizes' product fits a long, so with strides below the storage's length this sum cannot overflow.
            for (int i = 0; i < sizes.Length; i++)
                last += (Int128)(sizes[i] - 1) * Math.Min(strides[i], storage.Length);
            if (last >= storage.Length)
                throw cursor.Error($"a tensor reaches element {last} of storage '{WeightFileException.Printable(storage.Key)}', which has {storage.Length}");
        }
        if (elements > storage.Length && elements > LargestRepeat)
            throw cursor.Error($"a tensor blows {storage.Length} stored elements up to {elements}");
        return new PickleTensor(storage, offset, sizes, strides);
    }

    private static long[] Numbers(PickleCursor cursor, PickleTuple tuple)
    {
        if (tuple.Items.Length > MaxRank)
            throw cursor.Error($"a tensor has more than {MaxRank} dimensions");
        return [.. tuple.Items.Select(item => item is long n and >= 0 ? n : throw cursor.Error("a tensor's sizes and strides are not whole numbers"))];
    }
}
