using System.Globalization;

namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>The types that random kernels compute with.</summary>
internal enum Kind { Int, Long, Float, Double }

internal enum ExprOp { Constant, Local, Thread, Group, Input, Own, Binary, Unary, Convert, Compare, Choose }

internal enum StmtOp
{
    Assign, Store, If, For, While, Switch, Break, Continue, Return,
    // Where all threads of the group pass that have not left.
    UniformIf, UniformFor, UniformWhile, Exchange, Vote, Broadcast, Shuffle,
}

/// <summary>An expression; <paramref name="Data"/> selects among the variants of its operation.</summary>
internal sealed record Expr(ExprOp Op, Kind Kind, int Data, Expr[] Args)
{
    public override string ToString() =>
        $"{Op}{(Op is ExprOp.Constant ? "" : Kind.ToString())}{Data.ToString(CultureInfo.InvariantCulture)}"
        + (Args.Length == 0 ? "" : $"({string.Join(", ", (object[])Args)})");
}

/// <summary>A statement with its expressions and nested blocks.</summary>
internal sealed record Stmt(StmtOp Op, Kind Kind, int Data, Expr[] Args, Stmt[][] Blocks)
{
    public override string ToString() =>
        $"{Op}{Kind}{Data.ToString(CultureInfo.InvariantCulture)}({string.Join(", ", (object[])Args)})"
        + string.Concat(Blocks.Select(b => $" {{ {string.Join("; ", (object[])b)} }}"));
}

/// <summary>
/// A random kernel. With barriers, either all threads of a group run to its end, or some leave and nobody asks for the values of single threads.
/// </summary>
internal sealed record Program(Stmt[] Body, bool MeetsAtBarriers, bool ThreadsLeave = false)
{
    /// <summary>Whether it computes with values of 32 bits only.</summary>
    public bool IsNarrow => !MeetsAtBarriers && Array.TrueForAll(Body, IsNarrowStatement);

    private static bool IsNarrowStatement(Stmt s) =>
        s.Kind is Kind.Int or Kind.Float && Array.TrueForAll(s.Args, IsNarrowExpression) && Array.TrueForAll(s.Blocks, b => Array.TrueForAll(b, IsNarrowStatement));

    private static bool IsNarrowExpression(Expr e) => e.Kind is Kind.Int or Kind.Float && Array.TrueForAll(e.Args, IsNarrowExpression);

    public override string ToString() =>
        $"{(MeetsAtBarriers ? "barriers" : "no barriers")}{(ThreadsLeave ? ", threads leave" : "")}: {string.Join(";\n  ", (object[])Body)}";
}
