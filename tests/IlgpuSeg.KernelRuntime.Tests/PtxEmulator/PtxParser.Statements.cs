namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Bodies: registers, variables, labels and instructions with their operands.</summary>
internal sealed partial class PtxParser
{
    private void Body(PtxEntrySyntax entry)
    {
        Expect("{");
        Block(entry, entry.Scope);
    }

    private void Block(PtxEntrySyntax entry, Scope scope)
    {
        while (!Skip("}"))
        {
            if (Current.Kind == TokenKind.End)
                throw Refuse($"the body of {entry.Name} does not end");
            if (Skip("{"))
                Block(entry, new Scope(scope));
            else if (Current.Kind == TokenKind.Directive)
                Declaration(entry, scope);
            else if (Current.Kind == TokenKind.Identifier && tokens[at + 1].Text == ":")
                Label(entry, scope);
            else
                Instruction(entry, scope);
        }
    }

    private void Declaration(PtxEntrySyntax entry, Scope scope)
    {
        if (Skip(".reg"))
            Registers(entry, scope);
        else if (Skip(".pragma") || Skip(".loc"))
            SkipDirective();
        else if (TrySpace(out var space) && space is StateSpace.Shared or StateSpace.Local or StateSpace.Const)
            Variable(space, false, scope, entry.Variables);
        else
            throw Refuse($"directive {Current.Text} is not emulated inside an entry");
    }

    private void SkipDirective()
    {
        if (tokens[at - 1].Text == ".loc")
        {
            SkipLine();
            return;
        }

        if (Take().Kind != TokenKind.Text)
            throw Refuse("a pragma is a string");
        Expect(";");
    }

    private void Registers(PtxEntrySyntax entry, Scope scope)
    {
        if (Current.Text is ".v2" or ".v4")
            throw Refuse("vector registers are not emulated");
        var type = DeclaredType();
        do
        {
            var name = Identifier();
            if (!Skip("<"))
            {
                Register(entry, scope, name, type);
                continue;
            }

            var count = Count();
            Expect(">");
            for (var i = 0; i < count; i++)
                Register(entry, scope, $"{name}{i}", type);
        }
        while (Skip(","));
        Expect(";");
    }

    private void Register(PtxEntrySyntax entry, Scope scope, string name, PtxType type)
    {
        if (SpecialRegister.IsSpecial(name))
            throw Refuse($"{name} is a special register");
        if (!scope.TryDeclare(name, new PtxRegister(name, type, entry.RegisterCount++)))
            throw Refuse($"{name} is declared twice");
    }

    private void Label(PtxEntrySyntax entry, Scope scope)
    {
        var name = Identifier();
        Expect(":");
        object what = entry.Body.Count;
        if (Skip(".branchtargets"))
        {
            var targets = new List<string>();
            do
                targets.Add(Identifier());
            while (Skip(","));
            Expect(";");
            what = targets.ToArray();
        }

        if (!scope.TryDeclare(name, what))
            throw Refuse($"label {name} is declared twice");
    }

    private void Instruction(PtxEntrySyntax entry, Scope scope)
    {
        var (first, line) = (at, Current.Line);
        string? guard = null;
        var negated = false;
        if (Skip("@"))
        {
            negated = Skip("!");
            guard = Identifier();
        }

        var opcode = Identifier();
        var operands = new List<Operand>();
        if (!Skip(";"))
        {
            do
                operands.Add(Operand());
            while (Skip(","));
            if (!Skip(";"))
                throw Refuse($"expected ';' after {opcode}, found '{Current.Text}'");
        }

        var text = string.Join(' ', tokens.Skip(first).Take(at - first).Select(t => t.Text)).Replace(" ,", ",").Replace(" ;", ";");
        entry.Body.Add(new Statement(line, guard, negated, opcode, operands, scope) { Text = text });
    }

    private Operand Operand()
    {
        if (Skip("["))
            return Address();
        if (Skip("{"))
        {
            var elements = new List<Operand>();
            do
                elements.Add(Operand());
            while (Skip(","));
            Expect("}");
            return new VectorOperand(elements);
        }

        var not = Skip("!");
        var minus = !not && Skip("-");
        if (Constant(minus) is { } constant)
            return not ? throw Refuse("! takes a predicate") : constant;
        if (minus)
            throw Refuse("a minus sign takes a constant");
        var name = Identifier();
        if (Skip("|"))
            return not ? throw Refuse("a destination cannot be negated") : new NameOperand(name, false, Identifier());
        if (Skip("+"))
            return new SymbolOperand(name, Offset());
        return new NameOperand(name, not);
    }

    private AddressOperand Address()
    {
        string? name = null;
        var offset = 0L;
        if (Current.Kind == TokenKind.Identifier)
        {
            name = Identifier();
            // The manual's form is register + immediate, where the immediate may be negative.
            if (Skip("+"))
                offset = Offset();
        }
        else
        {
            offset = Offset();
        }

        Expect("]");
        if (offset is < int.MinValue or > int.MaxValue)
            throw Refuse($"address offset {offset} does not fit 32 bits");
        return new AddressOperand(name, offset);
    }

    private long Offset()
    {
        var minus = Skip("-");
        return Constant(minus) is IntegerOperand number ? (long)number.Value : throw Refuse($"expected an offset, found '{Current.Text}'");
    }

    private Operand? Constant(bool minus)
    {
        var token = Current;
        if (token.Kind is not (TokenKind.Integer or TokenKind.Float32 or TokenKind.Float64))
            return null;
        at++;
        return token.Kind switch
        {
            TokenKind.Integer => new IntegerOperand(minus ? 0 - token.Value : token.Value),
            TokenKind.Float32 => minus ? throw Refuse("0f constants carry their own sign") : new FloatOperand(token.Value, true),
            _ => minus && token.Text.StartsWith("0d", StringComparison.OrdinalIgnoreCase)
                ? throw Refuse("0d constants carry their own sign")
                : new FloatOperand(minus ? token.Value ^ 1UL << 63 : token.Value, false),
        };
    }
}
