using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>One primitive of a flattened type and where it lies in memory.</summary>
internal readonly record struct Part(MemoryType Memory, int Offset)
{
    public IrType Type => Memory.ValueType();
}

/// <summary>
/// A type as the compiler sees it: a list of primitives. A struct is its fields in a row, so that struct values become
/// registers from the start; an <c>ArrayView</c> is such a struct too (pointer, length, owner).
/// </summary>
internal sealed class TypeShape
{
    private static readonly ConcurrentDictionary<Type, TypeShape> Cache = new();
    private readonly Dictionary<FieldInfo, (int Start, TypeShape Shape)> _fields = [];
    private readonly Dictionary<int, FieldInfo> _byToken = [];

    private TypeShape(Type type)
    {
        Type = type;
        if (Primitive(type) is { } memory)
        {
            Parts = [new Part(memory, 0)];
            Size = memory.Size();
            return;
        }

        if (!type.IsValueType || type.IsByRefLike)
        {
            throw new NotSupportedException($"the type {type} (only primitives and structs of them can live in a kernel)");
        }

        if (type.GetCustomAttributes().Any(a => a.GetType().Name is "FixedBufferAttribute" or "InlineArrayAttribute"))
        {
            throw new NotSupportedException($"the type {type} with an inline array (use LocalMemory.Allocate)");
        }

        Parts = [.. Flatten(type)];
        Size = FieldLayout.SizeOf(type);
    }

    public Type Type { get; }
    public Part[] Parts { get; }
    public int Size { get; }
    public bool IsPrimitive => Parts.Length == 1 && Primitive(Type) is not null;

    public static TypeShape Of(Type type) => Cache.GetOrAdd(type, static t => new TypeShape(t));

    public (int Start, TypeShape Shape, int Offset) Field(FieldInfo field)
    {
        var own = _byToken[field.MetadataToken];
        var (start, shape) = _fields[own];
        return (start, shape, shape.Parts.Length > 0 ? Parts[start].Offset - shape.Parts[0].Offset : 0);
    }

    public static MemoryType? Primitive(Type type)
    {
        if (type.IsEnum)
        {
            return Primitive(Enum.GetUnderlyingType(type));
        }

        if (type.IsPointer || type.IsByRef)
        {
            return MemoryType.Pointer;
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean or TypeCode.Byte => MemoryType.UInt8,
            TypeCode.SByte => MemoryType.Int8,
            TypeCode.Int16 => MemoryType.Int16,
            TypeCode.UInt16 or TypeCode.Char => MemoryType.UInt16,
            TypeCode.Int32 or TypeCode.UInt32 => MemoryType.Int32,
            TypeCode.Int64 or TypeCode.UInt64 => MemoryType.Int64,
            TypeCode.Single => MemoryType.Float32,
            TypeCode.Double => MemoryType.Float64,
            // One lane of it; see LaneIntrinsics.
            _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Vector256<>) => Primitive(type.GetGenericArguments()[0]),
            _ when type == typeof(nint) || type == typeof(nuint) => MemoryType.Int64,
            _ => null,
        };
    }

    private List<Part> Flatten(Type type)
    {
        var parts = new List<Part>();
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Array.Sort(fields, (a, b) => a.MetadataToken.CompareTo(b.MetadataToken));
        foreach (var field in fields)
        {
            var shape = Of(field.FieldType);
            var offset = FieldLayout.OffsetOf(field);
            _byToken[field.MetadataToken] = field;
            _fields[field] = (parts.Count, shape);
            parts.AddRange(shape.Parts.Select(p => p with { Offset = p.Offset + offset }));
        }

        return parts;
    }
}
