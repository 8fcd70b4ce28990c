using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>
/// Puts blocks into the order of the text: predecessors first but for loops, whose blocks stand together, so that threads which leave a
/// loop wait behind it for the others. Edges that must carry phi copies get a block of their own where they leave a branch.
/// </summary>
internal static class BlockOrder
{
    public static void SplitBranchEdges(Function function)
    {
        foreach (var block in function.Blocks.Where(b => b.Kind == Terminator.Branch).ToList())
        {
            foreach (var succ in block.Succs.Where(s => s.Phis.Count > 0).ToList())
            {
                var middle = function.NewBlock();
                middle.Kind = Terminator.Jump;
                middle.Target = succ;
                middle.Preds.Add(block);
                succ.Preds[succ.Preds.IndexOf(block)] = middle;
                block.Retarget(succ, middle);
            }
        }

        function.Renumber();
    }

    public static List<Block> Of(Function function)
    {
        var forest = LoopForest.Of(function, Dominators.Of(function));
        var order = new List<Block>();
        var seen = new HashSet<Block> { function.Entry };
        var stack = new Stack<(Block Block, IEnumerator<Block> Next)>();
        stack.Push((function.Entry, LastFirst(function.Entry, forest).GetEnumerator()));
        while (stack.TryPeek(out var top))
        {
            if (!top.Next.MoveNext())
            {
                order.Add(top.Block);
                stack.Pop();
            }
            else if (seen.Add(top.Next.Current))
            {
                stack.Push((top.Next.Current, LastFirst(top.Next.Current, forest).GetEnumerator()));
            }
        }

        order.Reverse();
        return order;
    }

    // What is visited first ends up last: leave the loop first, then take the else side.
    private static IEnumerable<Block> LastFirst(Block block, LoopForest forest) =>
        block.Succs.Reverse().OrderBy(s => forest.Innermost(block) is { } loop && !loop.Blocks.Contains(s) ? 0 : 1);
}
