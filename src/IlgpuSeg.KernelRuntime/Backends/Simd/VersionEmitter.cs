using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>A scalar (the value itself if uniform, that of lane 0 if affine) or a vector of all lanes.</summary>
internal enum Form : byte { Scalar, Vector }

/// <summary>
/// Emits one version of a kernel's code for one warp: the full version, whose lanes are all active until a tail guard or a loop's end says
/// otherwise, or the tail version, which runs under masks from the start.
/// </summary>
/// <remarks>
/// A dry run over the whole code first collects which values are wanted in which form and how often. A value with one use in its own
/// block is then emitted where it is used, the others get local variables.
/// </remarks>
internal sealed partial class VersionEmitter
{
    private const int MaxExpressionDepth = 24;
    private const int AtEnd = int.MaxValue;

    private readonly KernelEmitter _kernel;
    private readonly Function _function;
    private readonly Divergence _divergence;
    private readonly FlowPlan _flow;
    private readonly Dictionary<Value, Info> _infos = [];
    private readonly Queue<(Value Value, Form Form)> _demands = new();
    private Il _il;
    private Block _block = null!;
    private int _position;

    public VersionEmitter(KernelEmitter kernel, Divergence divergence, FlowPlan flow, HashSet<Block> guards)
    {
        _kernel = kernel;
        _function = kernel.Function;
        _divergence = divergence;
        _flow = flow;
        _guards = guards;
        _il = new Il(null, kernel.Width);
        Record();
        DecideInlining();
    }

    /// <summary>Whether all values that lanes have each of their own fit into the vectors.</summary>
    public bool Fits { get; private set; } = true;

    /// <summary>What is known about one value in this version.</summary>
    private sealed class Info
    {
        public bool Scalar { get; set; }
        public bool Vector { get; set; }
        public int Uses { get; set; }
        public Block? UserBlock { get; set; }
        public int UserPosition { get; set; }
        public Value? User { get; set; }
        public bool Inline { get; set; }

        /// <summary>The variable that the value is computed into, before the edge that would copy it there.</summary>
        public Value? Into { get; set; }
        public int Depth { get; set; }
        public LocalBuilder? ScalarLocal { get; set; }
        public LocalBuilder? VectorLocal { get; set; }
    }

    private Shape ShapeOf(Value value) => _divergence.Of(value);

    private Info InfoOf(Value value)
    {
        if (!_infos.TryGetValue(value, out var info))
        {
            _infos[value] = info = new Info();
        }

        return info;
    }

    /// <summary>The form in which a variable is kept.</summary>
    private Form StoredForm(Value phi) => ShapeOf(phi).IsVarying ? Form.Vector : Form.Scalar;

    private void Record()
    {
        foreach (var block in _flow.Order)
        {
            _block = block;
            for (_position = 0; _position < block.Body.Count; _position++)
            {
                if (block.Body[_position].Op.HasEffect())
                {
                    _user = block.Body[_position];
                    EmitEffect(block.Body[_position]);
                }
            }

            _position = AtEnd;
            _user = null;
            if (block.Condition is not null)
            {
                Push(block.Condition, _divergence.IsDivergent(block) || _guards.Contains(block) ? Form.Vector : Form.Scalar);
            }
        }

        while (_demands.TryDequeue(out var demand))
        {
            RecordUses(demand.Value, demand.Form);
        }
    }

    private Value? _user;

    private void RecordUses(Value value, Form form)
    {
        _user = value;
        if (value.Op == Op.Phi)
        {
            var stored = StoredForm(value);
            if (form != stored)
            {
                Require(value, stored);
                return;
            }

            for (var i = 0; i < value.Args.Length; i++)
            {
                (_block, _position) = (value.Block!.Preds[i], AtEnd);
                Push(value.Args[i], stored);
            }

            return;
        }

        _block = value.Block!;
        _position = _block.Body.IndexOf(value);
        if (!value.Op.HasEffect())
        {
            Compute(value, form);
        }
    }

    private void Require(Value value, Form form)
    {
        var info = InfoOf(value);
        if (form == Form.Scalar ? info.Scalar : info.Vector)
        {
            return;
        }

        if (form == Form.Scalar)
        {
            info.Scalar = true;
        }
        else
        {
            info.Vector = true;
        }

        if (_kernel.IsInvariant(value))
        {
            _kernel.RequireInvariant(value, form);
        }

        _demands.Enqueue((value, form));
    }

    // Works backwards, so that the place where the user is emitted is known.
    private void DecideInlining()
    {
        foreach (var block in _flow.Order)
        {
            var effects = new List<int>();
            var barriers = new List<int>();
            var place = new Dictionary<Value, int>();
            var overwritten = new Dictionary<Value, int>();
            for (var i = block.Body.Count - 1; i >= 0; i--)
            {
                var value = block.Body[i];
                place[value] = i;
                if (value.Op.HasEffect())
                {
                    effects.Add(i);
                    if (_kernel.Phases is not null && value.Op is Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast)
                    {
                        barriers.Add(i);
                    }

                    continue;
                }

                if (!_infos.TryGetValue(value, out var info) || info.Uses != 1 || info.UserBlock != block
                    || info.Scalar == info.Vector || _kernel.IsInvariant(value))
                {
                    continue;
                }

                // The user may itself have moved down.
                var at = info.UserPosition == AtEnd ? AtEnd : place[block.Body[info.UserPosition]];
                var depth = info.User is { } user && user.Op != Op.Phi && _infos.TryGetValue(user, out var userInfo) && userInfo.Inline ? userInfo.Depth + 1 : 0;
                // Nor past a barrier: the warp's frame keeps values, not what they are computed from.
                if (depth > MaxExpressionDepth || (value.Op == Op.Load && effects.Exists(e => e < at)) || value.Op.IsConvergent()
                    || barriers.Exists(b => b < at))
                {
                    continue;
                }

                if (at == AtEnd && VariableFor(value, info, block, i, place) is { } phi)
                {
                    info.Into = phi;
                    overwritten[phi] = i;
                    continue;
                }

                if (Array.Exists(value.Args, a => overwritten.TryGetValue(a, out var from) && at > from))
                {
                    continue;
                }

                info.Inline = true;
                info.Depth = depth;
                place[value] = at;
            }
        }
    }

    /// <summary>
    /// The variable at the head of the next block that a value is for, if nobody reads what is in it after the value. A loop's sums are
    /// then computed in place, one after the other, and what they are computed from need not wait for the end of the round in registers.
    /// </summary>
    private Value? VariableFor(Value value, Info info, Block block, int position, Dictionary<Value, int> place)
    {
        // Sums only: parts of addresses are also read behind the address's back, by gathers.
        if (block is not { Kind: Terminator.Jump, Target: { } next } || info.User is not { Op: Op.Phi } phi || phi.Block != next || !value.Type.IsFloat()
            || !info.Vector || InfoOf(phi) is not { Vector: true, Scalar: false } || (_flow.IsMasked(block) && !SharesMask(block, next))
            || _kernel.Phases is not null)
        {
            return null;
        }

        var index = next.Preds.IndexOf(block);
        var readByEdge = next.Phis.Exists(p => p.Args[index] == phi);
        var readLater = place.Any(p => p.Key != value && p.Value > position && p.Key.Args.Contains(phi));
        return readByEdge || readLater ? null : phi;
    }

    /// <summary>Pushes a value in a form: from its variable, or by computing it here.</summary>
    private void Push(Value value, Form form)
    {
        Fits &= form == Form.Scalar || _il.Width.Holds(value.Type);
        if (value.Op.IsLeaf())
        {
            PushLeaf(value, form);
            return;
        }

        if (_il.IsDry)
        {
            var info = InfoOf(value);
            info.Uses++;
            (info.UserBlock, info.UserPosition, info.User) = (_block, _position, _user);
            Require(value, form);
            return;
        }

        if (_kernel.InvariantLocal(value, form) is { } shared)
        {
            _il.Emit(OpCodes.Ldloc, shared);
            return;
        }

        PushKnown(value, form, InfoOf(value));
    }

    private void PushKnown(Value value, Form form, Info info)
    {
        // A transfer to the other version may ask for what this one has no use for: a form, or a part of an address.
        var unused = value.Op.IsPure() && info is { Scalar: false, Vector: false };
        if (info.Inline || unused)
        {
            var own = unused ? StoredForm(value) : info.Scalar ? Form.Scalar : Form.Vector;
            Compute(value, own);
            ConvertForm(value, own, form);
        }
        else if (form == Form.Scalar)
        {
            if (info.ScalarLocal is not null)
            {
                _il.Emit(OpCodes.Ldloc, info.ScalarLocal);
                return;
            }

            _il.Emit(OpCodes.Ldloc, info.VectorLocal);
            ConvertForm(value, Form.Vector, Form.Scalar);
        }
        else if (info.VectorLocal is not null)
        {
            _il.Emit(OpCodes.Ldloc, info.VectorLocal);
        }
        else
        {
            _il.Emit(OpCodes.Ldloc, info.ScalarLocal);
            ConvertForm(value, Form.Scalar, Form.Vector);
        }
    }

    private void ConvertForm(Value value, Form from, Form to)
    {
        if (from == to)
        {
            return;
        }

        if (to == Form.Scalar)
        {
            ToScalar(value.Type);
            return;
        }

        var shape = ShapeOf(value);
        if (shape.IsUniform)
        {
            Broadcast(value.Type);
        }
        else if (value.Type == IrType.Int32)
        {
            _il.Int((int)shape.Stride);
            _il.Call(_il.Width.Operations, nameof(Lanes.Steps), null, typeof(int), typeof(int));
        }
        else
        {
            _il.Int((int)shape.Stride);
            _il.Call(typeof(LaneMemory), nameof(LaneMemory.Addresses), null, typeof(byte*), typeof(int));
        }
    }

    private void Broadcast(IrType type)
    {
        if (type == IrType.Bool)
        {
            _il.Call(_il.Width.Operations, nameof(Lanes.MaskOf), null, typeof(int));
            return;
        }

        if (type == IrType.Pointer)
        {
            _il.Emit(OpCodes.Conv_I8);
        }

        _il.Call(_il.Width.ApiOf(type), "Create", null, Il.ElementOf(type));
    }

    private void ToScalar(IrType type)
    {
        _il.Call(_il.Width.ApiOf(type), "ToScalar", Il.ElementOf(type), _il.Width.VectorOf(type));
        if (type == IrType.Bool)
        {
            _il.Emit(OpCodes.Neg);
        }
        else if (type == IrType.Pointer)
        {
            _il.Emit(OpCodes.Conv_I);
        }
    }

    private void PushLeaf(Value value, Form form)
    {
        if (value.Op == Op.Builtin && form == Form.Vector && !ShapeOf(value).IsUniform)
        {
            _kernel.PushBuiltinVector(_il, value.Builtin);
            return;
        }

        switch (value.Op)
        {
            case Op.Constant:
                PushConstant(value);
                break;
            case Op.Parameter:
                _il.Emit(OpCodes.Ldloc, _kernel.ParameterLocal((int)value.Imm));
                break;
            default:
                _kernel.PushBuiltin(_il, value.Builtin);
                break;
        }

        if (form == Form.Vector)
        {
            Broadcast(value.Type);
        }
    }

    private void PushConstant(Value value)
    {
        switch (value.Type)
        {
            case IrType.Float32:
                _il.Float((float)value.FloatValue);
                break;
            case IrType.Float64:
                _il.Double(value.FloatValue);
                break;
            case IrType.Int64:
                _il.Long(value.Imm);
                break;
            case IrType.Pointer:
                _il.Long(value.Imm);
                _il.Emit(OpCodes.Conv_U);
                break;
            default:
                _il.Int((int)value.Imm);
                break;
        }
    }

    /// <summary>Computes a value in a form and leaves it on the stack.</summary>
    private void Compute(Value value, Form form)
    {
        var shape = ShapeOf(value);
        if (form == Form.Scalar)
        {
            if (IsVectorFunction(value))
            {
                Vector(value);
                ToScalar(value.Type);
            }
            else
            {
                Scalar(value);
            }
        }
        else if (shape.IsUniform && !IsVectorFunction(value))
        {
            if (!_il.IsDry && InfoOf(value).ScalarLocal is { } known)
            {
                _il.Emit(OpCodes.Ldloc, known);
            }
            else
            {
                Scalar(value);
            }

            Broadcast(value.Type);
        }
        else if (shape.Kind == ShapeKind.Affine && value.Type == IrType.Int32)
        {
            Push(value, Form.Scalar);
            ConvertForm(value, Form.Scalar, Form.Vector);
        }
        else
        {
            Vector(value);
        }
    }

    // Uniform or not, a function gives the same bits: both ways go through the vector version.
    private static bool IsVectorFunction(Value value) =>
        value.Op is Op.Shuffle || (value.Op == Op.Math && value.Type.IsFloat() && value.Math is not (MathKind.Sqrt or MathKind.Floor or MathKind.Ceiling
            or MathKind.Truncate or MathKind.RoundEven));

    /// <summary>Computes a value that has variables and stores it there.</summary>
    private void Materialize(Value value, Info info)
    {
        if (info.Into is { } phi)
        {
            Compute(value, Form.Vector);
            StorePhi(phi);
            return;
        }

        if (info.Scalar)
        {
            Compute(value, Form.Scalar);
            info.ScalarLocal = _il.NewLocal(Il.ScalarOf(value.Type));
            _il.Emit(OpCodes.Stloc, info.ScalarLocal);
        }

        if (info.Vector)
        {
            Compute(value, Form.Vector);
            info.VectorLocal = _il.NewLocal(_il.Width.VectorOf(value.Type));
            _il.Emit(OpCodes.Stloc, info.VectorLocal);
        }
    }
}
