namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>Programs that random runs have found, in their smallest form.</summary>
internal static class Found
{
    /// <summary>The full version of the code has no use for the index that the tail version gathers with.</summary>
    public static readonly Program IndexOnlyTheTailNeeds = new(
        [
            new Stmt(StmtOp.Assign, Kind.Long, 55, [Local(Kind.Long, 42)], []),
            new Stmt(StmtOp.While, Kind.Float, 5, [new Expr(ExprOp.Own, Kind.Int, 24, [Local(Kind.Int, 11)])],
            [
                [
                    new Stmt(StmtOp.For, Kind.Int, 53,
                        [new Expr(ExprOp.Compare, Kind.Int, 5, [Local(Kind.Long, 49), new Expr(ExprOp.Constant, Kind.Long, 1, [])])], [[]]),
                ],
            ]),
        ],
        MeetsAtBarriers: false);

    private static Expr Local(Kind kind, int data) => new(ExprOp.Local, kind, data, []);
}
