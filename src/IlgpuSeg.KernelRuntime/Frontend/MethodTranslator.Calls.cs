using System.Reflection;
using IlgpuSeg.KernelRuntime.Frontend.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Calls: intrinsics by identity, everything else inlined.</summary>
internal sealed partial class MethodTranslator
{
    private void Call(MethodBase method, bool isVirtual)
    {
        var constrained = _constrained;
        _constrained = null;
        // Unlike newobj, a call of a constructor finds the struct's address on the stack.
        var arguments = PopArguments(method, method.IsStatic ? 0 : 1);
        if (CompileTimeCall(method, arguments) is { } known)
        {
            _stack.Push(known);
            return;
        }

        if (constrained is not null)
        {
            method = ConstrainedTarget(method, constrained);
        }
        else if (isVirtual && method.DeclaringType is { IsValueType: false } && method.DeclaringType != typeof(string))
        {
            throw KernelError.At(Site, $"a virtual call of {KernelError.Describe(method)}", "Use a struct type argument with static abstract members.");
        }

        Refuse(method);
        var result = Invoke(method, arguments);
        if (result is not null)
        {
            _stack.Push(result);
        }
    }

    private Operand? Invoke(MethodBase method, Operand[] arguments)
    {
        var call = new IntrinsicCall(_context, method, arguments, Site);
        if (CalledMethod.Of(method).Handler is { } handler)
        {
            return handler(call);
        }

        try
        {
            return Inline(_context, method, arguments, Site);
        }
        catch (InternalCompilerException e) when (IsLibrary(method) && !IsLibrary(_method))
        {
            // Where the user can do something about it: at the call, not deep inside of the library.
            throw KernelError.At(Site, $"a call of {KernelError.Describe(method)}", KernelError.LibraryCalls, e);
        }
    }

    private static bool IsLibrary(MethodBase method) => method.Module.Assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal);

    private Operand[] PopArguments(MethodBase method, int self)
    {
        var parameters = CalledMethod.Of(method).ParameterTypes;
        var arguments = new Operand[parameters.Length + self];
        for (var i = arguments.Length - 1; i >= 0; i--)
        {
            arguments[i] = _stack.Pop();
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i];
            if (!type.IsByRef && !type.ContainsGenericParameters && arguments[i + self] is ValueOperand)
            {
                arguments[i + self] = Coerce(arguments[i + self], type);
            }
        }

        return arguments;
    }

    private void NewObject(ConstructorInfo constructor)
    {
        var type = constructor.DeclaringType!;
        if (!type.IsValueType)
        {
            throw KernelError.At(Site, $"an allocation of {KernelError.Describe(type)}",
                typeof(Exception).IsAssignableFrom(type)
                    ? "Kernels are total and cannot throw: check on the host before launching."
                    : typeof(Delegate).IsAssignableFrom(type) ? KernelError.NoDelegates : "Use a struct.");
        }

        var arguments = PopArguments(constructor, 0);
        var place = NewPlace(type);
        WritePlace(place, Zero(type));
        Invoke(constructor, [place, .. arguments]);
        _stack.Push(ReadPlace(place));
    }

    /// <summary>typeof(T) == typeof(float) and the like.</summary>
    private ValueOperand? Truth(bool value) => new(typeof(bool), [_context.Function.Int(value ? 1 : 0)]);

    private Operand? CompileTimeCall(MethodBase method, Operand[] arguments)
    {
        if (method.DeclaringType != typeof(Type))
        {
            return null;
        }

        return (method.Name, arguments) switch
        {
            ("GetTypeFromHandle", [TypeOperand named]) => named,
            ("op_Equality", [TypeOperand a, TypeOperand b]) => Truth(a.Named == b.Named),
            ("op_Inequality", [TypeOperand a, TypeOperand b]) => Truth(a.Named != b.Named),
            ("get_IsValueType", [TypeOperand a]) => Truth(a.Named.IsValueType),
            _ => throw KernelError.At(Site, $"reflection ({method.Name})", "Only comparisons with typeof are decided while compiling."),
        };
    }

    private MethodBase ConstrainedTarget(MethodBase method, Type type)
    {
        if (!type.IsValueType)
        {
            throw KernelError.At(Site, $"a call through the reference type {KernelError.Describe(type)}", "Type arguments of kernels must be structs.");
        }

        if (method.DeclaringType is not { IsInterface: true })
        {
            throw KernelError.At(Site, $"a virtual call of {KernelError.Describe(method)} on {type.Name}", "Call a method of the struct itself.");
        }

        return CalledMethod.Implementation(method, type)
            ?? throw KernelError.At(Site, $"{KernelError.Describe(method)}, which {type.Name} does not implement", "Implement it in the struct.");
    }

    private void Refuse(MethodBase method)
    {
        if (method.DeclaringType == typeof(string) || (method is MethodInfo { ReturnType: var type } && type == typeof(string)))
        {
            throw KernelError.At(Site, "a string", "Strings cannot be made in kernels; format on the host.");
        }
    }
}
