using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Which values code after a point may still read.</summary>
internal sealed class Liveness
{
    private readonly Dictionary<Block, HashSet<Value>> _liveIn = [];

    public Liveness(Function function)
    {
        foreach (var block in function.Blocks)
        {
            _liveIn[block] = [];
        }

        for (var changed = true; changed;)
        {
            changed = false;
            for (var i = function.Blocks.Count - 1; i >= 0; i--)
            {
                var block = function.Blocks[i];
                var live = LiveOut(block);
                for (var v = block.Body.Count - 1; v >= 0; v--)
                {
                    Step(live, block.Body[v]);
                }

                live.ExceptWith(block.Phis);
                if (live.Count > _liveIn[block].Count)
                {
                    _liveIn[block] = live;
                    changed = true;
                }
            }
        }
    }

    /// <summary>
    /// What the terminator of a block and everything after it reads. Includes the operands of values in the block, for code that computes
    /// the terminator's condition in place.
    /// </summary>
    public HashSet<Value> After(Block block)
    {
        var live = LiveOut(block);
        var work = new Stack<Value>(live.Where(v => v.Block == block));
        while (work.TryPop(out var value))
        {
            foreach (var arg in value.Args)
            {
                if (!arg.Op.IsLeaf() && live.Add(arg) && arg.Block == block && arg.Op != Op.Phi)
                {
                    work.Push(arg);
                }
            }
        }

        return live;
    }

    /// <summary>What is read after a position in a block.</summary>
    public HashSet<Value> After(Block block, int position)
    {
        var live = LiveOut(block);
        for (var i = block.Body.Count - 1; i > position; i--)
        {
            Step(live, block.Body[i]);
        }

        return live;
    }

    private HashSet<Value> LiveOut(Block block)
    {
        var live = new HashSet<Value>();
        foreach (var succ in block.Succs)
        {
            live.UnionWith(_liveIn[succ]);
            var index = succ.Preds.IndexOf(block);
            foreach (var phi in succ.Phis)
            {
                Use(live, phi.Args[index]);
            }
        }

        if (block.Condition is not null)
        {
            Use(live, block.Condition);
        }

        return live;
    }

    private static void Step(HashSet<Value> live, Value value)
    {
        live.Remove(value);
        foreach (var arg in value.Args)
        {
            Use(live, arg);
        }
    }

    private static void Use(HashSet<Value> live, Value value)
    {
        // Gathers read the parts of an address instead of the address.
        if (!value.Op.IsLeaf() && live.Add(value) && value.Op == Op.PtrAdd)
        {
            foreach (var arg in value.Args)
            {
                Use(live, arg);
            }
        }
    }
}
