using System.Reflection;
using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Writes IL, or, without a generator, nothing: the emitter first runs dry to learn which values are needed in which form.
/// </summary>
internal sealed class Il(ILGenerator? generator, LaneWidth width)
{
    private static readonly Dictionary<string, MethodInfo> Methods = [];

    public bool IsDry => generator is null;

    /// <summary>The vectors that the code works on.</summary>
    public LaneWidth Width { get; } = width;

    public void Emit(OpCode code) => generator?.Emit(code);

    public void Emit(OpCode code, int operand) => generator?.Emit(code, operand);

    public void Emit(OpCode code, LocalBuilder? local) => generator?.Emit(code, local!);

    public void Emit(OpCode code, Label label) => generator?.Emit(code, label);

    public void Emit(OpCode code, FieldInfo field) => generator?.Emit(code, field);

    public void Emit(OpCode code, Type type) => generator?.Emit(code, type);

    public void Float(float value) => generator?.Emit(OpCodes.Ldc_R4, value);

    public void Double(double value) => generator?.Emit(OpCodes.Ldc_R8, value);

    public void Long(long value) => generator?.Emit(OpCodes.Ldc_I8, value);

    public void Int(int value) => generator?.Emit(OpCodes.Ldc_I4, value);

    public void Switch(Label[] labels) => generator?.Emit(OpCodes.Switch, labels);

    public Label NewLabel() => generator?.DefineLabel() ?? default;

    public void Mark(Label label) => generator?.MarkLabel(label);

    public LocalBuilder? NewLocal(Type type) => generator?.DeclareLocal(type);

    public void Call(MethodInfo method) => generator?.Emit(OpCodes.Call, method);

    /// <summary>Calls a static method of <paramref name="holder"/> by name and parameter types, closing it over <paramref name="element"/> if generic.</summary>
    public void Call(Type holder, string name, Type? element, params Type[] parameters)
    {
        if (generator is not null)
        {
            generator.Emit(OpCodes.Call, Find(holder, name, element, parameters));
        }
    }

    public static Type ScalarOf(IrType type) => type switch
    {
        IrType.Int64 => typeof(long),
        IrType.Float32 => typeof(float),
        IrType.Float64 => typeof(double),
        IrType.Pointer => typeof(byte*),
        _ => typeof(int),
    };

    /// <summary>The element of the vector that holds the type; addresses are integers there.</summary>
    public static Type ElementOf(IrType type) => type == IrType.Pointer ? typeof(long) : ScalarOf(type);

    public static bool IsWide(IrType type) => type is IrType.Int64 or IrType.Float64 or IrType.Pointer;

    private static MethodInfo Find(Type holder, string name, Type? element, Type[] parameters)
    {
        var key = $"{holder.Name}.{name}<{element?.Name}>({string.Join<Type>(',', parameters)})";
        lock (Methods)
        {
            if (!Methods.TryGetValue(key, out var method))
            {
                Methods[key] = method = Search(holder, name, element, parameters);
            }

            return method;
        }
    }

    private static MethodInfo Search(Type holder, string name, Type? element, Type[] parameters)
    {
        foreach (var candidate in holder.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (candidate.Name != name || candidate.GetParameters().Length != parameters.Length)
            {
                continue;
            }

            var generic = candidate.IsGenericMethodDefinition;
            if (generic && (element is null || candidate.GetGenericArguments().Length != 1 || !Fits(candidate, element)))
            {
                continue;
            }

            var method = generic ? candidate.MakeGenericMethod(element!) : candidate;
            if (method.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameters))
            {
                return method;
            }
        }

        throw new InvalidOperationException($"{holder.Name}.{name}({string.Join<Type>(", ", parameters)}) does not exist.");
    }

    private static bool Fits(MethodInfo definition, Type element)
    {
        var constraints = definition.GetGenericArguments()[0].GetGenericParameterConstraints();
        return !constraints.Any(c => c.IsGenericType) || element.IsPrimitive;
    }
}
