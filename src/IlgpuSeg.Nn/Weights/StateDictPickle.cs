using System.Buffers.Binary;
using System.Text;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// The pickle (protocol 2) of a state dict: an OrderedDict from names to torch._utils._rebuild_tensor_v2(storage, 0, size, stride,
/// requires_grad=False, hooks=OrderedDict()), where the storages are persistent ids ('storage', type, key, 'cpu', elements). These are the
/// opcodes and globals that torch.save itself uses, and the only ones that torch.load(weights_only=True) needs.
/// </summary>
internal sealed class StateDictPickle
{
    private readonly MemoryStream _stream = new();

    private StateDictPickle()
    {
    }

    public static byte[] Write(IReadOnlyList<WeightEntry> entries, string? wrapper)
    {
        var pickle = new StateDictPickle();
        pickle.Op(0x80);
        pickle.Op(2);
        if (wrapper is not null)
        {
            pickle.Op('}');
            pickle.Text(wrapper);
        }
        pickle.EmptyOrderedDict();
        pickle.Op('(');
        for (int i = 0; i < entries.Count; i++)
        {
            pickle.Text(entries[i].Name);
            pickle.Tensor(entries[i], i);
        }
        pickle.Op('u');
        if (wrapper is not null) pickle.Op('s');
        pickle.Op('.');
        return pickle._stream.ToArray();
    }

    private void Tensor(WeightEntry entry, int index)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Op('(');
        Storage(entry, index);
        Integer(0);
        Integers(entry.Shape);
        Integers(ContiguousStrides(entry.Shape));
        Op(0x89);
        EmptyOrderedDict();
        Op('t');
        Op('R');
    }

    private void Storage(WeightEntry entry, int index)
    {
        Op('(');
        Text("storage");
        Global("torch", PyTorchGlobals.StorageName(entry.Type));
        Text($"{index}");
        Text("cpu");
        Integer(entry.Length);
        Op('t');
        Op('Q');
    }

    private static long[] ContiguousStrides(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, shape[i]);
        }
        return strides;
    }

    private void EmptyOrderedDict()
    {
        Global("collections", "OrderedDict");
        Op(')');
        Op('R');
    }

    private void Global(string module, string name)
    {
        Op('c');
        _stream.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Op('X');
        _stream.Write(length);
        _stream.Write(bytes);
    }

    private void Integers(ReadOnlySpan<long> values)
    {
        Op('(');
        foreach (long value in values) Integer(value);
        Op('t');
    }

    private void Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Op('J');
            _stream.Write(bytes[..4]);
            return;
        }
        Op(0x8a);
        Op(8);
        _stream.Write(bytes);
    }

    private void Op(int code) => _stream.WriteByte((byte)code);
}
