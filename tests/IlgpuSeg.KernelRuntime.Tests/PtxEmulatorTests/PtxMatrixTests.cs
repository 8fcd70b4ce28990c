using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>mma.sync against the plain matrix product, with fragments loaded element by element and through ldmatrix.</summary>
public class PtxMatrixTests
{
    /// <summary>
    /// D[16,8] = A[16,16] B[16,8] + C[16,8] in 16-bit types. A is row-major, B is given as its transpose [8,16], so that two neighbours of
    /// a fragment are two neighbours in memory.
    /// </summary>
    public static string Half(string type) => PtxText.Kernel(".param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d", $$"""
        ld.param.u64 %rd1, [a];
        ld.param.u64 %rd2, [b];
        ld.param.u64 %rd3, [c];
        ld.param.u64 %rd4, [d];
        mov.u32 %r1, %laneid;
        shr.u32 %r2, %r1, 2;            // g
        and.b32 %r3, %r1, 3;            // t
        shl.b32 %r4, %r3, 2;            // bytes of column 2t
        mad.lo.u32 %r5, %r2, 32, %r4;   // A: row g
        cvt.u64.u32 %rd5, %r5;
        add.u64 %rd6, %rd1, %rd5;
        ld.global.b32 %r10, [%rd6];
        ld.global.b32 %r11, [%rd6+256];
        ld.global.b32 %r12, [%rd6+16];
        ld.global.b32 %r13, [%rd6+272];
        add.u64 %rd7, %rd2, %rd5;       // B: column g of B is row g of its transpose
        ld.global.b32 %r14, [%rd7];
        ld.global.b32 %r15, [%rd7+16];
        shl.b32 %r6, %r3, 3;
        mad.lo.u32 %r6, %r2, 32, %r6;   // C: row g of 8 floats, column 2t
        cvt.u64.u32 %rd8, %r6;
        add.u64 %rd9, %rd3, %rd8;
        ld.global.v2.f32 {%f1, %f2}, [%rd9];
        ld.global.v2.f32 {%f3, %f4}, [%rd9+256];
        mma.sync.aligned.m16n8k16.row.col.f32.{{type}}.{{type}}.f32 {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f1, %f2, %f3, %f4};
        add.u64 %rd10, %rd4, %rd8;
        st.global.v2.f32 [%rd10], {%f1, %f2};
        st.global.v2.f32 [%rd10+256], {%f3, %f4};
        """);

    /// <summary>D[16,8] = A[16,8] B[8,8] + 0 in tf32; A and B row-major floats that the kernel rounds.</summary>
    public static readonly string Tf32 = PtxText.Kernel(".param .u64 a, .param .u64 b, .param .u64 d", """
        ld.param.u64 %rd1, [a];
        ld.param.u64 %rd2, [b];
        ld.param.u64 %rd4, [d];
        mov.u32 %r1, %laneid;
        shr.u32 %r2, %r1, 2;
        and.b32 %r3, %r1, 3;
        shl.b32 %r4, %r3, 2;
        mad.lo.u32 %r5, %r2, 32, %r4;   // A: (g, t)
        cvt.u64.u32 %rd5, %r5;
        add.u64 %rd6, %rd1, %rd5;
        ld.global.f32 %f10, [%rd6];
        ld.global.f32 %f11, [%rd6+256];
        ld.global.f32 %f12, [%rd6+16];
        ld.global.f32 %f13, [%rd6+272];
        cvt.rna.tf32.f32 %r10, %f10;
        cvt.rna.tf32.f32 %r11, %f11;
        cvt.rna.tf32.f32 %r12, %f12;
        cvt.rna.tf32.f32 %r13, %f13;
        shl.b32 %r6, %r2, 2;
        mad.lo.u32 %r6, %r3, 32, %r6;   // B: (t, g)
        cvt.u64.u32 %rd7, %r6;
        add.u64 %rd8, %rd2, %rd7;
        ld.global.f32 %f14, [%rd8];
        ld.global.f32 %f15, [%rd8+128];
        cvt.rna.tf32.f32 %r14, %f14;
        cvt.rna.tf32.f32 %r15, %f15;
        mov.f32 %f1, 0f00000000;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f2, %f3, %f4, %f5}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f1, %f1, %f1, %f1};
        shl.b32 %r7, %r3, 3;
        mad.lo.u32 %r7, %r2, 32, %r7;
        cvt.u64.u32 %rd9, %r7;
        add.u64 %rd10, %rd4, %rd9;
        st.global.v2.f32 [%rd10], {%f2, %f3};
        st.global.v2.f32 [%rd10+256], {%f4, %f5};
        """);

    /// <summary>The 16-bit product again, from shared memory: A by ldmatrix.x4, B [16,8] row-major by ldmatrix.x2.trans.</summary>
    public static readonly string Staged = PtxText.Kernel(".param .u64 a, .param .u64 b, .param .u64 d", """
        ld.param.u64 %rd1, [a];
        ld.param.u64 %rd2, [b];
        ld.param.u64 %rd4, [d];
        mov.u32 %r1, %laneid;
        shl.b32 %r2, %r1, 4;
        cvt.u64.u32 %rd3, %r2;
        mov.u32 %r3, tile;
        add.u32 %r4, %r3, %r2;
        add.u64 %rd5, %rd1, %rd3;
        ld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%rd5];
        st.shared.v4.b32 [%r4], {%r5, %r6, %r7, %r8};
        setp.lt.u32 %p1, %r1, 16;
        add.u64 %rd6, %rd2, %rd3;
        @%p1 ld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%rd6];
        @%p1 st.shared.v4.b32 [%r4+512], {%r5, %r6, %r7, %r8};
        bar.sync 0;
        and.b32 %r9, %r1, 15;           // row of A
        shr.u32 %r10, %r1, 4;           // left or right half
        shl.b32 %r9, %r9, 5;
        shl.b32 %r10, %r10, 4;
        add.u32 %r9, %r9, %r10;
        add.u32 %r9, %r9, %r3;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r11, %r12, %r13, %r14}, [%r9];
        and.b32 %r15, %r1, 15;
        shl.b32 %r15, %r15, 4;
        add.u32 %r15, %r15, %r3;
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r16, %r17}, [%r15+512];
        mov.f32 %f1, 0.0;
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f2, %f3, %f4, %f5}, {%r11, %r12, %r13, %r14}, {%r16, %r17}, {%f1, %f1, %f1, %f1};
        shr.u32 %r18, %r1, 2;
        and.b32 %r19, %r1, 3;
        shl.b32 %r19, %r19, 3;
        mad.lo.u32 %r19, %r18, 32, %r19;
        cvt.u64.u32 %rd9, %r19;
        add.u64 %rd10, %rd4, %rd9;
        st.global.v2.f32 [%rd10], {%f2, %f3};
        st.global.v2.f32 [%rd10+256], {%f4, %f5};
        """, ".shared .align 16 .b8 tile[768];");

    private static double[,] Matrix(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var matrix = new double[rows, columns];
        for (var i = 0; i < rows * columns; i++)
            matrix[i / columns, i % columns] = (random.Next(513) - 256) / 64.0;   // exact in all the formats
        return matrix;
    }

    private static double[] Product(double[,] a, double[,] b, double[,]? c = null)
    {
        var (m, k, n) = (a.GetLength(0), a.GetLength(1), b.GetLength(1));
        return [.. Enumerable.Range(0, m * n).Select(
            i => (c?[i / n, i % n] ?? 0) + Enumerable.Range(0, k).Sum(j => a[i / n, j] * b[j, i % n]))];
    }

    private static ushort[] ToHalf(double[,] matrix, bool brain, bool transposed = false)
    {
        var (rows, columns) = (matrix.GetLength(transposed ? 1 : 0), matrix.GetLength(transposed ? 0 : 1));
        return [.. Enumerable.Range(0, rows * columns).Select(i =>
        {
            var value = transposed ? matrix[i % columns, i / columns] : matrix[i / columns, i % columns];
            return brain ? (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16) : BitConverter.HalfToUInt16Bits((Half)value);
        })];
    }

    private static float[] Floats(double[,] matrix) => [.. matrix.Cast<double>().Select(v => (float)v)];

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Half_products_match_the_plain_one(string type)
    {
        // bf16 keeps eight significant bits: numbers up to 4 in steps of 1/32.
        var (a, b, c) = (Matrix(16, 16, 1), Matrix(16, 8, 2), Matrix(16, 8, 3));
        if (type == "bf16")
            (a, b) = (Coarse(a), Coarse(b));
        var memory = new DeviceMemory();
        var d = memory.Allocate(512);
        var arguments = new PtxArguments().Add(memory.Allocate(ToHalf(a, type == "bf16"))).Add(
            memory.Allocate(ToHalf(b, type == "bf16", transposed: true)))
            .Add(memory.Allocate(Floats(c))).Add(d);
        PtxProgram.Parse(Half(type))["k"].Run(memory, new PtxLaunch(1, 32), arguments);
        Assert.Equal(Product(a, b, c), memory.Read<float>(d, 128).Select(v => (double)v));
    }

    private static double[,] Coarse(double[,] matrix)
    {
        for (var i = 0; i < matrix.Length; i++)
            matrix[i / matrix.GetLength(1), i % matrix.GetLength(1)] =
                Math.Round(matrix[i / matrix.GetLength(1), i % matrix.GetLength(1)] * 16) / 16;
        return matrix;
    }

    [Fact]
    public void Tf32_product_matches_the_plain_one()
    {
        var (a, b) = (Matrix(16, 8, 4), Matrix(8, 8, 5));
        var memory = new DeviceMemory();
        var d = memory.Allocate(512);
        PtxProgram.Parse(Tf32)["k"].Run(
            memory, new PtxLaunch(1, 32), new PtxArguments().Add(memory.Allocate(Floats(a))).Add(memory.Allocate(Floats(b))).Add(d));
        Assert.Equal(Product(a, b), memory.Read<float>(d, 128).Select(v => (double)v));
    }

    [Fact]
    public void Matrices_loaded_from_shared_memory_match_too()
    {
        var (a, b) = (Matrix(16, 16, 6), Matrix(16, 8, 7));
        Assert.Equal(Product(a, b), RunStaged(Staged, a, b));
    }

    [Theory]
    [InlineData(".x2.trans.shared", ".x2.shared")]                                    // B not transposed
    [InlineData("{%r11, %r12, %r13, %r14}, {%r16", "{%r11, %r13, %r12, %r14}, {%r16")] // two quarters of A exchanged
    [InlineData("{%r16, %r17}, {%f1", "{%r17, %r16}, {%f1")]                           // halves of B exchanged
    [InlineData("shr.u32 %r18, %r1, 2", "and.b32 %r18, %r1, 7")]                       // results stored by another lane layout
    [InlineData("and.b32 %r9, %r1, 15", "shr.u32 %r9, %r1, 1")]                        // rows of A addressed in another order
    public void A_wrong_lane_layout_gives_a_wrong_product(string right, string wrong)
    {
        var (a, b) = (Matrix(16, 16, 8), Matrix(16, 8, 9));
        var mutated = Staged.Replace(right, wrong);
        Assert.NotEqual(Staged, mutated);
        // Two lanes that store to one place are a race; the others only compute something else.
        var outcome = Record.Exception(() => Assert.NotEqual(Product(a, b), RunStaged(mutated, a, b)));
        Assert.True(outcome is null or PtxFaultException, outcome?.ToString());
    }

    private static double[] RunStaged(string text, double[,] a, double[,] b)
    {
        var memory = new DeviceMemory();
        var d = memory.Allocate(512);
        PtxProgram.Parse(text)["k"].Run(
            memory, new PtxLaunch(1, 32),
            new PtxArguments().Add(memory.Allocate(ToHalf(a, false))).Add(memory.Allocate(ToHalf(b, false))).Add(d));
        return [.. memory.Read<float>(d, 128).Select(v => (double)v)];
    }

    [Fact]
    public void Double_product_matches_the_plain_one()
    {
        var text = PtxText.Kernel(".param .u64 a, .param .u64 b, .param .u64 d", """
            ld.param.u64 %rd1, [a];
            ld.param.u64 %rd2, [b];
            ld.param.u64 %rd3, [d];
            mov.u32 %r1, %laneid;
            mul.wide.u32 %rd4, %r1, 8;
            add.u64 %rd1, %rd1, %rd4;
            ld.global.f64 %fd1, [%rd1];
            and.b32 %r2, %r1, 3;
            shr.u32 %r3, %r1, 2;
            mad.lo.u32 %r4, %r2, 8, %r3;
            mad.wide.u32 %rd2, %r4, 8, %rd2;
            ld.global.f64 %fd2, [%rd2];
            mov.f64 %fd3, 0d0000000000000000;
            mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%fd4, %fd5}, {%fd1}, {%fd2}, {%fd3, %fd3};
            mad.wide.u32 %rd3, %r1, 16, %rd3;
            st.global.v2.f64 [%rd3], {%fd4, %fd5};
            """);
        var (a, b) = (Matrix(8, 4, 10), Matrix(4, 8, 11));
        var memory = new DeviceMemory();
        var d = memory.Allocate(512);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 32),
            new PtxArguments().Add(memory.Allocate(a.Cast<double>().ToArray())).Add(memory.Allocate(b.Cast<double>().ToArray())).Add(d));
        Assert.Equal(Product(a, b), memory.Read<double>(d, 64));
    }
}
