using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// How one version of the code runs its blocks: in which order, which of them under a mask, and whose mask that is.
/// </summary>
/// <remarks>
/// Blocks run in the order of the dominator tree, so that what a block dominates follows it directly. A block whose lanes are all
/// there needs no mask and is reached by jumps. The others run in line under the mask of an owner: a block that collects lanes from its
/// incoming edges, and is skipped with what it dominates if none came.
/// </remarks>
internal sealed class FlowPlan
{
    private readonly Function _function;
    private readonly Divergence _divergence;
    private readonly Dominators _dominators;
    private readonly int[] _postDominators;
    private readonly Block?[] _owner;
    private readonly bool[] _masked;
    private readonly int[] _subtreeEnd;

    public FlowPlan(Function function, LoopForest forest, Dominators dominators, int[] postDominators, Divergence divergence, bool startsMasked)
    {
        _function = function;
        _divergence = divergence;
        _dominators = dominators;
        _postDominators = postDominators;
        var count = function.Blocks.Count;
        _owner = new Block?[count];
        _masked = new bool[count];
        _subtreeEnd = new int[count];
        Position = new int[count];
        Forest = forest;
        Order = PlaceBlocks();
        StartsMasked = startsMasked;
        foreach (var branch in divergence.DivergentBranches)
        {
            foreach (var block in divergence.RegionOf(branch))
            {
                _masked[block.Index] = true;
            }
        }

        if (startsMasked)
        {
            Array.Fill(_masked, true);
        }

        foreach (var block in Order.Where(b => _masked[b.Index]))
        {
            _owner[block.Index] = FindOwner(block);
        }
    }

    public bool StartsMasked { get; }

    public LoopForest Forest { get; }

    public List<Block> Order { get; }

    public int[] Position { get; }

    public bool IsMasked(Block block) => _masked[block.Index];

    /// <summary>The block whose mask a masked block runs under.</summary>
    public Block OwnerOf(Block block) => _owner[block.Index]!;

    public bool IsOwner(Block block) => _owner[block.Index] == block;

    /// <summary>
    /// The position where a masked block goes on if it got no lanes: after everything that it dominates, but not past what leaves its
    /// loop, where lanes of earlier rounds may wait.
    /// </summary>
    public int SkipTo(Block block)
    {
        var position = Position[block.Index] + 1;
        var loop = Forest.Innermost(block);
        while (position < _subtreeEnd[block.Index] && loop?.Blocks.Contains(Order[position]) != false)
        {
            position++;
        }

        return position;
    }

    /// <summary>Where all lanes are together again after a masked block; null at the end of the kernel.</summary>
    public Block? Reconvergence(Block block)
    {
        foreach (var branch in _divergence.DivergentBranches)
        {
            var stop = _postDominators[branch.Index];
            if (stop < _function.Blocks.Count && _divergence.RegionOf(branch).Contains(block))
            {
                // The lanes of one branch may meet where those of another branch still are apart.
                var meeting = _function.Blocks[stop];
                return _masked[stop] ? Reconvergence(meeting) : meeting;
            }
        }

        return null;
    }

    public bool Dominates(Block a, Block b) => _dominators.Dominates(a, b);

    private List<Block> PlaceBlocks()
    {
        var children = new List<Block>[_function.Blocks.Count];
        foreach (var block in _function.Blocks.Skip(1))
        {
            (children[_dominators.ImmediateOf(block)] ??= []).Add(block);
        }

        var order = new List<Block>();
        Visit(_function.Entry);
        return order;

        void Visit(Block block)
        {
            Position[block.Index] = order.Count;
            order.Add(block);
            // What stays in the loop comes before what leaves it.
            foreach (var child in (children[block.Index] ?? []).OrderByDescending(c => SharedDepth(block, c)).ThenBy(c => c.Index))
            {
                Visit(child);
            }

            _subtreeEnd[block.Index] = order.Count;
        }
    }

    private int SharedDepth(Block block, Block child)
    {
        var loop = Forest.Innermost(block);
        while (loop is not null && !loop.Blocks.Contains(child))
        {
            loop = loop.Parent;
        }

        return loop?.Depth ?? 0;
    }

    // A block shares the mask of its dominator if it always runs after it, and no branch between the two takes lanes away.
    private Block FindOwner(Block block)
    {
        if (block == _function.Entry)
        {
            return block;
        }

        // The mask of a block in a loop is that of one round: look for a dominator outside of the loops that end before this block.
        var dominator = _function.Blocks[_dominators.ImmediateOf(block)];
        while (Forest.Innermost(dominator) is { } loop && !loop.Blocks.Contains(block))
        {
            dominator = _function.Blocks[_dominators.ImmediateOf(loop.Header)];
        }

        if (!_masked[dominator.Index] || !PostDominates(block, dominator))
        {
            return block;
        }

        foreach (var between in Between(dominator, block))
        {
            if (_divergence.IsDivergent(between) && _divergence.RegionOf(between).Contains(block))
            {
                return block;
            }
        }

        // Where the owner goes on without lanes, nobody may rely on its mask.
        var owner = _owner[dominator.Index]!;
        return Position[block.Index] < SkipTo(owner) ? owner : block;
    }

    private bool PostDominates(Block block, Block other)
    {
        var node = other.Index;
        while (node < _function.Blocks.Count)
        {
            if (node == block.Index)
            {
                return true;
            }

            node = _postDominators[node];
        }

        return false;
    }

    private static HashSet<Block> Between(Block from, Block to)
    {
        var seen = new HashSet<Block> { from };
        var work = new Stack<Block>(to.Preds);
        while (work.TryPop(out var block))
        {
            if (seen.Add(block))
            {
                foreach (var pred in block.Preds)
                {
                    work.Push(pred);
                }
            }
        }

        return seen;
    }
}
