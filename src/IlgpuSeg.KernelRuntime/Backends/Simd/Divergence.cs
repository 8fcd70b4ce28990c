using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Which values and branches differ between the lanes of a warp.
/// </summary>
/// <remarks>
/// Starts from "everything is uniform" and raises values until nothing changes. Beside the operands, a phi becomes varying where
/// lanes that a divergent branch sent different ways meet again, and where lanes leave a loop in different rounds.
/// </remarks>
internal sealed class Divergence
{
    private readonly Function _function;
    private readonly LoopForest _forest;
    private readonly int[] _postDominators;
    private readonly bool _linearGroups;
    private readonly HashSet<Block> _assumedUniform;
    private readonly Dictionary<Value, Shape> _shapes = [];
    private readonly HashSet<Block> _divergent = [];
    private readonly HashSet<Block> _joins = [];
    private readonly HashSet<Block>[] _regions;

    /// <param name="function">The function, in loop-closed form.</param>
    /// <param name="forest">Its loops.</param>
    /// <param name="postDominators">Its immediate post-dominators.</param>
    /// <param name="linearGroups">Whether the lanes of every warp are consecutive in x.</param>
    /// <param name="assumedUniform">Branches where the code leaves this version if lanes disagree.</param>
    public Divergence(Function function, LoopForest forest, int[] postDominators, bool linearGroups, HashSet<Block> assumedUniform)
    {
        _function = function;
        _forest = forest;
        _postDominators = postDominators;
        _linearGroups = linearGroups;
        _assumedUniform = assumedUniform;
        _regions = new HashSet<Block>[function.Blocks.Count];
        Solve();
    }

    public Shape Of(Value value) => value.Op switch
    {
        Op.Constant or Op.Parameter => Shape.Uniform,
        Op.Builtin => BuiltinShape(value.Builtin),
        _ => _shapes.GetValueOrDefault(value),
    };

    public bool IsDivergent(Block branch) => _divergent.Contains(branch);

    /// <summary>Blocks that lanes reach at different times after a divergent branch: up to where all meet again.</summary>
    public HashSet<Block> RegionOf(Block branch) => _regions[branch.Index] ??= Region(branch);

    public IEnumerable<Block> DivergentBranches => _divergent;

    private Shape BuiltinShape(BuiltinKind kind) => kind switch
    {
        BuiltinKind.GroupLinear or BuiltinKind.LaneIdx => Shape.Step(1),
        BuiltinKind.GroupIdxX => _linearGroups ? Shape.Step(1) : Shape.Varying,
        BuiltinKind.GroupIdxY or BuiltinKind.GroupIdxZ => _linearGroups ? Shape.Uniform : Shape.Varying,
        _ => Shape.Uniform,
    };

    private void Solve()
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var block in _function.Blocks)
            {
                foreach (var phi in block.Phis)
                {
                    changed |= Raise(phi, PhiShape(phi));
                }

                foreach (var value in block.Body)
                {
                    changed |= Raise(value, Transfer(value));
                }

                if (block.Kind == Terminator.Branch && !_assumedUniform.Contains(block)
                    && !Of(block.Condition!).IsUniform && _divergent.Add(block))
                {
                    _joins.UnionWith(JoinsOf(block));
                    changed = true;
                }
            }
        }
    }

    // Shapes only rise (uniform, step, varying); a step that would change becomes varying.
    private bool Raise(Value value, Shape shape)
    {
        var old = _shapes.TryGetValue(value, out var known) ? known : (Shape?)null;
        if (old is { } previous && previous != shape && !previous.IsUniform)
        {
            shape = Shape.Varying;
        }

        if (old == shape)
        {
            return false;
        }

        _shapes[value] = shape;
        return old is not null || !shape.IsUniform;
    }

    private Shape PhiShape(Value phi)
    {
        if (_joins.Contains(phi.Block!) && phi.Args.Distinct().Count() > 1)
        {
            return Shape.Varying;
        }

        if (LeavesDivergentLoop(phi))
        {
            return Shape.Varying;
        }

        // Operands not seen yet (along back edges) do not count: optimistic.
        Shape? result = null;
        foreach (var arg in phi.Args)
        {
            if (arg.Block is not null && !_shapes.ContainsKey(arg))
            {
                continue;
            }

            result = result is { } shape ? Shape.Join(shape, Of(arg)) : Of(arg);
        }

        return result ?? Shape.Uniform;
    }

    private bool LeavesDivergentLoop(Value phi)
    {
        for (var i = 0; i < phi.Args.Length; i++)
        {
            for (var loop = _forest.Innermost(phi.Block!.Preds[i]); loop is not null && !loop.Blocks.Contains(phi.Block); loop = loop.Parent)
            {
                if (phi.Args[i].Block is { } home && loop.Blocks.Contains(home) && IsDivergent(loop))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether lanes may leave the loop in different rounds.</summary>
    public bool IsDivergent(Loop loop) =>
        _divergent.Any(b => loop.Blocks.Contains(b) && (_postDominators[b.Index] >= _function.Blocks.Count
            || !loop.Blocks.Contains(_function.Blocks[_postDominators[b.Index]])));

    private Shape Transfer(Value value)
    {
        var args = value.Args;
        switch (value.Op)
        {
            case Op.Add:
                return value.Type.IsFloat() ? AllUniform(args) : Of(args[0]) + Of(args[1]);
            case Op.Sub:
                return value.Type.IsFloat() ? AllUniform(args) : Of(args[0]) + (Of(args[1]) * -1);
            case Op.Mul when value.Type.IsInteger() && args[1].IsConstant:
                return Of(args[0]) * args[1].Imm;
            case Op.Shl when args[1].IsConstant:
                return Of(args[0]) * (1L << (int)(args[1].Imm & 63));
            case Op.Neg when value.Type.IsInteger():
                return Of(args[0]) * -1;
            case Op.Convert when value.Convert == ConvertKind.SignExtend32:
                return Of(args[0]);
            case Op.PtrAdd:
                return args.Length == 1 ? Of(args[0]) : Of(args[0]) + (Of(args[1]) * value.Scale);
            case Op.Select:
                return Of(args[0]).IsUniform ? Shape.Join(Of(args[1]), Of(args[2])) : Shape.Varying;
            case Op.Atomic:
                return Shape.Varying;
            case Op.Shuffle:
                return Of(args[1]).IsUniform || Of(args[0]).IsUniform ? Shape.Uniform : Shape.Varying;
            case Op.BarrierReduce or Op.GroupBroadcast or Op.Shared or Op.DynamicShared or Op.Local:
                return Shape.Uniform;
            default:
                return AllUniform(args);
        }
    }

    private Shape AllUniform(Value[] args) => Array.TrueForAll(args, a => Of(a).IsUniform) ? Shape.Uniform : Shape.Varying;

    private HashSet<Block> Region(Block branch)
    {
        var stop = _postDominators[branch.Index];
        var region = new HashSet<Block>();
        var work = new Stack<Block>(branch.Succs);
        while (work.TryPop(out var block))
        {
            if (block.Index != stop && region.Add(block))
            {
                foreach (var succ in block.Succs)
                {
                    work.Push(succ);
                }
            }
        }

        return region;
    }

    // Follows the two sides of a branch; where different sides arrive, lanes meet.
    private HashSet<Block> JoinsOf(Block branch)
    {
        var stop = _postDominators[branch.Index];
        var label = new Dictionary<Block, Block>();
        var joins = new HashSet<Block>();
        var work = new Queue<Block>();
        foreach (var succ in branch.Succs)
        {
            Arrive(succ, succ);
        }

        while (work.TryDequeue(out var block))
        {
            if (block == branch || block.Index == stop)
            {
                continue;
            }

            foreach (var succ in block.Succs)
            {
                Arrive(succ, label[block]);
            }
        }

        return joins;

        void Arrive(Block block, Block from)
        {
            if (!label.TryGetValue(block, out var known))
            {
                label[block] = from;
                work.Enqueue(block);
            }
            else if (known != from && joins.Add(block))
            {
                label[block] = block;
                work.Enqueue(block);
            }
        }
    }
}
