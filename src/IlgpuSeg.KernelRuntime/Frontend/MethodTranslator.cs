using System.Reflection;
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
    private readonly MethodCode _code;
    private readonly Dictionary<int, Arrival> _blocks;
    private readonly Operand?[] _boundArguments;
    private readonly PlaceOperand?[] _argumentPlaces;
    private readonly LocalSlot[] _locals;
    private readonly Type _returnType;
    private Stack<Operand> _stack = new();
    private Block? _exit;
    private int _returnStart = -1;
    private Operand? _result;
    private IlInstruction _current = null!;
    private int _next;

    private MethodTranslator(TranslationContext context, MethodBase method, MethodCode code, Operand[] arguments)
    {
        _context = context;
        _method = method;
        _code = code;
        if (code.FirstHandler is { } offset)
        {
            throw KernelError.At(new IlSite(method, offset), "an exception handler (try, using, foreach or lock)",
                "Kernels cannot throw or catch; use a for loop, and make all checks on the host before launching.");
        }

        _returnType = method is MethodInfo info ? info.ReturnType : typeof(void);
        _boundArguments = new Operand?[arguments.Length];
        _argumentPlaces = new PlaceOperand?[arguments.Length];
        _locals = [.. code.Locals.Select(type => new LocalSlot(type))];
        BindArguments(arguments);
        _blocks = code.Blocks.ToDictionary(b => b.Offset, b => new Arrival(b));
        CreateIrBlocks();
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

        if (CalledMethod.Of(method).Code is not { } code)
        {
            throw KernelError.At(callSite, $"a call of {KernelError.Describe(method)}, which has no IL to inline",
                "Call a static method with a body, or one of ILGPU's functions.");
        }

        context.CallChain.Add(method);
        var outer = context.Builder.Site;
        var result = new MethodTranslator(context, method, code, arguments).Run();
        context.Builder.Site = outer;
        context.CallChain.RemoveAt(context.CallChain.Count - 1);
        return result;
    }

    private Operand? Run()
    {
        foreach (var block in _code.Order.Select(b => _blocks[b.Offset]))
        {
            if (block.Code.Offset == 0 || block.Ir.Preds.Count > 0)
            {
                Translate(block);
            }

            foreach (var succ in block.Code.Succs.Select(b => _blocks[b.Offset]))
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

    private void Translate(Arrival block)
    {
        Builder.Block = block.Ir;
        _stack = new Stack<Operand>();
        foreach (var entry in block.EntryStack ?? [])
        {
            _stack.Push(entry is PlaceOperand place && block.SpilledStack!.Contains(place) ? ReadPlace(place) : entry);
        }

        for (var i = block.Code.First; i < _code.Instructions.Count; i++)
        {
            _current = _code.Instructions[i];
            _next = i + 1;
            Builder.Site = Site;
            if (_current.Offset != block.Code.Offset && _blocks.TryGetValue(_current.Offset, out var next))
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
        for (var i = 0; i < arguments.Length; i++)
        {
            if (_code.WrittenArguments.Contains(i) && arguments[i] is ValueOperand value)
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
    private void CreateIrBlocks()
    {
        // Code that nothing reaches is not translated, so nobody may wait for it.
        foreach (var succ in _code.Order.SelectMany(b => b.Succs))
        {
            _blocks[succ.Offset].Unvisited++;
        }

        var entry = _blocks[0];
        foreach (var block in _code.Blocks.Select(b => _blocks[b.Offset]))
        {
            block.Ir = block == entry && entry.Unvisited == 0 ? Builder.Block : _context.Function.NewBlock();
        }

        if (entry.Unvisited > 0)
        {
            Builder.Block.JumpTo(entry.Ir);
        }

        if (_code.HasExitBlock)
        {
            _exit = _context.Function.NewBlock();
        }
    }

    /// <summary>What this translation knows of a block of the method's code.</summary>
    private sealed class Arrival(IlBlock code)
    {
        public IlBlock Code { get; } = code;
        public Block Ir { get; set; } = null!;
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
