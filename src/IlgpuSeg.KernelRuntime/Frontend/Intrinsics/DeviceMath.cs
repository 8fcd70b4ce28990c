using System.Reflection;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>
/// The code of math functions for targets that have no instruction for them, inlined where they are called: LaneMath's where it has
/// straight-line code (the CPU and the device then agree bit for bit), else ScalarMath's.
/// </summary>
internal static class DeviceMath
{
    /// <summary>The method to inline for a function; null where the device has an instruction of full precision.</summary>
    public static MethodInfo? Find(MathKind kind, IrType type)
    {
        var number = type == IrType.Float32 ? typeof(float) : typeof(double);
        return kind switch
        {
            MathKind.Exp or MathKind.Exp2 or MathKind.Log or MathKind.Log2 or MathKind.Log10 or MathKind.Tanh or MathKind.Erf =>
                Method(typeof(LaneMath), kind.ToString(), typeof(Vector256<>).MakeGenericType(number)),
            MathKind.Sin or MathKind.Cos or MathKind.Tan or MathKind.Asin or MathKind.Acos or MathKind.Atan or MathKind.Sinh or MathKind.Cosh =>
                Method(typeof(ScalarMath), kind.ToString(), number),
            MathKind.Pow or MathKind.Atan2 => Method(typeof(ScalarMath), kind.ToString(), number, number),
            _ => null,
        };
    }

    public static MethodInfo Remainder(Type number) => Method(typeof(ScalarMath), nameof(ScalarMath.Rem), number, number);

    /// <summary>The result of such a method, as the type that the call of the function has.</summary>
    public static ValueOperand Inline(TranslationContext context, MethodInfo method, Type resultType, IlSite site, params Value[] args)
    {
        var parameters = method.GetParameters();
        Operand[] operands = [.. args.Select((arg, i) => new ValueOperand(parameters[i].ParameterType, [arg]))];
        return new ValueOperand(resultType, ((ValueOperand)MethodTranslator.Inline(context, method, operands, site)!).Parts);
    }

    private static MethodInfo Method(Type type, string name, params Type[] parameters) =>
        type.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, parameters)!;
}
