using System.Globalization;
using System.Text;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>
/// Writes one function as PTX. Every SSA value is a register of its own; phis are copied into at the ends of their predecessors.
/// Parameters, thread indices and what follows from them alone are read once, in front of the first block.
/// </summary>
internal sealed partial class PtxEmitter
{
    public const string ArgumentsName = "arguments";

    private readonly Function _function;
    private readonly ArrayLayout _layout;
    private readonly AccessGroups _groups;
    private readonly Func<Value, bool> _isConstant;
    private readonly Func<IrParameter, int> _offsetOf;
    private readonly int _extentOffset;
    private readonly Registers _registers = new();
    private readonly Dictionary<Value, string> _names = [];
    private readonly Dictionary<string, string> _special = [];
    private readonly Dictionary<Value, List<Value>> _users = [];
    private readonly StringBuilder _prologue = new();
    private readonly StringBuilder _body = new();

    // "@%p1 " while the instructions of a short branch are written without the branch.
    private string _guard = "";
    private int _nextLabel;

    /// <param name="function">The function, with address spaces inferred.</param>
    /// <param name="layout">Where its arrays lie.</param>
    /// <param name="groups">Which accesses become one.</param>
    /// <param name="isConstant">Whether a load may go through the cache for constants.</param>
    /// <param name="offsetOf">A parameter's place in the block of arguments.</param>
    /// <param name="extentOffset">The extent's place in it.</param>
    public PtxEmitter(
        Function function, ArrayLayout layout, AccessGroups groups, Func<Value, bool> isConstant, Func<IrParameter, int> offsetOf, int extentOffset)
    {
        (_function, _layout, _groups, _isConstant, _offsetOf, _extentOffset) = (function, layout, groups, isConstant, offsetOf, extentOffset);
        foreach (var value in function.Values())
        {
            foreach (var arg in value.Args)
            {
                (_users.TryGetValue(arg, out var list) ? list : _users[arg] = []).Add(value);
            }
        }
    }

    /// <summary>The body of the entry, from declarations to the last instruction.</summary>
    public string Emit()
    {
        EmitBlocks();
        var text = new StringBuilder();
        _registers.Declare(text);
        return text.Append('\n').Append(_prologue).Append(_body).ToString();
    }

    private void Line(string instruction) =>
        _body.Append(CultureInfo.InvariantCulture, $"    {_guard}{instruction};\n");

    private void PrologueLine(string instruction) => _prologue.Append(CultureInfo.InvariantCulture, $"    {instruction};\n");

    private string NewLabel() => $"L{_nextLabel++}";

    private string Temporary(RegisterClass kind) => _registers.New(kind);

    private bool IsUsed(Value value) => _users.ContainsKey(value);

    /// <summary>The register that holds a value of a block.</summary>
    private string Name(Value value)
    {
        if (!_names.TryGetValue(value, out var name))
        {
            _names[value] = name = _registers.New(Registers.ClassOf(value.Type, value.Space));
        }

        return name;
    }

    /// <summary>A value as an operand: its register, or the constant itself.</summary>
    private string Use(Value value) => value.Op switch
    {
        Op.Constant => Literal(value),
        Op.Parameter => ParameterRegister(value),
        Op.Builtin => BuiltinRegister(value.Builtin),
        Op.Part => Result(value),
        _ => Name(value),
    };

    /// <summary>A value in a register, for operands that constants cannot be.</summary>
    private string UseRegister(Value value)
    {
        if (!value.IsConstant)
        {
            return Use(value);
        }

        var kind = Registers.ClassOf(value.Type, value.Space);
        var register = Temporary(kind);
        Line($"mov.{Registers.MoveType(kind)} {register}, {Literal(value)}");
        return register;
    }

    private static string Literal(Value value) => value.Type switch
    {
        IrType.Float32 => $"0f{(uint)value.Imm:X8}",
        IrType.Float64 => $"0d{(ulong)value.Imm:X16}",
        // The one number whose absolute value does not fit.
        IrType.Int64 when value.Imm == long.MinValue => "0x8000000000000000",
        _ => value.Imm.ToString(CultureInfo.InvariantCulture),
    };

    private string ParameterRegister(Value value)
    {
        if (_names.TryGetValue(value, out var name))
        {
            return name;
        }

        var parameter = _function.Parameters[(int)value.Imm];
        name = Name(value);
        PrologueLine($"ld.param.{MemorySuffix(parameter.Memory)} {name}, [{ArgumentsName}+{_offsetOf(parameter)}]");
        if (value.Type == IrType.Pointer)
        {
            PrologueLine($"cvta.to.global.u64 {name}, {name}");
        }

        return name;
    }

    private string BuiltinRegister(BuiltinKind kind) => kind switch
    {
        BuiltinKind.GridIdxX => Special("%ctaid.x"),
        BuiltinKind.GridIdxY => Special("%ctaid.y"),
        BuiltinKind.GridIdxZ => Special("%ctaid.z"),
        BuiltinKind.GridDimX => Special("%nctaid.x"),
        BuiltinKind.GridDimY => Special("%nctaid.y"),
        BuiltinKind.GridDimZ => Special("%nctaid.z"),
        BuiltinKind.GroupIdxX => Special("%tid.x"),
        BuiltinKind.GroupIdxY => Special("%tid.y"),
        BuiltinKind.GroupIdxZ => Special("%tid.z"),
        BuiltinKind.GroupDimX => Special("%ntid.x"),
        BuiltinKind.GroupDimY => Special("%ntid.y"),
        BuiltinKind.GroupDimZ => Special("%ntid.z"),
        BuiltinKind.LaneIdx => Special("%laneid"),
        BuiltinKind.GroupLinear => Once("linear", () =>
        {
            // ((z * dimY) + y) * dimX + x
            var plane = Computed($"mad.lo.s32 #, {Special("%tid.z")}, {Special("%ntid.y")}, {Special("%tid.y")}");
            return Computed($"mad.lo.s32 #, {plane}, {Special("%ntid.x")}, {Special("%tid.x")}");
        }),
        // Warps are cut from the linear order of a group's threads; %warpid may change while a kernel runs.
        BuiltinKind.WarpIdx => Once("warp", () => Computed($"shr.u32 #, {BuiltinRegister(BuiltinKind.GroupLinear)}, 5")),
        BuiltinKind.DynamicSharedBytes => _layout.DynamicStart == 0
            ? Special("%dynamic_smem_size")
            : Once("dynamic", () => Computed($"sub.s32 #, {Special("%dynamic_smem_size")}, {_layout.DynamicStart}")),
        BuiltinKind.ExtentX => Extent(0),
        BuiltinKind.ExtentY => Extent(1),
        BuiltinKind.ExtentSize => Once("extent", () =>
            Computed($"mul.lo.s32 #, {Computed($"mul.lo.s32 #, {Extent(0)}, {Extent(1)}")}, {Extent(2)}")),
        _ => throw new InvalidOperationException($"{kind} has no register."),
    };

    /// <summary>Lanes of the warp that belong to the group: 32 but in the last warp of an odd size.</summary>
    private string LaneCount() => Once("lanes", () =>
    {
        var size = Computed($"mul.lo.s32 #, {Special("%ntid.x")}, {Special("%ntid.y")}");
        size = Computed($"mul.lo.s32 #, {size}, {Special("%ntid.z")}");
        var first = Computed($"and.b32 #, {BuiltinRegister(BuiltinKind.GroupLinear)}, -32");
        return Computed($"min.s32 #, {Computed($"sub.s32 #, {size}, {first}")}, 32");
    });

    private string Extent(int dimension) =>
        Once($"extent{dimension}", () => Computed($"ld.param.b32 #, [{ArgumentsName}+{_extentOffset + (4 * dimension)}]"));

    private string Special(string register) => Once(register, () => Computed($"mov.u32 #, {register}"));

    private string Once(string key, Func<string> compute) =>
        _special.TryGetValue(key, out var register) ? register : _special[key] = compute();

    // An instruction of the prologue with a new 32-bit register in the place of its #.
    private string Computed(string instruction)
    {
        var register = Temporary(RegisterClass.Bits32);
        PrologueLine(instruction.Replace("#", register, StringComparison.Ordinal));
        return register;
    }
}
