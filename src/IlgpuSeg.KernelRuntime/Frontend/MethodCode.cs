using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>
/// What reflection says of a method, asked once: kernels inline the same few hundred methods over and over, and reflection takes longer than
/// translating them.
/// </summary>
internal sealed class CalledMethod
{
    private static readonly ConcurrentDictionary<MethodBase, CalledMethod> Cache = new();
    private static readonly ConcurrentDictionary<(MethodBase, Type), MethodBase?> Implementations = new();

    private readonly Lazy<MethodCode?> _code;

    private CalledMethod(MethodBase method)
    {
        Handler = IntrinsicTable.Find(method);
        ParameterTypes = [.. method.GetParameters().Select(p => p.ParameterType)];
        _code = new(() => method.GetMethodBody() is { } body ? new MethodCode(method, body) : null);
    }

    /// <summary>What the compiler does instead of inlining, if it knows the method.</summary>
    public Func<IntrinsicCall, Operand?>? Handler { get; }

    public Type[] ParameterTypes { get; }

    /// <summary>Null where there is no IL.</summary>
    public MethodCode? Code => _code.Value;

    public static CalledMethod Of(MethodBase method) => Cache.GetOrAdd(method, static m => new CalledMethod(m));

    /// <summary>The method by which a struct implements one of an interface; null if it does not.</summary>
    public static MethodBase? Implementation(MethodBase method, Type type) => Implementations.GetOrAdd((method, type), static key =>
    {
        var (method, type) = key;
        var definition = method.IsGenericMethod ? ((MethodInfo)method).GetGenericMethodDefinition() : method;
        var map = type.GetInterfaceMap(method.DeclaringType!);
        for (var i = 0; i < map.InterfaceMethods.Length; i++)
        {
            if (map.InterfaceMethods[i].MetadataToken == definition.MetadataToken && map.TargetMethods[i] is { } target)
            {
                return method.IsGenericMethod ? target.MakeGenericMethod(method.GetGenericArguments()) : target;
            }
        }

        return null;
    });
}

/// <summary>A method's IL, split into instructions and blocks, and what its tokens name.</summary>
internal sealed class MethodCode
{
    private readonly ConcurrentDictionary<int, MemberInfo> _members = new();
    private readonly Module _module;
    private readonly Type[]? _typeArguments;
    private readonly Type[]? _methodArguments;

    public MethodCode(MethodBase method, MethodBody body)
    {
        _module = method.Module;
        _typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        _methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        FirstHandler = body.ExceptionHandlingClauses.Count > 0 ? body.ExceptionHandlingClauses[0].TryOffset : null;
        Locals = [.. body.LocalVariables.Select(l => l.LocalType)];
        Instructions = IlDecoder.Decode(body.GetILAsByteArray()!);
        WrittenArguments = Instructions.Where(i => i.Code.Name is "starg" or "starg.s" or "ldarga" or "ldarga.s").Select(i => (int)i.Operand!).ToHashSet();
        Blocks = IlDecoder.Blocks(Instructions);
        Order = ReversePostOrder(Blocks);
        HasExitBlock = Instructions.Count(i => i.Code == OpCodes.Ret) > 1 || Instructions[^1].Code != OpCodes.Ret || Blocks.Count > 1;
    }

    /// <summary>Where the first exception handler begins, if there is one.</summary>
    public int? FirstHandler { get; }

    public Type[] Locals { get; }

    public List<IlInstruction> Instructions { get; }

    /// <summary>Numbers of the arguments that are assigned or whose address is taken.</summary>
    public HashSet<int> WrittenArguments { get; }

    /// <summary>The entry first.</summary>
    public List<IlBlock> Blocks { get; }

    /// <summary>The blocks that can be reached, predecessors first where there is no loop.</summary>
    public List<IlBlock> Order { get; }

    /// <summary>Whether several places return.</summary>
    public bool HasExitBlock { get; }

    public FieldInfo Field(IlInstruction instruction) => (FieldInfo)Member(instruction, t => _module.ResolveField(t, _typeArguments, _methodArguments)!);

    public MethodBase Method(IlInstruction instruction) => (MethodBase)Member(instruction, t => _module.ResolveMethod(t, _typeArguments, _methodArguments)!);

    public Type Type(IlInstruction instruction) => (Type)Member(instruction, t => _module.ResolveType(t, _typeArguments, _methodArguments));

    public string Text(IlInstruction instruction) => _module.ResolveString((int)instruction.Operand!);

    private MemberInfo Member(IlInstruction instruction, Func<int, MemberInfo> resolve) => _members.GetOrAdd((int)instruction.Operand!, resolve);

    private static List<IlBlock> ReversePostOrder(List<IlBlock> blocks)
    {
        var order = new List<IlBlock>();
        var seen = new HashSet<IlBlock>();
        Visit(blocks[0]);
        order.Reverse();
        return order;

        void Visit(IlBlock block)
        {
            seen.Add(block);
            for (var i = block.Succs.Count - 1; i >= 0; i--)
            {
                if (!seen.Contains(block.Succs[i]))
                {
                    Visit(block.Succs[i]);
                }
            }

            order.Add(block);
        }
    }
}
