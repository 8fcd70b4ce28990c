using System.Reflection;
using System.Reflection.Emit;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>The methods that a kernel can reach, by the calls in their code.</summary>
/// <remarks>
/// Methods of the base class library and of this assembly are named but not entered: they call no kernel code. A
/// constrained call counts as a call of every method of the constraint's type with that name, and of the interface's own
/// method, which may name too much but never too little.
/// </remarks>
internal static class CallGraph
{
    private static readonly Assembly Own = typeof(CallGraph).Assembly;
    private static readonly Assembly Library = typeof(object).Assembly;
    private static readonly OpCode[] OneByte = new OpCode[256];
    private static readonly OpCode[] TwoBytes = new OpCode[256];

    static CallGraph()
    {
        foreach (FieldInfo field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? OneByte : TwoBytes)[code.Value & 0xFF] = code;
        }
    }

    public static IReadOnlyCollection<MethodBase> Reachable(MethodBase root)
    {
        var seen = new HashSet<MethodBase> { root };
        var open = new Stack<MethodBase>(seen);
        while (open.TryPop(out MethodBase? method))
        {
            if (method.Module.Assembly == Own && method != root && !IsIntrinsic(method))
                continue;
            if (method.Module.Assembly == Library)
                continue;
            foreach (MethodBase callee in Callees(method))
            {
                if (seen.Add(callee))
                    open.Push(callee);
            }
        }
        return seen;
    }

    /// <summary>Device intrinsics have portable bodies, which are kernel code.</summary>
    private static bool IsIntrinsic(MethodBase method) =>
        method.DeclaringType?.Namespace == typeof(IlgpuSeg.KernelRuntime.DeviceIntrinsics).Namespace;

    private static IEnumerable<MethodBase> Callees(MethodBase method)
    {
        byte[]? code = method.GetMethodBody()?.GetILAsByteArray();
        if (code is null)
            yield break;
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        Type? constraint = null;
        for (int at = 0; at < code.Length;)
        {
            OpCode op = code[at] == 0xFE ? TwoBytes[code[at + 1]] : OneByte[code[at]];
            at += op.Size;
            if (op == OpCodes.Constrained)
                constraint = method.Module.ResolveType(BitConverter.ToInt32(code, at), typeArguments, methodArguments);
            else if (op.OperandType == OperandType.InlineMethod)
            {
                MethodBase? callee = method.Module.ResolveMethod(BitConverter.ToInt32(code, at), typeArguments, methodArguments);
                foreach (MethodBase target in Targets(callee!, constraint))
                    yield return target;
                constraint = null;
            }
            at += OperandSize(op, code, at);
        }
    }

    private static IEnumerable<MethodBase> Targets(MethodBase callee, Type? constraint)
    {
        if (constraint is null || constraint.Assembly == Library)
            return [callee];
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return constraint.GetMethods(All)
            .Where(method => method.Name == callee.Name || method.Name.EndsWith("." + callee.Name, StringComparison.Ordinal))
            .Where(method => method.GetGenericArguments().Length == (callee.IsGenericMethod ? callee.GetGenericArguments().Length : 0))
            .Select(method => method.IsGenericMethodDefinition ? method.MakeGenericMethod(callee.GetGenericArguments()) : method)
            .Append(callee);
    }

    private static int OperandSize(OpCode op, byte[] code, int at) => op.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };
}
