namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>
/// Dominators of a flow graph in reverse post-order, after Cooper, Harvey and Kennedy ("A simple, fast dominance algorithm");
/// with the edges turned round they are the post-dominators.
/// </summary>
internal sealed class Dominators
{
    private readonly int[] _idom;
    private readonly int[] _depth;

    private Dominators(int[] idom)
    {
        _idom = idom;
        _depth = new int[idom.Length];
    }

    /// <summary>Dominators of a function that has just been renumbered.</summary>
    public static Dominators Of(Function function)
    {
        var blocks = function.Blocks;
        var preds = blocks.Select(b => b.Preds.Select(p => p.Index).ToArray()).ToArray();
        var result = new Dominators(Solve(preds, 0, [.. Enumerable.Range(0, blocks.Count)]));
        for (var i = 1; i < blocks.Count; i++)
        {
            result._depth[i] = result._depth[result._idom[i]] + 1;
        }

        return result;
    }

    /// <summary>Immediate post-dominator of every block; the virtual exit is blocks.Count, and what never ends has it too.</summary>
    public static int[] PostDominators(Function function)
    {
        var count = function.Blocks.Count;
        var succs = new List<int>[count + 1];
        for (var i = 0; i < count; i++)
        {
            succs[i] = [.. function.Blocks[i].Succs.Select(s => s.Index)];
            if (succs[i].Count == 0)
            {
                succs[i].Add(count);
            }
        }

        succs[count] = [];
        var order = ReverseOrder(succs, count);
        var idom = Solve([.. succs.Select(s => s.ToArray())], count, order);
        return [.. idom.Select(i => i < 0 ? count : i)];
    }

    public int ImmediateOf(Block block) => _idom[block.Index];

    public bool Dominates(Block a, Block b)
    {
        var node = b.Index;
        while (_depth[node] > _depth[a.Index])
        {
            node = _idom[node];
        }

        return node == a.Index;
    }

    private static int[] Solve(int[][] preds, int root, int[] order)
    {
        var position = new int[preds.Length];
        for (var i = 0; i < order.Length; i++)
        {
            position[order[i]] = i;
        }

        var idom = new int[preds.Length];
        Array.Fill(idom, -1);
        idom[root] = root;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var node in order)
            {
                if (node == root)
                {
                    continue;
                }

                var best = -1;
                foreach (var pred in preds[node])
                {
                    if (idom[pred] >= 0)
                    {
                        best = best < 0 ? pred : Intersect(idom, position, pred, best);
                    }
                }

                if (best >= 0 && idom[node] != best)
                {
                    idom[node] = best;
                    changed = true;
                }
            }
        }

        return idom;
    }

    private static int Intersect(int[] idom, int[] position, int a, int b)
    {
        while (a != b)
        {
            while (position[a] > position[b])
            {
                a = idom[a];
            }

            while (position[b] > position[a])
            {
                b = idom[b];
            }
        }

        return a;
    }

    // Reverse post-order of the reversed graph, starting at the virtual exit.
    private static int[] ReverseOrder(List<int>[] succs, int exit)
    {
        var preds = new List<int>[succs.Length];
        for (var i = 0; i < succs.Length; i++)
        {
            preds[i] = [];
        }

        for (var i = 0; i < succs.Length; i++)
        {
            foreach (var succ in succs[i])
            {
                preds[succ].Add(i);
            }
        }

        var order = new List<int>();
        var seen = new bool[succs.Length];
        Visit(exit);
        order.Reverse();
        return [.. order];

        void Visit(int node)
        {
            seen[node] = true;
            foreach (var pred in preds[node])
            {
                if (!seen[pred])
                {
                    Visit(pred);
                }
            }

            order.Add(node);
        }
    }
}
