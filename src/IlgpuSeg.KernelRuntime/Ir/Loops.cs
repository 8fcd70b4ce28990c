namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>A natural loop.</summary>
internal sealed class Loop(Block header)
{
    public Block Header { get; } = header;
    public HashSet<Block> Blocks { get; } = [header];
    public Loop? Parent { get; set; }
    public int Depth => Parent is null ? 1 : Parent.Depth + 1;

    /// <summary>Predecessors of the header from inside.</summary>
    public IEnumerable<Block> Latches => Header.Preds.Where(Blocks.Contains);

    /// <summary>Blocks outside that are reached from inside.</summary>
    public IEnumerable<Block> Exits => Blocks.SelectMany(b => b.Succs).Where(s => !Blocks.Contains(s)).Distinct();
}

/// <summary>Finds the loops of a renumbered function. Flow that is not reducible is refused by the front end.</summary>
internal sealed class LoopForest
{
    private readonly Dictionary<Block, Loop> _innermost = [];

    private LoopForest()
    {
    }

    /// <summary>All loops, inner ones before the loops that hold them.</summary>
    public List<Loop> InnerFirst { get; private set; } = [];

    public static LoopForest Of(Function function, Dominators dominators)
    {
        var forest = new LoopForest();
        var byHeader = new Dictionary<Block, Loop>();
        foreach (var block in function.Blocks)
        {
            foreach (var header in block.Succs.Where(s => dominators.Dominates(s, block)))
            {
                if (!byHeader.TryGetValue(header, out var loop))
                {
                    byHeader[header] = loop = new Loop(header);
                }

                Collect(loop, block);
            }
        }

        forest.InnerFirst = [.. byHeader.Values.OrderBy(l => l.Blocks.Count)];
        foreach (var loop in forest.InnerFirst)
        {
            loop.Parent = forest.InnerFirst.Find(o => o != loop && o.Blocks.Count > loop.Blocks.Count && o.Blocks.Contains(loop.Header));
            foreach (var block in loop.Blocks)
            {
                forest._innermost.TryAdd(block, loop);
            }
        }

        return forest;
    }

    public Loop? Innermost(Block block) => _innermost.GetValueOrDefault(block);

    public int Depth(Block? block) => block is not null && _innermost.TryGetValue(block, out var loop) ? loop.Depth : 0;

    private static void Collect(Loop loop, Block latch)
    {
        var work = new Stack<Block>([latch]);
        while (work.TryPop(out var block))
        {
            if (loop.Blocks.Add(block))
            {
                foreach (var pred in block.Preds)
                {
                    work.Push(pred);
                }
            }
        }
    }
}
