using System.Runtime.InteropServices;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Serialization;

/// <summary>Where an entry's bytes come from: memory, a mapped file, a strided view of a storage.</summary>
public interface IWeightBytes
{
    /// <summary>Copies a part of the entry's contiguous little-endian bytes.</summary>
    /// <param name="offset">First byte, counted from the entry's start.</param>
    /// <param name="destination">Filled completely; the caller stays within the entry.</param>
    void Read(long offset, Span<byte> destination);
}

/// <summary>
/// One named array of a weight file: name, element type, shape (the file's own order of dimensions, PyTorch's for networks) and the
/// contiguous row-major elements, read and converted on request.
/// </summary>
public sealed class WeightEntry
{
    private const int Chunk = 1 << 15;

    private readonly IWeightBytes _bytes;
    private readonly long[] _shape;

    /// <summary>Creates an entry over a source of bytes.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Dimensions, each at least 0; their product times the element size must fit a long.</param>
    /// <param name="bytes">The elements.</param>
    public WeightEntry(string file, string name, WeightType type, ReadOnlySpan<long> shape, IWeightBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(bytes);
        File = file;
        Name = name;
        Type = type;
        _shape = shape.ToArray();
        _bytes = bytes;
        Length = CountElements(_shape, type) ?? throw new ArgumentException($"'{name}': the shape is negative or too large.", nameof(shape));
    }

    /// <summary>The file that the entry came from or goes to (for messages).</summary>
    public string File { get; }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public WeightType Type { get; }

    /// <summary>Dimensions; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Number of bytes of all elements.</summary>
    public long ByteLength => Length * Type.Size();

    /// <summary>The shape as text, such as "[64, 3, 7, 7]".</summary>
    public string ShapeText => $"[{string.Join(", ", _shape)}]";

    /// <summary>An entry over an array in memory, to be written. The array is not copied.</summary>
    /// <typeparam name="T">double, float, Half, BFloat16, long, int, short, sbyte, byte or bool.</typeparam>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">Dimensions.</param>
    /// <param name="values">Row-major elements, as many as the shape says.</param>
    /// <exception cref="ArgumentException">The number of elements differs from the shape's, or no element type fits T.</exception>
    public static WeightEntry From<T>(string name, ReadOnlySpan<long> shape, T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        var entry = new WeightEntry("(memory)", name, TypeOf<T>(), shape, new ArrayBytes<T>(values));
        return entry.Length == values.Length
            ? entry
            : throw new ArgumentException($"'{name}': {values.Length} elements given for shape {entry.ShapeText}.", nameof(values));
    }

    /// <summary>The same elements under another name.</summary>
    /// <param name="name">The new name.</param>
    public WeightEntry Rename(string name) => new(File, name, Type, _shape, _bytes);

    /// <summary>Number of elements of a shape, or null when a dimension is negative or the bytes do not fit a long.</summary>
    /// <param name="shape">Dimensions.</param>
    /// <param name="type">Element type.</param>
    public static long? CountElements(ReadOnlySpan<long> shape, WeightType type)
    {
        long count = 1;
        bool empty = false;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                return null;
            empty |= dimension == 0;
        }
        if (empty)
            return 0;
        foreach (long dimension in shape)
        {
            if (dimension > long.MaxValue / type.Size() / count)
                return null;
            count *= dimension;
        }
        return count;
    }

    /// <summary>Copies a part of the raw little-endian bytes.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the entry.</exception>
    public void CopyBytes(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - destination.Length);
        _bytes.Read(offset, destination);
    }

    /// <summary>All raw little-endian bytes.</summary>
    /// <exception cref="WeightFileException">More bytes than an array can hold.</exception>
    public byte[] ToBytes()
    {
        var result = new byte[CheckedLength(ByteLength)];
        _bytes.Read(0, result);
        return result;
    }

    /// <summary>All elements as float: narrower types exactly, wider ones rounded.</summary>
    /// <exception cref="WeightFileException">More elements than an array can hold.</exception>
    public float[] ToFloats()
    {
        var result = new float[CheckedLength(Length)];
        if (Type == WeightType.Float32)
            _bytes.Read(0, MemoryMarshal.AsBytes(result.AsSpan()));
        else
            Convert(result, WeightConversion.ToFloats);
        return result;
    }

    /// <summary>All elements as double (64-bit integers beyond 2^53 are rounded).</summary>
    /// <exception cref="WeightFileException">More elements than an array can hold.</exception>
    public double[] ToDoubles()
    {
        var result = new double[CheckedLength(Length)];
        if (Type == WeightType.Float64)
            _bytes.Read(0, MemoryMarshal.AsBytes(result.AsSpan()));
        else
            Convert(result, WeightConversion.ToDoubles);
        return result;
    }

    /// <summary>All elements of an integer or Boolean entry as long.</summary>
    /// <exception cref="WeightFileException">The entry holds floating-point numbers, or more elements than an array can hold.</exception>
    public long[] ToInt64s()
    {
        if (Type.IsFloat())
            throw new WeightFileException(File, Name, $"holds {Type.SafeName()} where integers are expected");
        var result = new long[CheckedLength(Length)];
        Convert(result, WeightConversion.ToInt64s);
        return result;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type.SafeName()} {ShapeText}";

    private static WeightType TypeOf<T>() => default(T) switch
    {
        double => WeightType.Float64,
        float => WeightType.Float32,
        Half => WeightType.Float16,
        BFloat16 => WeightType.BFloat16,
        long => WeightType.Int64,
        int => WeightType.Int32,
        short => WeightType.Int16,
        sbyte => WeightType.Int8,
        byte => WeightType.UInt8,
        bool => WeightType.Bool,
        _ => throw new ArgumentException($"No weight type holds {typeof(T).Name}."),
    };

    private delegate void Converter<T>(WeightType type, ReadOnlySpan<byte> bytes, Span<T> values);

    // In chunks: converting never needs a second copy of the whole tensor.
    private void Convert<T>(T[] values, Converter<T> converter)
    {
        int size = Type.Size(), perChunk = Chunk / size;
        var buffer = new byte[(int)Math.Min(Chunk, ByteLength)];
        for (int start = 0; start < values.Length;)
        {
            int count = Math.Min(perChunk, values.Length - start);
            var part = buffer.AsSpan(0, count * size);
            _bytes.Read((long)start * size, part);
            converter(Type, part, values.AsSpan(start, count));
            start += count;
        }
    }

    private int CheckedLength(long length) => length <= Array.MaxLength
        ? (int)length
        : throw new WeightFileException(File, Name, $"{length} elements of shape {ShapeText} do not fit one array");

    private sealed class ArrayBytes<T>(T[] values) : IWeightBytes
        where T : unmanaged
    {
        public void Read(long offset, Span<byte> destination)
        {
            // An array of 8-byte elements may span more bytes than a span can; element ranges never do in chunked use.
            int size = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
            int first = (int)(offset / size), skip = (int)(offset % size);
            int count = (int)Math.Min(values.Length - first, ((long)skip + destination.Length + size - 1) / size);
            MemoryMarshal.AsBytes(values.AsSpan(first, count)).Slice(skip, destination.Length).CopyTo(destination);
        }
    }
}
