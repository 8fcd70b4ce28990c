using System.Reflection;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>One call that the compiler knows by identity.</summary>
internal sealed record IntrinsicCall(TranslationContext Context, MethodBase Method, Operand[] Arguments, IlSite Site)
{
    public Builder Builder => Context.Builder;

    public Function Function => Context.Function;

    public Type ReturnType => ((MethodInfo)Method).ReturnType;

    public Type TypeArgument => Method.GetGenericArguments()[0];

    public Type ParameterType(int index) => CalledMethod.Of(Method).ParameterTypes[index];

    public Value Arg(int index) => Arguments[index] switch
    {
        ValueOperand { Parts.Length: 1 } value => value.Single,
        AddressOperand address => address.Pointer.Resolve(),
        _ => throw KernelError.At(Site, $"argument {index + 1} of {KernelError.Describe(Method)}", "Pass a primitive value."),
    };

    /// <summary>The parts of argument <paramref name="index"/>, read through its address if it is one.</summary>
    public Value[] Parts(int index)
    {
        switch (Arguments[index])
        {
            case ValueOperand value:
                return value.Parts;
            case PlaceOperand place:
                return [.. Enumerable.Range(place.Start, TypeShape.Of(place.Type).Parts.Length).Select(v => Context.Variables.Read(v, Builder.Block))];
            case AddressOperand address:
                return [.. TypeShape.Of(address.Type).Parts.Select(p => Builder.Load(Builder.PtrAdd(address.Pointer, p.Offset), p.Memory))];
            default:
                throw KernelError.At(Site, $"argument {index + 1} of {KernelError.Describe(Method)}", "Pass a value.");
        }
    }

    /// <summary>The pointer behind a ref argument that must lie in memory.</summary>
    public Value Memory(int index) => Arguments[index] is AddressOperand address
        ? address.Pointer.Resolve()
        : throw KernelError.At(Site, $"{KernelError.Describe(Method)} on a local variable", "Use an element of a view or of shared memory.");

    public int Constant(int index, string what)
    {
        var value = Arg(index);
        return value.IsConstant
            ? (int)value.Imm
            : throw KernelError.At(Site, $"{what} with a size that is not a constant", "Use a constant, a static readonly value or a SpecializedValue<int>.");
    }

    public Operand Result(Value value) => Result(ReturnType, value);

    public Operand Result(Type type, params Value[] parts) =>
        new ValueOperand(type, [.. parts.Select(p => p.Type == IrType.Bool ? Builder.ToInt(p) : p)]);
}

/// <summary>The functions that are operations of the compiler instead of IL to inline.</summary>
internal static class IntrinsicTable
{
    private static readonly Dictionary<string, Func<IntrinsicCall, Operand?>> Handlers = [];

    static IntrinsicTable()
    {
        ThreadIntrinsics.Register(Handlers);
        MemoryIntrinsics.Register(Handlers);
        MathIntrinsics.Register(Handlers);
        MatrixIntrinsics.Register(Handlers);
    }

    public static Func<IntrinsicCall, Operand?>? Find(MethodBase method)
    {
        var type = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericTypeDefinition() : method.DeclaringType;
        if (type is null)
        {
            return null;
        }

        return Handlers.GetValueOrDefault($"{type.FullName}.{method.Name}") ?? MathIntrinsics.Find(type, method) ?? LaneIntrinsics.Find(type, method);
    }
}
