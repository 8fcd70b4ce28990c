using System.Reflection;
using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Frontend.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Turns a kernel method into one SSA function without calls.</summary>
internal static class KernelFrontend
{
    /// <param name="method">The kernel; its generic arguments are closed.</param>
    /// <param name="implicitIndex">Whether the first parameter is the thread's index, which the launch does not pass.</param>
    /// <param name="specialized">Per parameter, a value to compile in (a boxed <c>SpecializedValue</c>), or null.</param>
    /// <param name="target">The device to translate for; the CPU if there is none.</param>
    public static Function Build(MethodInfo method, bool implicitIndex, IReadOnlyList<object?>? specialized = null, CompileTarget? target = null)
    {
        if (!method.IsStatic || method.ReturnType != typeof(void))
        {
            throw KernelError.At(new IlSite(method, 0), $"the method {KernelError.Describe(method)}",
                "A kernel is a static method without result (a lambda that captures nothing will do).");
        }

        target ??= CompileTarget.Cpu;
        var function = new Function(KernelError.Describe(method), target.WarpSize, target.LineSize);
        var context = new TranslationContext(function, target) { Builder = { Block = function.NewBlock() } };
        context.Variables.Seal(function.Entry);
        var parameters = method.GetParameters();
        var arguments = new Operand[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            arguments[i] = implicitIndex && i == 0
                ? Index(context, parameters[0].ParameterType)
                : Parameter(function, parameters[i], specialized?[i]);
        }

        MethodTranslator.Inline(context, method, arguments, null);
        context.Builder.Block.Return();
        FinishReturns(function);
        function.ResolveAll();
        function.Renumber();
        return function;
    }

    private static Operand Parameter(Function function, ParameterInfo parameter, object? specialized)
    {
        var type = parameter.ParameterType;
        TypeShape shape;
        try
        {
            shape = type.IsByRef ? throw new NotSupportedException($"the by-reference parameter {parameter.Name}") : TypeShape.Of(type);
        }
        catch (NotSupportedException e)
        {
            throw KernelError.At(new IlSite((MethodBase)parameter.Member, 0), e.Message, "Kernel parameters are views, primitives and structs of them.");
        }

        var parts = new Value[shape.Parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (specialized is not null)
            {
                parts[i] = Specialized(function, shape.Parts[i], specialized);
                continue;
            }

            var name = parts.Length == 1 ? parameter.Name! : $"{parameter.Name}.{i}";
            parts[i] = function.Leaf(Op.Parameter, shape.Parts[i].Type, function.Parameters.Count);
            function.Parameters.Add(new IrParameter(name, parameter.Position, shape.Parts[i].Memory, shape.Parts[i].Offset));
        }

        return type.IsPointer ? new AddressOperand(type.GetElementType()!, parts[0]) : new ValueOperand(type, parts);
    }

    // One primitive of a boxed value, struct or not.
    private static Value Specialized(Function function, Part part, object value)
    {
        var bytes = (byte[])typeof(KernelFrontend).GetMethod(nameof(BytesOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(value.GetType()).Invoke(null, [value])!;
        ReadOnlySpan<byte> raw = bytes.AsSpan(part.Offset, part.Memory.Size());
        return part.Memory switch
        {
            MemoryType.Int8 => function.Const(part.Type, (sbyte)raw[0]),
            MemoryType.UInt8 => function.Const(part.Type, raw[0]),
            MemoryType.Int16 => function.Const(part.Type, MemoryMarshal.Read<short>(raw)),
            MemoryType.UInt16 => function.Const(part.Type, MemoryMarshal.Read<ushort>(raw)),
            MemoryType.Int32 or MemoryType.Float32 => function.Const(part.Type, MemoryMarshal.Read<int>(raw)),
            _ => function.Const(part.Type, MemoryMarshal.Read<long>(raw)),
        };
    }

    private static byte[] BytesOf<T>(object value)
        where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>([(T)value])).ToArray();

    // Threads are numbered along the grid, x fastest in the extent; those beyond it return at once.
    private static ValueOperand Index(TranslationContext context, Type type)
    {
        var builder = context.Builder;
        var function = context.Function;
        var number = builder.Binary(Op.Add,
            builder.Binary(Op.Mul, function.Builtin(BuiltinKind.GridIdxX), function.Builtin(BuiltinKind.GroupDimX)), function.Builtin(BuiltinKind.GroupIdxX));
        var outside = builder.Compare(CompareKind.Ge, number, function.Builtin(BuiltinKind.ExtentSize));
        var leave = function.NewBlock();
        var stay = function.NewBlock();
        builder.Block.BranchTo(outside, leave, stay);
        leave.Return();
        context.Variables.Seal(leave);
        context.Variables.Seal(stay);
        builder.Block = stay;
        var shape = TypeShape.Of(type).Parts;
        var parts = new Value[shape.Length];
        BuiltinKind[] extents = [BuiltinKind.ExtentX, BuiltinKind.ExtentY];
        for (var i = 0; i < parts.Length; i++)
        {
            var extent = i + 1 < parts.Length ? function.Builtin(extents[i]) : null;
            var part = extent is null ? number : builder.Binary(Op.Rem, number, extent);
            number = extent is null ? number : builder.Binary(Op.Div, number, extent);
            parts[i] = shape[i].Type == IrType.Int64 ? builder.Convert(ConvertKind.SignExtend32, IrType.Int64, part) : part;
        }

        return new ValueOperand(type, parts);
    }

    /// <summary>One block returns; every other end jumps there.</summary>
    private static void FinishReturns(Function function)
    {
        foreach (var block in function.Blocks.Where(b => b.Kind == Terminator.None))
        {
            block.Return();
        }

        var exit = function.NewBlock();
        foreach (var block in function.Blocks.Where(b => b.Kind == Terminator.Return && b != exit).ToList())
        {
            block.JumpTo(exit);
        }

        exit.Return();
    }
}
