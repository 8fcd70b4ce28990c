using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Runs one instruction on many operands. In its text D stands for the result and A, B, C for the operands.</summary>
internal static class PtxEvaluator
{
    private static readonly double[] AwkwardReals =
    [
        0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 3, 1e-3, 1e10, -1e10, 1e30, 1e-30, 1e-40, -1e-45, 3.4e38, -3.4e38, 65504, 65520, 1e-7,
            2147483648, 4294967296, -2147483649,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300, 5e-324, 9.3e18, 1.00048828125, 1.0001220703125,
    ];

    private static readonly ulong[] AwkwardIntegers =
        [0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
            0x8000000000000000, ulong.MaxValue];

    /// <summary>Types of D, A, B, C: b16, b32, b64, pred, or f16, bf16, f32, f64 to draw the operands as such numbers.</summary>
    public static List<(ulong[] Operands, ulong Result)> Run(string instruction, string types, int count = 512)
    {
        var names = types.Split(' ');
        var random = new Random(instruction.GetHashCode(StringComparison.Ordinal) & 0xff);
        var rows = Enumerable.Range(0, count).Select(
            i => names.Skip(1).Select((t, j) => Draw(t, i + 7 * j * (i / 32), random)).ToArray()).ToList();
        var memory = new DeviceMemory();
        var results = memory.Allocate(8 * count);
        var operands = memory.Allocate(rows.SelectMany(r => r.Concat(Enumerable.Repeat(0UL, 4 - r.Length))).ToArray());
        PtxProgram.Parse(Program(instruction, names))["k"].Run(
            memory, new PtxLaunch((count + 63) / 64, 64), new PtxArguments().Add(operands).Add(results));
        return [.. rows.Zip(memory.Read<ulong>(results, count))];
    }

    private static ulong Draw(string type, int i, Random random)
    {
        if (type == "pred")
            return (ulong)random.Next(2);
        if (type[0] == 'b' && type != "bf16")
        {
            var bits = int.Parse(type[1..]);
            var value = i < AwkwardIntegers.Length ? AwkwardIntegers[i]
                : (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            return bits == 64 ? value : value & (1UL << bits) - 1;
        }

        var real = i < AwkwardReals.Length ? AwkwardReals[i] : (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-30, 30));
        return type switch
        {
            "f16" => BitConverter.HalfToUInt16Bits((Half)real), "bf16" => BitConverter.SingleToUInt32Bits((float)real) >> 16,
            "f32" => BitConverter.SingleToUInt32Bits((float)real), _ => BitConverter.DoubleToUInt64Bits(real),
        };
    }

    private static string Program(string instruction, string[] types)
    {
        var registers = types.Select(
            (t, i) => (Type: t, Name: "%" + (t == "pred" ? "p" : Bits(t) switch { 16 => "h", 32 => "r", _ => "rd" }) + (10 + i))).ToArray();
        var loads = string.Concat(
            registers.Skip(1).Select((r, i) => $"    ld.global.b64 %rd{20 + i}, [%rd3+{8 * i}];\n    " + (r.Type == "pred"
            ? $"setp.ne.u64 {r.Name}, %rd{20 + i}, 0;\n"
            : Bits(r.Type) == 64 ? $"mov.b64 {r.Name}, %rd{20 + i};\n" : $"cvt.u{Bits(r.Type)}.u64 {r.Name}, %rd{20 + i};\n")));
        var text = instruction;
        foreach (var (letter, register) in "DABC".Zip(registers))
            text = System.Text.RegularExpressions.Regex.Replace(text, $@"\b{letter}\b", register.Name);
        var result = registers[0];
        var store = result.Type == "pred" ? $"selp.u64 %rd30, 1, 0, {result.Name};"
            : Bits(result.Type) == 64 ? $"mov.b64 %rd30, {result.Name};" : $"cvt.u64.u{Bits(result.Type)} %rd30, {result.Name};";
        return PtxText.Kernel(".param .u64 operands, .param .u64 results", $"""
            ld.param.u64 %rd1, [operands];
            ld.param.u64 %rd2, [results];
            mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;
            mad.lo.u32 %r4, %r1, %r2, %r3;
            mad.wide.u32 %rd3, %r4, 32, %rd1;
            mad.wide.u32 %rd4, %r4, 8, %rd2;
            {loads}
            {text}
            {store}
            st.global.b64 [%rd4], %rd30;
            """, target: "sm_100a", version: "8.6").Replace("%p<8>", "%p<16>");
    }

    private static int Bits(string type) => int.Parse(type.TrimStart('b', 'f'));
}
