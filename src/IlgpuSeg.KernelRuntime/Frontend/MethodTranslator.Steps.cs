using System.Reflection;
using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>One IL instruction at a time.</summary>
internal sealed partial class MethodTranslator
{
    private Type? _constrained;

    /// <summary>Runs one instruction; true if it ends the block.</summary>
    private bool Step(IlInstruction instruction)
    {
        var name = instruction.Code.Name!;
        return StepConstantsAndVariables(name, instruction)
            ?? StepFlow(name, instruction)
            ?? StepMemory(name, instruction)
            ?? StepArithmetic(name)
            ?? throw Unsupported(name);
    }

    private bool? StepConstantsAndVariables(string name, IlInstruction instruction)
    {
        var argument = instruction.Operand is int i ? i : 0;
        var shortForm = name.Length > 2 && name[^2] == '.' && char.IsDigit(name[^1]) ? name[^1] - '0' : argument;
        switch (name)
        {
            case "nop" or "readonly." or "volatile." or "unaligned." or "break":
                return false;
            case "ldarg" or "ldarg.s" or "ldarg.0" or "ldarg.1" or "ldarg.2" or "ldarg.3":
                return Push(LoadArgument(shortForm));
            case "ldarga" or "ldarga.s":
                return Push(ArgumentAddress(argument));
            case "starg" or "starg.s":
                StoreArgument(argument, _stack.Pop());
                return false;
            case "ldloc" or "ldloc.s" or "ldloc.0" or "ldloc.1" or "ldloc.2" or "ldloc.3":
                return Push(LoadLocal(shortForm));
            case "ldloca" or "ldloca.s":
                return Push(LocalPlace(_locals[argument]));
            case "stloc" or "stloc.s" or "stloc.0" or "stloc.1" or "stloc.2" or "stloc.3":
                StoreLocal(shortForm, _stack.Pop());
                return false;
            case "ldc.i4.m1":
                return Push(typeof(int), _context.Function.Int(-1));
            case "ldc.i8":
                return Push(typeof(long), _context.Function.Long((long)instruction.Operand!));
            case "ldc.r4":
                return Push(typeof(float), _context.Function.Float(IrType.Float32, (float)instruction.Operand!));
            case "ldc.r8":
                return Push(typeof(double), _context.Function.Float(IrType.Float64, (double)instruction.Operand!));
            case "dup":
                return Push(_stack.Peek());
            case "pop":
                _stack.Pop();
                return false;
            case "ldstr":
                return Push(new TextOperand(_code.Text(instruction)));
            default:
                return name.StartsWith("ldc.i4", StringComparison.Ordinal) ? Push(typeof(int), _context.Function.Int(shortForm)) : null;
        }
    }

    private bool? StepFlow(string name, IlInstruction instruction)
    {
        switch (name)
        {
            case "br" or "br.s":
                JumpTo(_blocks[(int)instruction.Operand!]);
                return true;
            case "brtrue" or "brtrue.s":
                Branch(PopValue(), _blocks[(int)instruction.Operand!]);
                return true;
            case "brfalse" or "brfalse.s":
                Branch(Builder.Unary(Op.Not, Builder.ToBool(PopValue())), _blocks[(int)instruction.Operand!]);
                return true;
            case "switch":
                Switch((int[])instruction.Operand!);
                return true;
            case "ret":
                Return();
                return true;
            case "throw" or "rethrow":
            case "ldnull" when NextInstruction.Code == OpCodes.Throw:
                throw KernelError.At(Site, "throw", "Kernels are total: check on the host before launching, and let the kernel do nothing for bad input.");
            case "call" or "callvirt":
                Call(_code.Method(instruction), name == "callvirt");
                return false;
            case "newobj":
                NewObject((ConstructorInfo)_code.Method(instruction));
                return false;
            case "constrained.":
                _constrained = _code.Type(instruction);
                return false;
            default:
                if (instruction.Code.FlowControl == FlowControl.Cond_Branch && CompareBranch(name) is { } kind)
                {
                    var (a, b) = PopPair();
                    Branch(Builder.Compare(kind, a, b), _blocks[(int)instruction.Operand!]);
                    return true;
                }

                return null;
        }
    }

    private bool? StepMemory(string name, IlInstruction instruction)
    {
        switch (name)
        {
            case "ldfld":
                LoadField(_code.Field(instruction));
                return false;
            case "ldflda":
                LoadFieldAddress(_code.Field(instruction));
                return false;
            case "stfld":
                StoreField(_code.Field(instruction));
                return false;
            case "ldsfld":
                LoadStaticField(_code.Field(instruction));
                return false;
            case "ldsflda":
                LoadStaticField(_code.Field(instruction));
                return Push(Materialize(_stack.Pop()));
            case "stsfld":
                throw KernelError.At(Site, $"an assignment to the static field {_code.Field(instruction).Name}", "Write results to a view.");
            case "ldobj":
                return Push(Dereference(_stack.Pop(), _code.Type(instruction)));
            case "stobj" or "cpobj":
                var value = _stack.Pop();
                var type = _code.Type(instruction);
                Assign(_stack.Pop(), type, name == "cpobj" ? Dereference(value, type) : value);
                return false;
            case "initobj":
                var zero = _code.Type(instruction);
                Assign(_stack.Pop(), zero, Zero(zero));
                return false;
            case "sizeof":
                return Push(typeof(int), _context.Function.Int(Shape(_code.Type(instruction)).Size));
            case "ldtoken":
                return Push(new TypeOperand(_code.Type(instruction)));
            case "box":
                return Box(_code.Type(instruction));
            case "unbox.any":
                return Unbox(_code.Type(instruction));
            default:
                return name.StartsWith("ldind.", StringComparison.Ordinal) ? Push(Dereference(_stack.Pop(), IndirectType(name)))
                    : name.StartsWith("stind.", StringComparison.Ordinal) ? StoreIndirect(name) : null;
        }
    }

    private bool StoreIndirect(string name)
    {
        var value = _stack.Pop();
        Assign(_stack.Pop(), IndirectType(name), value);
        return false;
    }

    private Type IndirectType(string name) => name[6..] switch
    {
        "i1" => typeof(sbyte),
        "u1" => typeof(byte),
        "i2" => typeof(short),
        "u2" => typeof(ushort),
        "i4" or "u4" => typeof(int),
        "i8" or "i" => typeof(long),
        "r4" => typeof(float),
        "r8" => typeof(double),
        _ => throw KernelError.At(Site, "a reference to an object", "Kernels cannot touch objects; pass values and views."),
    };

    // (T)(object)x is how generic code converts between a type parameter and the type it is known to be.
    private bool Box(Type type)
    {
        var next = NextInstruction;
        if (next.Code == OpCodes.Unbox_Any && _code.Type(next) == type)
        {
            return false;
        }

        throw KernelError.At(Site, $"boxing a {type.Name}", "Keep the value as a struct: no object, interface or params object[] in kernels.");
    }

    private bool Unbox(Type type) => _stack.Peek().Type == type
        ? false
        : throw KernelError.At(Site, $"unboxing to {type.Name}", "Keep the value as a struct.");

    private Exception Unsupported(string name) => name switch
    {
        "newarr" or "ldelem" or "ldlen" => KernelError.At(Site, "a managed array", "Use an ArrayView parameter, LocalMemory.Allocate or SharedMemory.Allocate."),
        "localloc" => KernelError.At(Site, "stackalloc", "Use LocalMemory.Allocate1D<T>(constant)."),
        "ldftn" or "ldvirtftn" or "calli" => KernelError.At(Site, "a delegate or function pointer", "Use a struct type argument with a static abstract member."),
        "isinst" or "castclass" => KernelError.At(Site, "a type test on an object", "Use generics over structs."),
        "ldnull" => KernelError.At(Site, "null", "Kernels cannot touch objects; pass values and views."),
        "ckfinite" => KernelError.At(Site, "a finiteness check", "Test with comparisons."),
        _ when name.StartsWith("ldelem", StringComparison.Ordinal) || name.StartsWith("stelem", StringComparison.Ordinal) =>
            KernelError.At(Site, "a managed array", "Use an ArrayView parameter, LocalMemory.Allocate or SharedMemory.Allocate."),
        _ when name.Contains(".ovf", StringComparison.Ordinal) => KernelError.At(Site, "checked arithmetic", "Kernels cannot throw; use unchecked operations."),
        _ => KernelError.At(Site, $"the IL instruction {name}", "Write the kernel with arithmetic, loops, branches, structs and views."),
    };

    private IlInstruction NextInstruction => _code.Instructions[_next];

    private bool Push(Operand operand)
    {
        _stack.Push(operand);
        return false;
    }

    private bool Push(Type type, Value value) => Push(new ValueOperand(type, [value]));

    private Value PopValue() => _stack.Pop() switch
    {
        ValueOperand { Parts.Length: 1 } value => value.Single,
        AddressOperand address => address.Pointer.Resolve(),
        var other => throw KernelError.At(Site, $"using a {other.Type} as a number", "Use its fields."),
    };
}
