using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Blocks, edges, masks, and the way from the full version into the tail version.</summary>
internal sealed partial class VersionEmitter
{
    private readonly HashSet<Block> _guards;
    private readonly List<Action> _outOfLine = [];
    private Label[] _labels = [];
    private Label[] _ends = [];
    private Label[] _terminators = [];
    private LocalBuilder?[] _ownMask = [];
    private LocalBuilder?[] _arriving = [];
    private VersionEmitter? _tail;
    private Label _done;

    /// <summary>Whether lanes may disagree where only the tail version can go on.</summary>
    public bool HasGuards => _guards.Count > 0;

    /// <summary>Makes labels and variables, before any code jumps here.</summary>
    public void Prepare(Il il, Label done)
    {
        _il = il;
        _done = done;
        var count = _function.Blocks.Count;
        _labels = [.. Enumerable.Range(0, count).Select(_ => il.NewLabel())];
        _ends = [.. Enumerable.Range(0, count + 1).Select(_ => il.NewLabel())];
        _terminators = [.. Enumerable.Range(0, count).Select(_ => il.NewLabel())];
        _ownMask = new LocalBuilder?[count];
        _arriving = new LocalBuilder?[count];
        foreach (var block in _flow.Order.Where(b => _flow.IsMasked(b) && _flow.IsOwner(b)))
        {
            _ownMask[block.Index] = il.NewLocal(_il.Width.MaskType);
            _arriving[block.Index] = il.NewLocal(_il.Width.MaskType);
        }

        foreach (var phi in _function.Blocks.SelectMany(b => b.Phis))
        {
            if (!_infos.TryGetValue(phi, out var info) || !(info.Scalar || info.Vector))
            {
                continue;
            }

            info.ScalarLocal = StoredForm(phi) == Form.Scalar ? il.NewLocal(Il.ScalarOf(phi.Type)) : null;
            info.VectorLocal = info.Vector ? il.NewLocal(_il.Width.VectorOf(phi.Type)) : null;
        }
    }

    /// <summary>The mask that the tail version starts with.</summary>
    public LocalBuilder StartMask => _ownMask[0]!;

    public Label StartLabel => _labels[0];

    public void EmitBlocks()
    {
        for (var i = 0; i < _flow.Order.Count; i++)
        {
            EmitBlock(_flow.Order[i], i);
            EmitEnd(_flow.Order[i], i);
        }
    }

    /// <summary>Emits the ways into the tail version, whose code and variables exist by now.</summary>
    public void EmitTransfers(VersionEmitter tail)
    {
        _tail = tail;
        foreach (var stub in _outOfLine)
        {
            stub();
        }
    }

    /// <summary>Computes a value that does not depend on the group, before the first group.</summary>
    public void EmitInvariant(Value value, Form form)
    {
        _block = value.Block!;
        Compute(value, form);
    }

    private void EmitBlock(Block block, int place)
    {
        _block = block;
        _il.Mark(_labels[block.Index]);
        if (block == _function.Entry && _flow.StartsMasked)
        {
            ClearArriving();
        }

        if (_flow.IsMasked(block) && _flow.IsOwner(block) && block != _function.Entry)
        {
            TakeMask(block);
        }

        foreach (var phi in block.Phis)
        {
            if (_infos.TryGetValue(phi, out var info) && info.Vector && info.ScalarLocal is not null)
            {
                _il.Emit(OpCodes.Ldloc, info.ScalarLocal);
                ConvertForm(phi, Form.Scalar, Form.Vector);
                _il.Emit(OpCodes.Stloc, info.VectorLocal);
            }
        }

        for (_position = 0; _position < block.Body.Count; _position++)
        {
            var value = block.Body[_position];
            if (value.Op.HasEffect())
            {
                EmitEffect(value);
            }
            else if (_infos.TryGetValue(value, out var info) && !info.Inline && !_kernel.IsInvariant(value))
            {
                Materialize(value, info);
            }
        }

        _position = AtEnd;
        _il.Mark(_terminators[block.Index]);
        EmitTerminator(block, place);
    }

    // No lane waits where the tail version begins. Without these stores the variables would hold zeros all the same, but the JIT would keep
    // them alive through the full version, and give them registers that its loops need.
    private void ClearArriving()
    {
        foreach (var arriving in _arriving.OfType<LocalBuilder>())
        {
            _il.Call(_il.Width.MaskType, "get_Zero", null);
            _il.Emit(OpCodes.Stloc, arriving);
        }
    }

    private void TakeMask(Block block)
    {
        _il.Emit(OpCodes.Ldloc, _arriving[block.Index]);
        _il.Emit(OpCodes.Stloc, _ownMask[block.Index]);
        _il.Call(_il.Width.MaskType, "get_Zero", null);
        _il.Emit(OpCodes.Stloc, _arriving[block.Index]);
        _il.Emit(OpCodes.Ldloc, _ownMask[block.Index]);
        _il.Call(_il.Width.Operations, nameof(Lanes.Any), null, _il.Width.MaskType);
        _il.Emit(OpCodes.Brfalse, _ends[_flow.SkipTo(block)]);
    }

    // After the last block of a loop that lanes leave one by one: round again while some are left.
    private void EmitEnd(Block block, int place)
    {
        _il.Mark(_ends[place + 1]);
        foreach (var loop in _flow.Forest.InnerFirst)
        {
            var header = loop.Header;
            if (_flow.IsMasked(header) && _flow.IsOwner(header) && loop.Blocks.Max(b => _flow.Position[b.Index]) == place)
            {
                _il.Emit(OpCodes.Ldloc, _arriving[header.Index]);
                _il.Call(_il.Width.Operations, nameof(Lanes.Any), null, _il.Width.MaskType);
                _il.Emit(OpCodes.Brtrue, _labels[header.Index]);
            }
        }

        if (place == _flow.Order.Count - 1)
        {
            _il.Emit(OpCodes.Br, _done);
        }
        else if (_flow.IsMasked(block) && !_flow.StartsMasked)
        {
            ContinueRegion(block, place);
        }
    }

    // A masked part of the full version ends where its lanes are together again, wherever that block was placed.
    private void ContinueRegion(Block block, int place)
    {
        var together = _flow.Reconvergence(block);
        for (var next = place + 1; next < _flow.Order.Count; next++)
        {
            var candidate = _flow.Order[next];
            if (candidate == together || (_flow.IsMasked(candidate) && _flow.Reconvergence(candidate) == together))
            {
                if (next != place + 1)
                {
                    _il.Emit(OpCodes.Br, _labels[candidate.Index]);
                }

                return;
            }
        }

        _il.Emit(OpCodes.Br, _done);
    }

    private void EmitTerminator(Block block, int place)
    {
        switch (block.Kind)
        {
            case Terminator.Jump:
                EmitEdge(block, block.Target!, Mask);
                Go(block, block.Target!, place);
                break;
            case Terminator.Return when !_flow.IsMasked(block):
                _il.Emit(OpCodes.Br, _done);
                break;
            case Terminator.Branch when _guards.Contains(block):
                EmitGuard(block, place);
                break;
            case Terminator.Branch when _divergence.IsDivergent(block):
                EmitDivergent(block, place);
                break;
            case Terminator.Branch:
                EmitUniform(block, place);
                break;
        }
    }

    private void EmitUniform(Block block, int place)
    {
        var taken = _il.NewLabel();
        Push(block.Condition!, Form.Scalar);
        _il.Emit(OpCodes.Brtrue, taken);
        EmitEdge(block, block.Else!, Mask);
        Go(block, block.Else!, place, mustJump: true);
        _il.Mark(taken);
        EmitEdge(block, block.Target!, Mask);
        Go(block, block.Target!, place);
    }

    /// <summary>
    /// Goes on after an edge. Without masks that is a jump. Under a mask control runs on in line, since others may wait there; only what this
    /// block dominates is skipped, and a loop that all lanes repeat together is a jump.
    /// </summary>
    private void Go(Block block, Block target, int place, bool mustJump = false)
    {
        if (!_flow.IsMasked(block))
        {
            _il.Emit(OpCodes.Br, _labels[target.Index]);
        }
        else if (_flow.Position[target.Index] <= place)
        {
            // Back edge: the loop's end jumps for a header that collects lanes.
            if (!_flow.IsOwner(target))
            {
                _il.Emit(OpCodes.Br, _labels[target.Index]);
            }
            else if (mustJump)
            {
                _il.Emit(OpCodes.Br, _ends[place + 1]);
            }
        }
        else if (mustJump)
        {
            _il.Emit(OpCodes.Br, _ends[place + 1]);
        }
    }

    private void EmitDivergent(Block block, int place)
    {
        var condition = _il.NewLocal(_il.Width.MaskType);
        var otherwise = _il.NewLocal(_il.Width.MaskType);
        Push(block.Condition!, Form.Vector);
        _il.Emit(OpCodes.Stloc, condition);
        PushMask();
        _il.Emit(OpCodes.Ldloc, condition);
        _il.Call(_il.Width.Operations, nameof(Lanes.AndNot), null, _il.Width.MaskType, _il.Width.MaskType);
        _il.Emit(OpCodes.Stloc, otherwise);
        if (Mask is { } mask)
        {
            _il.Emit(OpCodes.Ldloc, mask);
            _il.Emit(OpCodes.Ldloc, condition);
            _il.Call(_il.Width.MaskApi, "BitwiseAnd", typeof(int), _il.Width.MaskType, _il.Width.MaskType);
            _il.Emit(OpCodes.Stloc, condition);
        }

        // The edge back to a header overwrites what the way out still reads: it comes last.
        if (_flow.Position[block.Target!.Index] <= place)
        {
            EmitEdge(block, block.Else!, otherwise);
            EmitEdge(block, block.Target, condition);
        }
        else
        {
            EmitEdge(block, block.Target, condition);
            EmitEdge(block, block.Else!, otherwise);
        }

        if (!_flow.IsMasked(block))
        {
            EnterRegion(block, place);
        }
    }

    private void EnterRegion(Block block, int place)
    {
        var region = _divergence.RegionOf(block);
        var first = _flow.Order.FirstOrDefault(b => _flow.Position[b.Index] > place && region.Contains(b));
        first ??= _function.Blocks[_kernel.PostDominators[block.Index]];
        if (_flow.Position[first.Index] != place + 1)
        {
            _il.Emit(OpCodes.Br, _labels[first.Index]);
        }
    }

    /// <summary>All lanes agree: stay; else continue in the tail version.</summary>
    private void EmitGuard(Block block, int place)
    {
        var bits = _il.NewLocal(typeof(uint));
        var all = _il.NewLabel();
        var some = _il.NewLabel();
        Push(block.Condition!, Form.Vector);
        _il.Call(_il.Width.Operations, nameof(Lanes.Bits), null, _il.Width.MaskType);
        _il.Emit(OpCodes.Stloc, bits);
        _il.Emit(OpCodes.Ldloc, bits);
        _il.Int((1 << _il.Width.Count) - 1);
        _il.Emit(OpCodes.Beq, all);
        _il.Emit(OpCodes.Ldloc, bits);
        _il.Emit(OpCodes.Brtrue, some);
        EmitEdge(block, block.Else!, null);
        Go(block, block.Else!, place);
        _il.Mark(all);
        EmitEdge(block, block.Target!, null);
        Go(block, block.Target!, place);
        _outOfLine.Add(() => EmitTransfer(block, some));
    }

    private void EmitTransfer(Block block, Label label)
    {
        _block = block;
        _position = AtEnd;
        _il.Mark(label);
        var tail = _tail!;
        tail.ClearArriving();
        foreach (var value in tail.LiveAtEnd(block))
        {
            var info = tail.InfoOf(value);
            Transfer(value, Form.Scalar, info.ScalarLocal);
            Transfer(value, Form.Vector, info.VectorLocal);
        }

        foreach (var owner in tail._flow.Order.Where(b => tail._flow.IsOwner(b) && tail._flow.Dominates(b, block)))
        {
            _il.Call(_il.Width.MaskType, "get_AllBitsSet", null);
            _il.Emit(OpCodes.Stloc, tail._ownMask[owner.Index]);
        }

        _il.Emit(OpCodes.Br, tail._terminators[block.Index]);

        void Transfer(Value value, Form form, LocalBuilder? local)
        {
            if (local is not null)
            {
                Push(value, form);
                _il.Emit(OpCodes.Stloc, local);
            }
        }
    }

    /// <summary>Values with variables in this version that code after the end of a block may read.</summary>
    private List<Value> LiveAtEnd(Block block)
    {
        return [.. _kernel.Liveness.After(block).Where(v => _infos.TryGetValue(v, out var i) && (i.ScalarLocal ?? i.VectorLocal) is not null)];
    }

    /// <summary>Lanes of <paramref name="mask"/> (all, if null) go from one block to another: phi variables and the collected mask.</summary>
    private void EmitEdge(Block from, Block to, LocalBuilder? mask)
    {
        EmitCopies(from, to, mask);
        if (!_flow.IsMasked(to) || !_flow.IsOwner(to))
        {
            return;
        }

        _il.Emit(OpCodes.Ldloc, _arriving[to.Index]);
        if (mask is null)
        {
            _il.Call(_il.Width.MaskType, "get_AllBitsSet", null);
        }
        else
        {
            _il.Emit(OpCodes.Ldloc, mask);
        }

        _il.Call(_il.Width.MaskApi, "BitwiseOr", typeof(int), _il.Width.MaskType, _il.Width.MaskType);
        _il.Emit(OpCodes.Stloc, _arriving[to.Index]);
    }

    private void EmitCopies(Block from, Block to, LocalBuilder? mask)
    {
        var index = to.Preds.IndexOf(from);
        var pending = to.Phis
            .Where(p => _infos.TryGetValue(p, out var info) && (info.Scalar || info.Vector))
            .Select(p => (Phi: p, Source: p.Args[index]))
            .Where(c => c.Source != c.Phi && !(_infos.TryGetValue(c.Source, out var source) && source.Into == c.Phi)).ToList();
        var reads = pending.ToDictionary(c => c.Phi, c => PhisRead(c.Source, to));
        while (pending.Count > 0)
        {
            // A copy may go first if no other copy still reads its target.
            var free = pending.FindIndex(c => !pending.Exists(o => o.Phi != c.Phi && reads[o.Phi].Contains(c.Phi)));
            if (free < 0)
            {
                break;
            }

            PushSource(pending[free].Phi, pending[free].Source, from, to, mask);
            StorePhi(pending[free].Phi);
            pending.RemoveAt(free);
        }

        foreach (var (phi, source) in pending)
        {
            PushSource(phi, source, from, to, mask);
        }

        for (var i = pending.Count - 1; i >= 0; i--)
        {
            StorePhi(pending[i].Phi);
        }
    }

    private HashSet<Value> PhisRead(Value source, Block to)
    {
        var result = new HashSet<Value>();
        Collect(source);
        return result;

        void Collect(Value value)
        {
            if (value.Op == Op.Phi && value.Block == to)
            {
                result.Add(value);
            }
            else if (value.Op == Op.PtrAdd || (_infos.TryGetValue(value, out var info) && info.Inline))
            {
                // Gathers read the parts of an address instead of the address.
                foreach (var arg in value.Args)
                {
                    Collect(arg);
                }
            }
        }
    }

    private void PushSource(Value phi, Value source, Block from, Block to, LocalBuilder? mask)
    {
        var form = StoredForm(phi);
        var blends = form == Form.Vector && mask is not null && !SharesMask(from, to);
        if (blends)
        {
            _il.Emit(OpCodes.Ldloc, mask);
        }

        Push(source, form);
        if (blends)
        {
            _il.Emit(OpCodes.Ldloc, InfoOf(phi).VectorLocal);
            SelectVectors(phi.Type);
        }
    }

    private bool SharesMask(Block from, Block to) => _flow.IsMasked(from) && _flow.IsMasked(to) && _flow.OwnerOf(from) == _flow.OwnerOf(to);

    private void StorePhi(Value phi)
    {
        var info = InfoOf(phi);
        _il.Emit(OpCodes.Stloc, StoredForm(phi) == Form.Scalar ? info.ScalarLocal : info.VectorLocal);
    }
}
