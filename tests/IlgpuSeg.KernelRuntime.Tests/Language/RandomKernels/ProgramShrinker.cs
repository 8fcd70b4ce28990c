namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>Smaller programs out of one that fails. A break or return that has lost its place does nothing, so all of them are valid.</summary>
internal static class ProgramShrinker
{
    public static IEnumerable<Program> Shrink(Program program) => Block(program.Body).Select(body => program with { Body = body });

    private static IEnumerable<Stmt[]> Block(Stmt[] block)
    {
        for (var i = 0; i < block.Length; i++)
        {
            var at = i;
            yield return [.. block[..at], .. block[(at + 1)..]];
            foreach (var inner in block[at].Blocks)
            {
                yield return [.. block[..at], .. inner, .. block[(at + 1)..]];
            }
        }

        for (var i = 0; i < block.Length; i++)
        {
            var at = i;
            foreach (var smaller in Statement(block[at]))
            {
                yield return [.. block[..at], smaller, .. block[(at + 1)..]];
            }
        }
    }

    private static IEnumerable<Stmt> Statement(Stmt statement) =>
        Each(statement.Blocks, Block).Select(blocks => statement with { Blocks = blocks })
            .Concat(Each(statement.Args, Expression).Select(args => statement with { Args = args }));

    private static IEnumerable<Expr> Expression(Expr expression)
    {
        if (expression.Args.Length == 0)
        {
            return [];
        }

        Expr[] simpler = [new Expr(ExprOp.Constant, expression.Kind, 1, []), .. expression.Args.Where(a => a.Kind == expression.Kind)];
        return simpler.Concat(Each(expression.Args, Expression).Select(args => expression with { Args = args }));
    }

    private static IEnumerable<T[]> Each<T>(T[] items, Func<T, IEnumerable<T>> shrink) =>
        Enumerable.Range(0, items.Length).SelectMany(i => shrink(items[i]).Select(s => (T[])[.. items[..i], s, .. items[(i + 1)..]]));
}
