using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Asynchronous copies, and matrices in the registers of a warp. An operation with several results has a register for each.</summary>
internal sealed partial class PtxEmitter
{
    private readonly Dictionary<Value, string[]> _results = [];

    private void Matrix(Value value)
    {
        switch (value.Op)
        {
            case Op.AsyncCopy:
                StartCopy(value);
                break;
            case Op.AsyncCommit:
                Line("cp.async.commit_group");
                break;
            case Op.AsyncWait:
                Line($"cp.async.wait_group {value.Imm}");
                break;
            case Op.LoadMatrix:
                var transposed = value.Scale != 0 ? ".trans" : "";
                Line($"ldmatrix.sync.aligned.m8n8.x{value.Imm}{transposed}.shared.b16 {{{string.Join(", ", Results(value))}}}, {Place(value.Args[0])}");
                break;
            default:
                MultiplyMatrix(value);
                break;
        }
    }

    // Whole lines go past the first-level cache: what is in shared memory need not be there too.
    private void StartCopy(Value value)
    {
        var (bytes, take) = (value.Imm, value.Args[2]);
        var copy = $"cp.async.{(bytes == 16 ? "cg" : "ca")}.shared.global {Place(value.Args[0])}, {Place(value.Args[1])}, {bytes}";
        if (take.IsConstant)
        {
            Line(take.Imm != 0 ? copy : $"{copy}, 0");
            return;
        }

        var count = Temporary(RegisterClass.Bits32);
        Line($"selp.b32 {count}, {bytes}, 0, {Use(take)}");
        Line($"{copy}, {count}");
    }

    private void MultiplyMatrix(Value value)
    {
        var (shape, type) = (MatrixKind)value.Imm switch
        {
            MatrixKind.Tf32 => ("m16n8k8", "tf32"),
            MatrixKind.BFloat16 => ("m16n8k16", "bf16"),
            _ => ("m16n8k16", "f16"),
        };
        string[] operands = [.. value.Args.Select(UseRegister)];
        string Group(Range range) => $"{{{string.Join(", ", operands[range])}}}";
        Line($"mma.sync.aligned.{shape}.row.col.f32.{type}.{type}.f32 {{{string.Join(", ", Results(value))}}}, {Group(..4)}, {Group(4..6)}, {Group(6..)}");
    }

    private string[] Results(Value value)
    {
        if (!_results.TryGetValue(value, out var registers))
        {
            var count = value.Op == Op.MultiplyMatrix ? 4 : (int)value.Imm;
            _results[value] = registers = [.. Enumerable.Range(0, count).Select(_ => Temporary(Registers.ClassOf(value.Type, value.Space)))];
        }

        return registers;
    }

    /// <summary>One of the results of an operation that has several.</summary>
    private string Result(Value part) => Results(part.Args[0])[part.Imm];
}
