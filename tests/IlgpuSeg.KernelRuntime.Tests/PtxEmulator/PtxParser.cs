namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Modules, entries and declarations. Statements are read by the other part.</summary>
internal sealed partial class PtxParser
{
    private readonly List<Token> tokens;
    private readonly PtxModuleSyntax module = new();
    private int at;

    private PtxParser(string text) => tokens = PtxLexer.Read(text);

    private Token Current => tokens[at];

    public static PtxModuleSyntax Parse(string text)
    {
        var parser = new PtxParser(text);
        parser.Header();
        while (parser.Current.Kind != TokenKind.End)
            parser.ModuleItem();
        return parser.module;
    }

    private PtxRefusedException Refuse(string message) => new(Current.Line, message);

    private Token Take()
    {
        var token = Current;
        if (token.Kind != TokenKind.End)
            at++;
        return token;
    }

    private bool Skip(string text)
    {
        if (Current.Kind is TokenKind.Text || Current.Text != text)
            return false;
        at++;
        return true;
    }

    private void Expect(string text)
    {
        if (!Skip(text))
            throw Refuse($"expected '{text}', found '{Current.Text}'");
    }

    private string Identifier()
    {
        if (Current.Kind != TokenKind.Identifier)
            throw Refuse($"expected a name, found '{Current.Text}'");
        return Take().Text;
    }

    private int Count()
    {
        if (Current.Kind != TokenKind.Integer || Current.Value > int.MaxValue)
            throw Refuse($"expected a number, found '{Current.Text}'");
        return (int)Take().Value;
    }

    private void Header()
    {
        // .version must be the module's first directive and .target its second.
        if (!Skip(".version"))
            throw Refuse("a module begins with .version");
        var version = Take().Text.Split('.');
        if (version.Length != 2 || !int.TryParse(version[0], out var major) || !int.TryParse(version[1], out var minor))
            throw Refuse("malformed .version");
        module.Version = major * 10 + minor;
        if (!Skip(".target"))
            throw Refuse(".target must follow .version");
        do
        {
            var name = Identifier();
            if (!name.StartsWith("sm_", StringComparison.Ordinal))
                continue;
            module.IsArchitectureSpecific = name[^1] is 'a' or 'f';
            if (!int.TryParse(name[3..].TrimEnd('a', 'f'), out var target))
                throw Refuse($"malformed target {name}");
            module.Target = target;
        }
        while (Skip(","));
        CheckTargetVersion();
        if (Skip(".address_size") && Count() != 64)
            throw Refuse("only .address_size 64 is emulated");
    }

    /// <summary>The PTX version that introduced each target.</summary>
    private void CheckTargetVersion()
    {
        var needed = module.Target switch
        {
            < 50 => throw Refuse($"target sm_{module.Target} is not emulated"),
            < 60 => 40, < 70 => 50, 70 => 60, < 80 => 63, 80 => 70, 86 => 71, 87 => 74, 89 or 90 => 78, < 103 => 86, 103 => 88, 110 => 90, 120 => 87, _ => 88,
        };
        if (module.IsArchitectureSpecific)
            needed = Math.Max(needed, 80);
        if (module.Version < needed)
            throw Refuse($"sm_{module.Target}{(module.IsArchitectureSpecific ? "a" : "")} needs PTX {needed / 10}.{needed % 10}");
    }

    private void ModuleItem()
    {
        if (Current.Kind != TokenKind.Directive)
            throw Refuse($"expected a directive, found '{Current.Text}'");
        if (Skip(".file"))
        {
            SkipLine();
            return;
        }

        var (isExtern, isLinked) = (false, false);
        while (Current.Text is ".extern" or ".visible" or ".weak" or ".common")
        {
            isExtern |= Current.Text == ".extern";
            isLinked = true;
            at++;
        }

        if (Skip(".entry"))
            Entry(isExtern);
        else if (TrySpace(out var space))
            Variable(space, isExtern, module.Scope, module.Variables);
        else
            throw Refuse($"{(isLinked ? "after a linking directive: " : "")}'{Current.Text}' is not a module directive that is emulated");
    }

    private void SkipLine()
    {
        var line = tokens[at - 1].Line;
        while (Current.Line == line && Current.Kind != TokenKind.End)
            at++;
    }

    private bool TrySpace(out StateSpace space)
    {
        space = Current.Text switch
        {
            ".global" => StateSpace.Global, ".shared" or ".shared::cta" => StateSpace.Shared, ".local" => StateSpace.Local,
            ".const" => StateSpace.Const, ".param" => StateSpace.Param, _ => StateSpace.Generic,
        };
        if (space == StateSpace.Generic)
            return false;
        at++;
        return true;
    }

    private void Entry(bool isExtern)
    {
        if (isExtern)
            throw Refuse("an extern entry has no body to run");
        var entry = new PtxEntrySyntax { Line = Current.Line, Name = Identifier(), Scope = new Scope(module.Scope) };
        if (!module.Scope.TryDeclare(entry.Name, entry))
            throw Refuse($"{entry.Name} is declared twice");
        if (Skip("("))
        {
            while (!Skip(")"))
            {
                if (!TrySpace(out var space) || space != StateSpace.Param)
                    throw Refuse($"expected .param, found '{Current.Text}'");
                Parameter(entry);
                if (Current.Text != ")")
                    Expect(",");
            }
        }

        while (Current.Text is ".maxntid" or ".reqntid" or ".minnctapersm" or ".maxnctapersm" or ".maxnreg")
            Limit(entry);
        Place(entry.Parameters);
        Body(entry);
        module.Entries.Add(entry);
    }

    private void Limit(PtxEntrySyntax entry)
    {
        var name = Take().Text;
        var numbers = new List<int> { Count() };
        while (Skip(","))
            numbers.Add(Count());
        if (numbers.Count > (name is ".maxntid" or ".reqntid" ? 3 : 1) || numbers.Contains(0))
            throw Refuse($"malformed {name}");
        entry.Limits.Add(name, [.. numbers]);
    }

    private void Parameter(PtxEntrySyntax entry)
    {
        var alignment = Skip(".align") ? Count() : 0;
        var type = DeclaredType();
        if (type == PtxType.Pred)
            throw Refuse("a parameter cannot be a predicate");
        while (Current.Text is ".ptr" or ".global" or ".const" or ".shared" or ".local" or ".align")
        {
            if (Take().Text == ".align")
                Count();   // of what the pointer points to
        }

        var (line, name) = (Current.Line, Identifier());
        var size = (long)type.Size();
        if (Skip("["))
        {
            size *= Count();
            Expect("]");
        }

        var variable = new PtxVariable(name, StateSpace.Param, type, Align(alignment, type), size, false, line);
        entry.Parameters.Add(variable);
        if (!entry.Scope.TryDeclare(name, variable))
            throw Refuse($"{name} is declared twice");
    }

    private int Align(int asked, PtxType type)
    {
        if (asked != 0 && (asked & (asked - 1)) != 0)
            throw Refuse($".align {asked} is not a power of two");
        if (asked != 0 && asked < type.Size())
            throw Refuse($".align {asked} is less than the natural alignment of {type.Name()}");
        return Math.Max(asked, type.Size());
    }

    private PtxType DeclaredType()
    {
        if (Current.Kind != TokenKind.Directive || !PtxTypes.TryParse(Current.Text[1..], out var type) || !type.IsFundamental())
            throw Refuse($"'{Current.Text}' is not a type that can be declared");
        at++;
        return type;
    }

    private void Variable(StateSpace space, bool isExtern, Scope scope, List<PtxVariable> into)
    {
        var asked = Skip(".align") ? Count() : 0;
        var count = Skip(".v2") ? 2 : Skip(".v4") ? 4 : 1;
        var type = DeclaredType();
        if (type == PtxType.Pred)
            throw Refuse("predicates live in registers only");
        do
        {
            var (line, name) = (Current.Line, Identifier());
            var length = (long)count;
            while (Skip("["))
            {
                length *= Current.Text == "]" ? 0 : Count();
                Expect("]");
            }

            if (length == 0 && !(isExtern && space == StateSpace.Shared))
                throw Refuse($"{name}: only an extern .shared array may leave its size open");
            var initial = Skip("=") ? Initialiser(space, type, length, name) : null;
            var variable = new PtxVariable(
                name, space, type, Align(asked, type), length * type.Size(), isExtern, line) { Initial = initial };
            if (!scope.TryDeclare(name, variable))
                throw Refuse($"{name} is declared twice");
            into.Add(variable);
        }
        while (Skip(","));
        Expect(";");
    }

    private byte[] Initialiser(StateSpace space, PtxType type, long length, string name)
    {
        if (space is not (StateSpace.Global or StateSpace.Const))
            throw Refuse($"{name}: only .global and .const variables have initial values");
        var bytes = new byte[length * type.Size()];
        var offset = 0;
        InitialValues(type, bytes, ref offset, name);
        return bytes;
    }

    private void InitialValues(PtxType type, byte[] bytes, ref int offset, string name)
    {
        if (Skip("{"))
        {
            while (!Skip("}"))
            {
                InitialValues(type, bytes, ref offset, name);
                if (Current.Text != "}")
                    Expect(",");
            }

            return;
        }

        if (offset + type.Size() > bytes.Length)
            throw Refuse($"{name} has too many initial values");
        var constant = Constant(Skip("-")) ?? throw Refuse($"'{Current.Text}' is not a constant");
        BitConverter.GetBytes(Constants.Bits(constant, type, Current.Line)).AsSpan(0, type.Size()).CopyTo(bytes.AsSpan(offset));
        offset += type.Size();
    }

    /// <summary>Lays variables out in order, each at its alignment, and returns the end.</summary>
    private static long Place(IEnumerable<PtxVariable> variables)
    {
        var offset = 0L;
        foreach (var variable in variables)
        {
            offset = (offset + variable.Alignment - 1) & -variable.Alignment;
            variable.Offset = offset;
            offset += variable.Size;
        }

        return offset;
    }
}
