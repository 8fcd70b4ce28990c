using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// ldmatrix and mma.sync. A warp holds a matrix in pieces; with g = lane / 4 and t = lane % 4, element i of a lane's fragment is
/// <code>
/// m16n8k16, 16-bit A (8 elements, 4 registers)       B (4 elements, 2 registers)     C, D (4 elements, 4 registers)
///   columns  2t 2t+1 | 2t+8 2t+9                       rows 2t      i = 0              columns 2t 2t+1
///   row g      i=0 1 |      4 5                             2t+1    i = 1              row g      0 1
///   row g+8      2 3 |      6 7                             2t+8    i = 2              row g+8    2 3
///                                                           2t+9    i = 3
///                                                      all in column g
/// m16n8k8, 16-bit: the left half of A (4 elements, 2 registers) and the upper half of B (2 elements, 1 register)
///
/// m16n8k8, tf32 A (4 registers)                      B (2 registers)
///   columns   t    | t+4                               row t    i = 0
///   row g     i=0  |  2                                row t+4  i = 1
///   row g+8     1  |  3                                all in column g
/// m16n8k4, tf32: the left half of A and the upper half of B
/// m8n8k4, f64: A is (g, t), B is (t, g), C and D are (g, 2t) and (g, 2t+1)
/// </code>
/// </summary>
internal static class MatrixDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["ldmatrix"] = Load, ["mma"] = Multiply,
    };

    private static Instruction Load(Decoding d)
    {
        d.Require("sync");
        d.Require("aligned");
        d.Require("m8n8");
        d.Need(65, 75, "ldmatrix");
        var count = d.TakeOne("a number of matrices", "x1", "x2", "x4")[1] - '0';
        var transposed = d.Take("trans");
        if (d.TakeAny("shared", "shared::cta") is null)
            throw d.Refuse("ldmatrix without .shared is not emulated");
        d.Type(B16);
        var targets = d.Vector(count).Select(o => d.TargetRegister(o, U32).Index).ToArray();
        return new LoadingMatrices(targets, d.Address(StateSpace.Shared), transposed);
    }

    private static Instruction Multiply(Decoding d)
    {
        d.Require("sync");
        d.Require("aligned");
        var shape = d.TakeOne("a shape", "m16n8k4", "m16n8k8", "m16n8k16", "m8n8k4");
        d.Require("row");
        d.Require("col");
        var result = d.Type(F32, F64);
        var type = d.Type(F16, BF16, TF32, F64);
        d.Type(type);
        d.Type(result);
        var form = MatrixForm.Find(shape, type) is { } found && (result == F64) == (type == F64)
            ? found
            : throw d.Refuse($"mma.{shape} for {type.Name()} is not emulated or does not exist");
        d.Need(70, 80, $"mma.{shape}{type.Name()}");
        var register = type == F64 ? F64 : U32;   // .b32 registers; not those declared .f32
        var targets = d.Vector(form.CountC).Select(o => d.TargetRegister(o, result).Index).ToArray();
        var a = d.VectorOrOne(form.RegistersA).Select(o => d.Source(o, register)).ToArray();
        var b = d.VectorOrOne(form.RegistersB).Select(o => d.Source(o, register)).ToArray();
        var c = d.Vector(form.CountC).Select(o => d.Source(o, result)).ToArray();
        return new MultiplyingMatrices(form, type, result, targets, a, b, c);
    }
}

/// <summary>Shape and fragment layout of an mma. The functions give (row, column) of element i of a lane.</summary>
internal sealed record MatrixForm(
    int M, int K, int CountA, int CountB, int CountC, int PerRegister,
    Func<int, int, (int, int)> PlaceA, Func<int, int, (int, int)> PlaceB, Func<int, int, (int, int)> PlaceC)
{
    public int RegistersA => CountA / PerRegister;

    public int RegistersB => CountB / PerRegister;

    public static MatrixForm? Find(string shape, PtxType type) => (shape, type) switch
    {
        ("m16n8k16", F16 or BF16) => Half(16),
        ("m16n8k8", F16 or BF16) => Half(8),
        ("m16n8k8", TF32) => Single(8),
        ("m16n8k4", TF32) => Single(4),
        ("m8n8k4", F64) => new MatrixForm(8, 4, 1, 1, 2, 1,
            static (lane, _) => (lane / 4, lane % 4),
            static (lane, _) => (lane % 4, lane / 4),
            static (lane, i) => (lane / 4, lane % 4 * 2 + i)),
        _ => null,
    };

    private static MatrixForm Half(int k) => new(16, k, k / 2, k / 4, 4, 2,
        static (lane, i) => (lane / 4 + (i & 2) * 4, lane % 4 * 2 + (i & 1) + (i & 4) * 2),
        static (lane, i) => (lane % 4 * 2 + (i & 1) + (i & 2) * 4, lane / 4),
        Accumulator);

    private static MatrixForm Single(int k) => new(16, k, k / 2, k / 4, 4, 1,
        static (lane, i) => (lane / 4 + (i & 1) * 8, lane % 4 + (i & 2) * 2),
        static (lane, i) => (lane % 4 + i * 4, lane / 4),
        Accumulator);

    private static (int, int) Accumulator(int lane, int i) => (lane / 4 + (i & 2) * 4, lane % 4 * 2 + (i & 1));
}

/// <summary>Lane l holds the address of row l % 8 of matrix l / 8; each lane gets two neighbouring elements of each matrix.</summary>
internal sealed class LoadingMatrices(int[] targets, AddressSource address, bool transposed) : WarpSyncInstruction
{
    protected override Source? Members => null;

    protected override void Execute(Warp warp, uint lanes)
    {
        var addressing = targets.Length == 4 ? uint.MaxValue : (1u << targets.Length * 8) - 1;
        var rows = address.Rows(warp, addressing);
        var elements = new ulong[targets.Length, 8, 8];
        for (var lane = 0; lane < targets.Length * 8; lane++)
        {
            var (block, offset) = MemoryAccess.Resolve(warp, lane, StateSpace.Shared, address.At(rows, lane), 16);
            for (var i = 0; i < 8; i++)
                elements[lane / 8, lane % 8, i] = MemoryAccess.Load(warp, lane, block, offset + 2 * i, 2);
        }

        for (var matrix = 0; matrix < targets.Length; matrix++)
        {
            var row = warp.Row(targets[matrix]);
            for (var lane = 0; lane < 32; lane++)
            {
                var (g, t) = (lane / 4, lane % 4 * 2);
                row[lane] = transposed
                    ? elements[matrix, t, g] | elements[matrix, t + 1, g] << 16
                    : elements[matrix, g, t] | elements[matrix, g, t + 1] << 16;
            }

            warp.SetDefined(targets[matrix], lanes);
        }
    }
}

/// <summary>D = A B + C for the warp's matrices. Products are exact and summed in double precision, then rounded once.</summary>
internal sealed class MultiplyingMatrices(
    MatrixForm form, PtxType type, PtxType result, int[] targets, Source[] a, Source[] b, Source[] c) : WarpSyncInstruction
{
    protected override Source? Members => null;

    protected override void Execute(Warp warp, uint lanes)
    {
        var (left, right) = (new double[form.M, form.K], new double[form.K, 8]);
        Gather(warp, lanes, a, form.CountA, form.PlaceA, left);
        Gather(warp, lanes, b, form.CountB, form.PlaceB, right);
        var sums = new ulong[form.CountC, 32];
        for (var i = 0; i < form.CountC; i++)
        {
            var addend = c[i].Read(warp, lanes);
            for (var lane = 0; lane < 32; lane++)
            {
                var (row, column) = form.PlaceC(lane, i);
                var sum = Floats.ToDouble(result, addend[lane]);
                for (var k = 0; k < form.K; k++)
                    sum += left[row, k] * right[k, column];
                sums[i, lane] = Floats.Round(result, sum);
            }
        }

        for (var i = 0; i < form.CountC; i++)
        {
            var row = warp.Row(targets[i]);
            for (var lane = 0; lane < 32; lane++)
                row[lane] = sums[i, lane];
            warp.SetDefined(targets[i], lanes);
        }
    }

    private void Gather(Warp warp, uint lanes, Source[] registers, int count, Func<int, int, (int Row, int Column)> place, double[,] matrix)
    {
        for (var i = 0; i < count; i++)
        {
            var values = registers[i / form.PerRegister].Read(warp, lanes);
            for (var lane = 0; lane < 32; lane++)
            {
                var bits = form.PerRegister == 2 ? values[lane] >> (i & 1) * 16 & 0xffff : values[lane];
                if (type == TF32 && (bits & 0x1fff) != 0)
                    throw warp.Fault(1u << lane, $"{bits:x8} is no tf32 value: its low 13 bits must be zero (cvt.rna.tf32.f32)");
                var (row, column) = place(lane, i);
                matrix[row, column] = Floats.ToDouble(type, bits);
            }
        }
    }
}
