using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>A parameter of a kernel and its place in the block of arguments.</summary>
/// <param name="Name">The parameter's name in the source.</param>
/// <param name="Type">Its type; may be a struct with views in it, or a <see cref="SpecializedValue{T}"/>.</param>
/// <param name="Offset">Its offset in the block of arguments in bytes; a multiple of 8.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record KernelParameter(string Name, Type Type, int Offset, int Size)
{
    /// <summary>True if the kernel may be compiled for this parameter's value.</summary>
    public bool IsSpecialized =>
        Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(SpecializedValue<>);
}

/// <summary>A view in the block of arguments.</summary>
/// <param name="Offset">The view's offset in the block of arguments in bytes.</param>
/// <param name="Path">The parameter's name, followed by field names if the view lies in a struct.</param>
/// <param name="ElementSize">The size of an element in bytes.</param>
/// <param name="Element">The type of its elements.</param>
internal readonly record struct ViewSlot(int Offset, string Path, int ElementSize, Type Element);

/// <summary>A kernel method as it is called: its parameters and their layout.</summary>
/// <remarks>
/// The block of arguments holds every parameter as the runtime lays it out in managed memory, each at the next multiple of
/// 8 bytes. The index of an implicitly grouped kernel is not in the block.
/// </remarks>
internal sealed class KernelEntry
{
    /// <summary>The largest number of parameters, as in ILGPU.</summary>
    public const int MaxParameters = 14;

    private KernelEntry(MethodInfo method, IndexType indexType, KernelSpecialization specialization)
    {
        Method = method;
        IndexType = indexType;
        Specialization = specialization == KernelSpecialization.Empty ? BoundsOf(method) : specialization;
        Parameters = LayOut(method, indexType != IndexType.KernelConfig, out int size);
        BlockSize = size;
        Views = [.. Parameters.SelectMany(parameter => ViewsOf(parameter.Type, parameter.Offset, parameter.Name))];
    }

    public MethodInfo Method { get; }

    /// <summary>The type of an implicitly grouped kernel's index; <see cref="IndexType.KernelConfig"/> for explicit grouping.</summary>
    public IndexType IndexType { get; }

    public bool IsExplicit => IndexType == IndexType.KernelConfig;

    public KernelSpecialization Specialization { get; }

    public IReadOnlyList<KernelParameter> Parameters { get; }

    /// <summary>The size of the block of arguments in bytes.</summary>
    public int BlockSize { get; }

    public ViewSlot[] Views { get; }

    /// <summary>The kernel's name in messages: type, method and type arguments.</summary>
    public string Name => NameOf(Method);

    /// <summary>Describes an explicitly grouped kernel.</summary>
    /// <exception cref="NotSupportedException">The method can't be a kernel.</exception>
    public static KernelEntry Explicit(MethodInfo method, KernelSpecialization specialization) =>
        new(Checked(method), IndexType.KernelConfig, specialization);

    /// <summary>Describes an implicitly grouped kernel, whose first parameter is its index.</summary>
    /// <exception cref="NotSupportedException">The method can't be a kernel.</exception>
    public static KernelEntry Implicit(MethodInfo method, Type indexType) =>
        new(Checked(method), LaunchExtent.TypeOf(indexType), KernelSpecialization.Empty);

    /// <summary>Describes a kernel by its method alone: implicitly grouped if its first parameter is an index.</summary>
    /// <exception cref="NotSupportedException">The method can't be a kernel.</exception>
    public static KernelEntry Of(MethodInfo method) =>
        method.GetParameters() is [{ ParameterType: var first }, ..] && LaunchExtent.IsIndex(first)
            ? Implicit(method, first)
            : Explicit(method, KernelSpecialization.Empty);

    /// <summary>What makes two entries the same kernel.</summary>
    public (MethodInfo Method, IndexType IndexType, KernelSpecialization Specialization) Key =>
        (Method, IndexType, Specialization);

    /// <summary>The values that a kernel is to be compiled for, by parameter; null where a parameter is not specialised.</summary>
    /// <param name="arguments">A block of arguments.</param>
    public unsafe object?[] SpecializedValues(byte* arguments) =>
        [.. Parameters.Select(p => p.IsSpecialized ? RuntimeHelpers.Box(ref arguments[p.Offset], p.Type.TypeHandle) : null)];

    private static KernelSpecialization BoundsOf(MethodInfo method) =>
        method.GetCustomAttribute<GroupBoundsAttribute>() is { } bounds ? new(bounds.Threads, bounds.GroupsPerMultiprocessor) : KernelSpecialization.Empty;

    private static MethodInfo Checked(MethodInfo method)
    {
        if (!method.IsStatic)
            throw new NotSupportedException(
                $"Kernel {NameOf(method)} is not a static method; lambdas and methods of objects can't be kernels.");
        if (method.ReturnType != typeof(void))
            throw new NotSupportedException($"Kernel {NameOf(method)} returns {method.ReturnType.Name}; a kernel returns nothing.");
        return method;
    }

    private static KernelParameter[] LayOut(MethodInfo method, bool hasIndex, out int size)
    {
        ParameterInfo[] infos = method.GetParameters();
        var parameters = new List<KernelParameter>();
        int offset = 0;
        foreach (ParameterInfo info in infos.Skip(hasIndex ? 1 : 0))
        {
            string name = info.Name ?? $"parameter {info.Position}";
            if (FindReference(info.ParameterType, name) is { } culprit)
                throw new NotSupportedException($"Kernel {NameOf(method)}: {culprit}; parameters are views, numbers and structs of those.");
            int length = FieldLayout.SizeOf(info.ParameterType);
            parameters.Add(new KernelParameter(name, info.ParameterType, offset, length));
            offset += (length + 7) & -8;
        }
        if (parameters.Count > MaxParameters)
            throw new NotSupportedException(
                $"Kernel {NameOf(method)} has {parameters.Count} parameters; at most {MaxParameters} are possible: " +
                "put some into a struct.");
        size = offset;
        return [.. parameters];
    }

    /// <summary>Says what in a parameter's type is not a plain value; null if nothing.</summary>
    private static string? FindReference(Type type, string path)
    {
        if (type.IsPrimitive || type.IsEnum || IsView(type))
            return null;
        if (type.IsByRef || !type.IsValueType)
            return $"'{path}' is of type {type.Name}, which is not a plain value";
        return InstanceFields(type)
            .Select(field => FindReference(field.FieldType, $"{path}.{field.Name}"))
            .FirstOrDefault(culprit => culprit is not null);
    }

    private static IEnumerable<ViewSlot> ViewsOf(Type type, int offset, string path)
    {
        if (IsView(type))
            return [new ViewSlot(offset, path, FieldLayout.SizeOf(type.GetGenericArguments()[0]), type.GetGenericArguments()[0])];
        if (type.IsPrimitive || type.IsEnum)
            return [];
        return InstanceFields(type).SelectMany(
            field => ViewsOf(field.FieldType, offset + FieldLayout.OffsetOf(field), PathOf(path, field)));
    }

    /// <summary>A field's path; the base view of a view with a stride goes by the name of that view.</summary>
    private static string PathOf(string path, FieldInfo field)
    {
        if (field.Name == "<BaseView>k__BackingField")
            return path;
        string name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
        return $"{path}.{name}";
    }

    private static FieldInfo[] InstanceFields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static bool IsView(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>);

    private static string NameOf(MethodInfo method)
    {
        string arguments = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(type => type.Name))}>"
            : "";
        return $"{method.DeclaringType?.Name}.{method.Name}{arguments}";
    }
}
