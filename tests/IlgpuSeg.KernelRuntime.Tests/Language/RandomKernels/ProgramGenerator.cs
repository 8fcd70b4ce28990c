namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>Draws programs: typed expressions, nested branches and loops, and group operations where all threads pass.</summary>
internal sealed class ProgramGenerator(int seed, int size)
{
    private readonly Random _random = new(seed);
    private int _budget = 10 + size;
    private bool _threadsLeave;
    private bool _narrow;

    public Program Draw()
    {
        var barriers = _random.Next(3) == 0;
        _threadsLeave = barriers && _random.Next(3) == 0;
        _narrow = !barriers && _random.Next(2) == 0;
        return new Program(Block(0, false, barriers), barriers, _threadsLeave);
    }

    private Stmt[] Block(int depth, bool inLoop, bool uniform)
    {
        var statements = new List<Stmt>();
        for (var count = _random.Next(1, 5); count > 0 && _budget > 0; count--)
        {
            statements.Add(Statement(depth, inLoop, uniform));
        }

        return [.. statements];
    }

    private Stmt Statement(int depth, bool inLoop, bool uniform)
    {
        _budget--;
        var kind = AnyKind();
        var data = _random.Next(64);
        if (uniform && _random.Next(3) == 0)
        {
            return UniformStatement(depth, kind, data);
        }

        var nested = depth < 4;
        return _random.Next(14) switch
        {
            0 or 1 or 2 when nested => new Stmt(StmtOp.If, kind, data, [Condition()], [Block(depth + 1, inLoop, false), Block(depth + 1, inLoop, false)]),
            3 when nested => new Stmt(StmtOp.If, kind, data, [Condition()], [Block(depth + 1, inLoop, false), []]),
            4 or 5 when nested => new Stmt(StmtOp.For, kind, data, [Expression(Kind.Int, 2)], [Block(depth + 1, true, false)]),
            6 when nested => new Stmt(StmtOp.While, kind, data, [Condition()], [Block(depth + 1, true, false)]),
            7 when nested => new Stmt(StmtOp.Switch, kind, data, [Expression(Kind.Int, 2)],
                [Block(depth + 1, inLoop, false), Block(depth + 1, inLoop, false), Block(depth + 1, inLoop, false)]),
            8 when inLoop => new Stmt(StmtOp.Break, kind, data, [], []),
            9 when inLoop => new Stmt(StmtOp.Continue, kind, data, [], []),
            10 when depth > 0 && _random.Next(3) == 0 => new Stmt(StmtOp.Return, kind, data, [], []),
            11 => new Stmt(StmtOp.Store, kind, data, [Expression(Kind.Int, 2), Expression(kind, 3)], []),
            _ => new Stmt(StmtOp.Assign, kind, data, [Expression(kind, 3)], []),
        };
    }

    private Stmt UniformStatement(int depth, Kind kind, int data) => _random.Next(9) switch
    {
        0 when depth < 3 => new Stmt(StmtOp.UniformFor, kind, data, [], [Block(depth + 1, false, true)]),
        1 when depth < 3 => new Stmt(StmtOp.UniformWhile, kind, data, [Condition()], [Block(depth + 1, false, true)]),
        2 when depth < 3 => new Stmt(StmtOp.UniformIf, kind, data, [Condition()], [Block(depth + 1, false, true), Block(depth + 1, false, true)]),
        3 => new Stmt(StmtOp.Vote, kind, data, [Condition()], []),
        4 when !_threadsLeave => new Stmt(StmtOp.Broadcast, kind, data, [Expression(kind, 2)], []),
        5 when !_threadsLeave => new Stmt(StmtOp.Shuffle, kind, data, [Expression(kind, 2)], []),
        6 when _threadsLeave => new Stmt(StmtOp.If, kind, data, [Condition()], [[new Stmt(StmtOp.Return, kind, data, [], [])], []]),
        _ => new Stmt(StmtOp.Exchange, kind, data, [Expression(kind, 2)], []),
    };

    // Sixteen lanes take only values of 32 bits.
    private Kind AnyKind() => _narrow ? (_random.Next(2) == 0 ? Kind.Int : Kind.Float) : (Kind)_random.Next(4);

    private Expr Condition() => _random.Next(4) == 0 ? Expression(Kind.Int, 2) : Compare(2);

    private Expr Compare(int depth)
    {
        var kind = AnyKind();
        return new Expr(ExprOp.Compare, Kind.Int, _random.Next(64), [Expression(kind, depth), Expression(kind, depth)]);
    }

    private Expr Expression(Kind kind, int depth)
    {
        var data = _random.Next(64);
        if (depth == 0 || _random.Next(5) == 0)
        {
            return _random.Next(7) switch
            {
                0 => new Expr(ExprOp.Constant, kind, data, []),
                1 when kind == Kind.Int => new Expr(ExprOp.Thread, kind, data, []),
                2 when kind == Kind.Int => new Expr(ExprOp.Group, kind, data, []),
                _ => new Expr(ExprOp.Local, kind, data, []),
            };
        }

        return _random.Next(11) switch
        {
            0 => new Expr(ExprOp.Input, kind, data, [Expression(Kind.Int, depth - 1)]),
            1 => new Expr(ExprOp.Own, kind, data, [Expression(Kind.Int, depth - 1)]),
            2 => new Expr(ExprOp.Unary, kind, data, [Expression(kind, depth - 1)]),
            3 or 4 => new Expr(ExprOp.Convert, kind, data, [Expression(AnyKind(), depth - 1)]),
            5 when kind == Kind.Int => Compare(depth - 1),
            6 => new Expr(ExprOp.Choose, kind, data, [Compare(depth - 1), Expression(kind, depth - 1), Expression(kind, depth - 1)]),
            _ => new Expr(ExprOp.Binary, kind, data, [Expression(kind, depth - 1), Expression(kind, depth - 1)]),
        };
    }
}
