using System.Numerics;
using System.Text;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// A restricted unpickler (protocols 2 to 5): it builds containers, texts, numbers and PyTorch's tensors, and nothing else. There is no
/// way from a pickle to code: a global is only a name that is compared with a short list, and any other name is an error that says it.
/// Work and memory are bounded by the number of values, whatever lengths and indices the pickle claims.
/// </summary>
internal sealed class PickleReader
{
    /// <summary>The longest pickle that is read, in bytes (a VAN-Large checkpoint with its optimizer has about 0.2 MB).</summary>
    public const long LongestPickle = 64L << 20;

    private const int MostValues = 2_000_000;
    private const int LongestInteger = 32;
    private const int HighestProtocol = 5;

    private static readonly object Mark = new();

    private readonly PickleCursor _cursor;
    private readonly PyTorchGlobals _globals;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _values;

    private PickleReader(PickleCursor cursor, PyTorchGlobals globals)
    {
        _cursor = cursor;
        _globals = globals;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="record">The pickle's name, for messages.</param>
    /// <param name="bytes">The file.</param>
    /// <param name="position">Where the pickle starts; afterwards, the byte after it.</param>
    /// <param name="end">Where it must have ended.</param>
    /// <param name="globals">Builds tensors and storages.</param>
    public static object? Read(string file, string record, IWeightBytes bytes, ref long position, long end, PyTorchGlobals globals)
    {
        var cursor = new PickleCursor(file, record, bytes, position, Math.Min(end, position + LongestPickle));
        object? value = new PickleReader(cursor, globals).Run();
        position = cursor.Position;
        return value;
    }

    private WeightFileException Error(string problem) => _cursor.Error(problem);

    private object? Run()
    {
        while (true)
        {
            byte code = _cursor.ReadByte();
            if (code == '.')
            {
                object? result = Pop();
                return _stack.Count == 0 ? result : throw Error("values are left over at the end of the pickle");
            }
            if (!Scalar(code) && !Container(code) && !StackAndMemo(code) && !ObjectBuilding(code))
                throw Error($"pickle opcode 0x{code:x2} is not allowed");
        }
    }

    private bool Scalar(byte code)
    {
        switch (code)
        {
            case (byte)'N': Push(null); return true;
            case 0x88: Push(true); return true;
            case 0x89: Push(false); return true;
            case (byte)'J': Push((long)(int)_cursor.ReadUInt32()); return true;
            case (byte)'K': Push((long)_cursor.ReadByte()); return true;
            case (byte)'M': Push((long)_cursor.ReadUInt16()); return true;
            case 0x8a: Push(Integer(_cursor.ReadByte())); return true;
            case 0x8b: Push(Integer(_cursor.ReadUInt32())); return true;
            case (byte)'G': Push(_cursor.ReadBigEndianDouble()); return true;
            case (byte)'X': Push(_cursor.ReadText(_cursor.ReadUInt32())); return true;
            case 0x8c: Push(_cursor.ReadText(_cursor.ReadByte())); return true;
            case 0x8d: Push(_cursor.ReadText(_cursor.ReadUInt64())); return true;
            // Python 2's byte strings: file names and keys, so Latin-1 reads them all.
            case (byte)'U': Push(Encoding.Latin1.GetString(_cursor.ReadBytes(_cursor.ReadByte()))); return true;
            case (byte)'T': Push(Encoding.Latin1.GetString(_cursor.ReadBytes(_cursor.ReadUInt32()))); return true;
            case (byte)'C': Push(_cursor.ReadBytes(_cursor.ReadByte())); return true;
            case (byte)'B': Push(_cursor.ReadBytes(_cursor.ReadUInt32())); return true;
            case 0x8e: Push(_cursor.ReadBytes(_cursor.ReadUInt64())); return true;
            default: return false;
        }
    }

    private bool Container(byte code)
    {
        switch (code)
        {
            case (byte)')': Push(new PickleTuple([])); return true;
            case 0x85 or 0x86 or 0x87: Push(new PickleTuple(PopLast(code - 0x84))); return true;
            case (byte)'t': Push(new PickleTuple(PopToMark())); return true;
            case (byte)']' or 0x8f: Push(new PickleList()); return true; // a set is a list here
            case (byte)'}': Push(new PickleDict()); return true;
            case (byte)'a': Append(PopLast(1)); return true;
            case (byte)'e' or 0x90: Append(PopToMark()); return true;
            case (byte)'s': SetItems(PopLast(2)); return true;
            case (byte)'u': SetItems(PopToMark()); return true;
            default: return false;
        }
    }

    private bool StackAndMemo(byte code)
    {
        switch (code)
        {
            case 0x80:
                byte protocol = _cursor.ReadByte();
                return protocol is >= 2 and <= HighestProtocol ? true : throw Error($"pickle protocol {protocol} is not supported");
            case 0x95: _cursor.ReadUInt64(); return true; // FRAME: only a hint for buffering
            case (byte)'(': Push(Mark); return true;
            case (byte)'0': Pop(); return true;
            case (byte)'1': PopToMark(); return true;
            case (byte)'2': Push(Top()); return true;
            case (byte)'q': Memoize(_cursor.ReadByte()); return true;
            case (byte)'r': Memoize(_cursor.ReadUInt32()); return true;
            case 0x94: Memoize((uint)_memo.Count); return true;
            case (byte)'h': PushMemo(_cursor.ReadByte()); return true;
            case (byte)'j': PushMemo(_cursor.ReadUInt32()); return true;
            default: return false;
        }
    }

    private bool ObjectBuilding(byte code)
    {
        switch (code)
        {
            case (byte)'c':
                string module = _cursor.ReadLine();
                Push(_globals.Find(_cursor, module, _cursor.ReadLine()));
                return true;
            case 0x93:
                object?[] names = PopLast(2);
                if (names is not [string m, string n])
                    throw Error("a global's name is not text");
                Push(_globals.Find(_cursor, m, n));
                return true;
            case (byte)'R' or 0x81: // REDUCE and NEWOBJ: a callee and its arguments
                object?[] call = PopLast(2);
                if (call is not [PickleGlobal callee, PickleTuple arguments])
                    throw Error("something else than a known global is called");
                Push(_globals.Call(_cursor, callee, arguments.Items));
                return true;
            case (byte)'Q':
                Push(_globals.PersistentLoad(_cursor, Pop()));
                return true;
            case (byte)'b': // BUILD: a state dict carries its module versions as attributes; they are not needed
                Pop();
                return Top() is PickleDict ? true : throw Error("attributes are set on something else than a dict");
            default:
                return false;
        }
    }

    private object Integer(ulong length)
    {
        if (length > LongestInteger)
            throw Error($"an integer of {length} bytes is not plausible");
        var value = new BigInteger(_cursor.ReadBytes(length));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private void Count()
    {
        if (++_values > MostValues)
            throw Error($"more than {MostValues} values");
    }

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private void Memoize(uint index)
    {
        Count();
        _memo[index] = Top();
    }

    private void PushMemo(uint index) =>
        Push(_memo.TryGetValue(index, out object? value) ? value : throw Error($"memo {index} is not set"));

    private object? Top()
    {
        object? value = _stack.Count > 0 ? _stack[^1] : Mark;
        return ReferenceEquals(value, Mark) ? throw Error("the pickle takes a value that is not there") : value;
    }

    private object? Pop()
    {
        object? value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopLast(int count)
    {
        var values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.FindLastIndex(static v => ReferenceEquals(v, Mark));
        if (mark < 0)
            throw Error("the pickle takes a mark that is not there");
        var values = _stack.GetRange(mark + 1, _stack.Count - mark - 1).ToArray();
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private void Append(object?[] values)
    {
        if (Top() is not PickleList list)
            throw Error("values are appended to something else than a list");
        list.Items.AddRange(values);
    }

    private void SetItems(object?[] pairs)
    {
        if (Top() is not PickleDict dict || pairs.Length % 2 != 0)
            throw Error("items are set on something else than a dict");
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] is PickleList or PickleDict)
                throw Error("a container is a dict's key");
            dict.Set(pairs[i], pairs[i + 1]);
        }
    }
}
