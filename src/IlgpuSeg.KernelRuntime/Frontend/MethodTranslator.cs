using System.Reflection;
using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>What all methods of one kernel share while it is translated.</summary>
internal sealed class TranslationContext(Function function, CompileTarget target)
{
    public CompileTarget Target { get; } = target;
    public Function Function { get; } = function;
    public Builder Builder { get; } = new(function);
    public Variables Variables { get; } = new(function);

    /// <summary>Methods being inlined, outermost first.</summary>
    public List<MethodBase> CallChain { get; } = [];
}

/// <summary>
/// Translates one method body, at one call site, by running its IL on an abstract stack. Calls are translated in place by
/// further translators, so that a kernel becomes one function without calls.
/// </summary>
internal sealed partial class MethodTranslator
{
    private const int MaxCallDepth = 64;

    private readonly TranslationContext _context;
    private readonly MethodBase _method;
    private readonly Type[]? _typeArguments;
    private readonly Type[]? _methodArguments;
    private readonly List<IlInstruction> _instructions;
    private readonly Dictionary<int, IlBlock> _blocks = [];
    private readonly Operand?[] _boundArguments;
    private readonly PlaceOperand?[] _argumentPlaces;
    private readonly LocalSlot[] _locals;
    private readonly Type _returnType;
    private Stack<Operand> _stack = new();
    private Block? _exit;
    private int _returnStart = -1;
    private Operand? _result;
    private IlInstruction _current = null!;

    private MethodTranslator(TranslationContext context, MethodBase method, Operand[] arguments)
    {
        _context = context;
        _method = method;
        _typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        _methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        var body = method.GetMethodBody()!;
        if (body.ExceptionHandlingClauses.Count > 0)
        {
            throw KernelError.At(new IlSite(method, body.ExceptionHandlingClauses[0].TryOffset), "an exception handler (try, using, foreach or lock)",
                "Kernels cannot throw or catch; use a for loop, and make all checks on the host before launching.");
        }

        _instructions = IlDecoder.Decode(body.GetILAsByteArray()!);
        _returnType = method is MethodInfo info ? info.ReturnType : typeof(void);
        _boundArguments = new Operand?[arguments.Length];
        _argumentPlaces = new PlaceOperand?[arguments.Length];
        _locals = [.. body.LocalVariables.Select(l => new LocalSlot(l.LocalType))];
        BindArguments(arguments);
        FindBlocks();
    }

    private Builder Builder => _context.Builder;

    private IlSite Site => new(_method, _current?.Offset ?? 0);

    /// <summary>Translates a call of <paramref name="method"/> at the builder's position and returns its result, if it has one.</summary>
    public static Operand? Inline(TranslationContext context, MethodBase method, Operand[] arguments, IlSite? callSite)
    {
        if (context.CallChain.Contains(method))
        {
            throw KernelError.At(callSite, $"a recursive call of {KernelError.Describe(method)}", "Write a loop; every call in a kernel is inlined.");
        }

        if (context.CallChain.Count >= MaxCallDepth)
        {
            throw KernelError.At(callSite, $"calls nested deeper than {MaxCallDepth}", "Flatten the call chain; every call in a kernel is inlined.");
        }

        if (method.GetMethodBody() is null)
        {
            throw KernelError.At(callSite, $"a call of {KernelError.Describe(method)}, which has no IL to inline",
                "Call a static method with a body, or one of ILGPU's functions.");
        }

        context.CallChain.Add(method);
        var outer = context.Builder.Site;
        var result = new MethodTranslator(context, method, arguments).Run();
        context.Builder.Site = outer;
        context.CallChain.RemoveAt(context.CallChain.Count - 1);
        return result;
    }

    private Operand? Run()
    {
        foreach (var block in Order())
        {
            if (block.Offset == 0 || block.Ir.Preds.Count > 0)
            {
                Translate(block);
            }

            foreach (var succ in block.Succs)
            {
                if (--succ.Unvisited == 0)
                {
                    _context.Variables.Seal(succ.Ir);
                }
            }
        }

        if (_exit is null)
        {
            return _result;
        }

        _context.Variables.Seal(_exit);
        Builder.Block = _exit;
        return _returnStart >= 0 ? ReadReturn() : _result;
    }

    private void Translate(IlBlock block)
    {
        Builder.Block = block.Ir;
        _stack = new Stack<Operand>();
        foreach (var entry in block.EntryStack ?? [])
        {
            _stack.Push(entry is PlaceOperand place && block.SpilledStack!.Contains(place) ? ReadPlace(place) : entry);
        }

        for (var i = block.First; i < _instructions.Count; i++)
        {
            _current = _instructions[i];
            Builder.Site = Site;
            if (_current.Offset != block.Offset && _blocks.TryGetValue(_current.Offset, out var next))
            {
                JumpTo(next);
                return;
            }

            if (Step(_current))
            {
                return;
            }
        }
    }

    private void BindArguments(Operand[] arguments)
    {
        var written = _instructions
            .Where(i => i.Code.Name is "starg" or "starg.s" or "ldarga" or "ldarga.s").Select(i => (int)i.Operand!).ToHashSet();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (written.Contains(i) && arguments[i] is ValueOperand value)
            {
                _argumentPlaces[i] = NewPlace(value.Type);
                WritePlace(_argumentPlaces[i]!, value);
            }
            else
            {
                _boundArguments[i] = arguments[i];
            }
        }
    }

    // The first block continues where the caller is, unless something jumps back to it.
    private void FindBlocks()
    {
        var leaders = IlDecoder.Leaders(_instructions);
        var indexOf = _instructions.Select((instruction, i) => (instruction.Offset, i)).ToDictionary(p => p.Offset, p => p.i);
        foreach (var offset in leaders)
        {
            _blocks[offset] = new IlBlock(offset, indexOf[offset]);
        }

        foreach (var block in _blocks.Values)
        {
            var last = block.First;
            while (last + 1 < _instructions.Count && !leaders.Contains(_instructions[last + 1].Offset))
            {
                last++;
            }

            var end = _instructions[last];
            block.Succs.AddRange(IlDecoder.Targets(end).Select(t => _blocks[t]).Distinct());
            if (end.Code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw)
                && _blocks.TryGetValue(end.Next, out var fallThrough) && !block.Succs.Contains(fallThrough))
            {
                block.Succs.Add(fallThrough);
            }
        }

        // Code that nothing reaches is not translated, so nobody may wait for it.
        foreach (var succ in Order().SelectMany(b => b.Succs))
        {
            succ.Unvisited++;
        }

        CreateIrBlocks();
    }

    private void CreateIrBlocks()
    {
        var entry = _blocks[0];
        foreach (var block in _blocks.Values)
        {
            block.Ir = block == entry && entry.Unvisited == 0 ? Builder.Block : _context.Function.NewBlock();
        }

        if (entry.Unvisited > 0)
        {
            Builder.Block.JumpTo(entry.Ir);
        }

        if (_instructions.Count(i => i.Code == OpCodes.Ret) > 1 || _instructions[^1].Code != OpCodes.Ret || _blocks.Count > 1)
        {
            _exit = _context.Function.NewBlock();
        }
    }

    private List<IlBlock> Order()
    {
        var order = new List<IlBlock>();
        var state = new Dictionary<IlBlock, bool>();
        Visit(_blocks[0]);
        order.Reverse();
        return order;

        void Visit(IlBlock block)
        {
            state[block] = true;
            for (var i = block.Succs.Count - 1; i >= 0; i--)
            {
                if (!state.ContainsKey(block.Succs[i]))
                {
                    Visit(block.Succs[i]);
                }
            }

            order.Add(block);
        }
    }

    private sealed class IlBlock(int offset, int first)
    {
        public int Offset { get; } = offset;
        public int First { get; } = first;
        public Block Ir { get; set; } = null!;
        public List<IlBlock> Succs { get; } = [];
        public int Unvisited { get; set; }

        /// <summary>The stack on entry, bottom first: places for values (written by every predecessor) and what is static.</summary>
        public Operand[]? EntryStack { get; set; }

        public HashSet<PlaceOperand>? SpilledStack { get; set; }
    }

    private sealed class LocalSlot(Type type)
    {
        public Type Type { get; } = type;
        public PlaceOperand? Place { get; set; }

        /// <summary>What a local of by-reference type refers to, when that is a variable.</summary>
        public Operand? Alias { get; set; }
    }
}
