using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Text that the manual forbids is refused when it is read, with the line and the reason.</summary>
public class PtxRefusalTests
{
    [Theory]
    // Types of operands.
    [InlineData("add.s32 %r1, %f2, 1;", "%f2 is declared .f32")]
    [InlineData("add.f32 %f1, %r2, %f3;", null)]   // .b32 goes with .f32
    [InlineData("add.f32 %f1, %fd2, %f3;", "%fd2 is declared .f64")]
    [InlineData("add.s32 %rd1, %r2, 1;", "%rd1 is declared .b64")]
    [InlineData("mul.wide.s32 %r1, %r2, 4;", "%r1 is declared .b32")]
    [InlineData("mad.wide.s32 %rd1, %r2, 4, %r3;", "%r3 is declared .b32")]
    [InlineData("shl.b64 %rd1, %rd2, %rd3;", "%rd3 is declared .b64")]
    [InlineData("setp.eq.s32 %r1, %r2, 0;", "%r1 is declared .b32")]
    [InlineData("selp.f32 %f1, %f2, %f3, %r1;", "%r1 is declared .b32")]
    [InlineData("add.f32 %f1, %f2, 1;", "an integer constant")]
    [InlineData("add.s32 %r1, %r2, 1.0;", "a floating-point constant")]
    [InlineData("add.f64 %fd1, %fd2, 0f3F800000;", "a 0f constant")]
    [InlineData("mov.u32 %r1, %r2, %r3;", "too many operands")]
    [InlineData("add.s32 %r1, %r2;", "too few operands")]
    [InlineData("popc.b64 %rd1, %rd2;", "%rd1 is declared .b64")]
    [InlineData("cvt.rn.f16.f32 %f1, %f2;", "%f1 is declared .f32")]
    [InlineData("cvt.rna.tf32.f32 %f1, %f2;", "%f1 is declared .f32")]
    // Names.
    [InlineData("mov.b32 %r1, %x;", "%x is not declared")]
    [InlineData("mov.b32 %r99, 1;", "%r99 is not declared")]
    [InlineData("bra NOWHERE;", "NOWHERE is not a label")]
    [InlineData("@%q bra L; L:", "%q is not declared")]
    [InlineData("@%r1 bra L; L:", "not .pred")]
    [InlineData("L: L: bra L;", "label L is declared twice")]
    [InlineData(".reg .b32 %r1;", "%r1 is declared twice")]
    [InlineData("add.u32 %r1, %tid.x, 1;", "special registers are read by mov")]
    [InlineData("mov.u64 %rd1, %tid.x;", "%tid.x has type .u32")]
    // Rounding.
    [InlineData("fma.f32 %f1, %f2, %f3, %f4;", "needs a rounding modifier")]
    [InlineData("div.f32 %f1, %f2, %f3;", "needs a rounding modifier, .approx or .full")]
    [InlineData("div.approx.f64 %fd1, %fd2, %fd3;", "does not exist for .f64")]
    [InlineData("sqrt.f32 %f1, %f2;", "needs a rounding modifier or .approx")]
    [InlineData("rcp.f64 %fd1, %fd2;", "needs a rounding modifier")]
    [InlineData("ex2.f32 %f1, %f2;", "needs .approx")]
    [InlineData("mad.f32 %f1, %f2, %f3, %f4;", "needs a rounding modifier")]
    [InlineData("cvt.s32.f32 %r1, %f1;", "needs an integer rounding modifier")]
    [InlineData("cvt.rn.s32.f32 %r1, %f1;", "needs an integer rounding modifier")]
    [InlineData("cvt.f32.s32 %f1, %r1;", "needs a rounding modifier")]
    [InlineData("cvt.f32.f64 %f1, %fd1;", "needs a rounding modifier")]
    [InlineData("cvt.rn.f64.f32 %fd1, %f1;", "is exact")]
    [InlineData("cvt.rzi.s64.s32 %rd1, %r1;", "rounds nothing")]
    [InlineData("cvt.rn.tf32.f64 %r1, %fd1;", "comes from .f32")]
    // Forms that do not exist.
    [InlineData("mul.s32 %r1, %r2, %r3;", "needs the part of the product")]
    [InlineData("mul.wide.s64 %rd1, %rd2, %rd3;", "does not exist for .s64")]
    [InlineData("setp.lo.s32 %p1, %r2, %r3;", "does not exist for .s32")]
    [InlineData("setp.lt.b32 %p1, %r2, %r3;", "does not exist for .b32")]
    [InlineData("and.s32 %r1, %r2, %r3;", "does not exist for .s32")]
    [InlineData("neg.u32 %r1, %r2;", "does not exist for .u32")]
    [InlineData("add.rn.s32 %r1, %r2, %r3;", "'.rn'")]
    [InlineData("fma.rn.f32.sat %f1, %f2, %f3, %f4;", "'.sat'")]
    [InlineData("atom.global.add.s64 %rd1, [%rd2], %rd3;", "does not exist for .s64")]
    [InlineData("red.global.exch.b32 [%rd2], %r3;", "red.exch does not exist")]
    [InlineData("shfl.bfly.b32 %r1, %r2, 1, 31;", "without .sync")]
    [InlineData("vote.ballot.b32 %r1, %p1;", "without .sync")]
    [InlineData("frobnicate.b32 %r1, %r2;", "not an instruction")]
    [InlineData("call foo;", "functions are not emulated")]
    [InlineData("cp.async.cg.shared.global [%r1], [%rd1], 8;", "copies 16 bytes")]
    [InlineData("cp.async.ca.shared.global [%r1], [%rd1], 12;", "copies 4, 8 or 16 bytes")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1, %r2}, [%r3];", "needs 4 registers")]
    [InlineData("mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4};", "needs .col")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4};", "does not exist")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%f5, %f6, %f7, %f8}, {%r5, %r6}, {%f1, %f2, %f3, %f4};", "%f5 is declared .f32")]
    // Memory.
    [InlineData("ld.global.v4.f64 {%fd1, %fd2, %fd3, %fd4}, [%rd1];", "16 are the limit")]
    [InlineData("ld.global.v2.f32 %f1, [%rd1];", "needs 2 registers in braces")]
    [InlineData("ld.global.u32 %r1, [%r2];", "addresses in global space have 64")]
    [InlineData("ld.global.f32 %f1, [%f2];", "an address is an integer")]
    [InlineData("ld.global.u32 %r1, %rd2;", "needs an address in brackets")]
    [InlineData("ld.global.f32 %f1, [%rd1-4];", "expected ']'")]
    [InlineData("ld.shared.u32 %r1, [stack];", "stack lives in .local")]
    [InlineData("ld.param.u32 %r1, [n+2];", "not inside n")]
    [InlineData("ld.param.u64 %rd1, [n];", "not inside n")]
    [InlineData("ld.param.u32 %r1, [%rd1];", "needs [parameter]")]
    [InlineData("st.param.u32 [n], %r1;", "st.param does not exist")]
    [InlineData("st.global.f32 [%rd1], %r1;", null)]
    [InlineData("st.global.u32 [%rd1], %f1;", "%f1 is declared .f32")]
    [InlineData("ld.global.u8 %h1, [%rd1];", null)]   // a narrow load into a wider register
    [InlineData("ld.global.f16 %h1, [%rd1];", "does not exist for .f16")]
    [InlineData("ld.shared.nc.f32 %f1, [%r1];", "'.nc'")]
    [InlineData("mov.u32 %r1, stack+4;", null)]
    [InlineData("cvta.shared.u64 %rd1, stack;", "stack lives in .local")]
    public void Single_statements(string statement, string? reason)
    {
        var text = PtxText.Kernel(".param .u32 n", ".local .align 4 .b8 stack[16];\n" + statement);
        if (reason is null)
        {
            PtxProgram.Parse(text);
            return;
        }

        var refused = Assert.Throws<PtxRefusedException>(() => PtxProgram.Parse(text));
        Assert.Contains(reason, refused.Message);
        Assert.Contains("PTX line ", refused.Message);
    }

    [Theory]
    [InlineData("7.7", "sm_90", "ret;", "sm_90 needs PTX 7.8")]
    [InlineData("7.8", "sm_90a", "ret;", "sm_90a needs PTX 8.0")]
    [InlineData("6.0", "sm_70", "tanh.approx.f32 %f1, %f2;", "needs PTX 7.0")]
    [InlineData("7.0", "sm_70", "tanh.approx.f32 %f1, %f2;", "needs sm_75")]
    [InlineData("7.1", "sm_75", "cp.async.wait_all;", "needs sm_80")]
    [InlineData("7.8", "sm_80", "add.bf16 %h1, %h2, %h3;", "needs sm_90")]
    [InlineData("7.1", "sm_75",
        "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2}, {%r3}, {%f1, %f2, %f3, %f4};", "needs sm_80")]
    [InlineData("7.8", "sm_86", "cvt.f32.bf16 %f1, %h1;", "needs sm_90")]
    public void What_the_version_or_target_lacks(string version, string target, string statement, string reason)
    {
        var refused = Assert.Throws<PtxRefusedException>(
            () => PtxProgram.Parse(PtxText.Kernel("", statement, target: target, version: version)));
        Assert.Contains(reason, refused.Message);
    }

    [Theory]
    [InlineData(".target sm_90\n.version 8.0\n", "begins with .version")]
    [InlineData(".version 8.0\n.address_size 64\n", ".target must follow")]
    [InlineData(".version 8.0\n.target sm_90\n.address_size 32\n", "only .address_size 64")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .func f() { ret; }\n", "'.func'")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { }\n", "must end with ret")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { .reg .b32 %r1; mov.u32 %r1, 1; }\n", "must end with ret")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { .reg .b32 %r1; mov.b32 %r1, 1 }\n", "expected ';'")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { ret; \n", "does not end")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { /* ret; }\n", "comment does not end")]
    [InlineData(".version 8.0\n.target sm_90\n.shared .align 4 .b8 s[50000];\n.visible .entry k() { ret; }\n", "49152 are the limit")]
    [InlineData(".version 8.0\n.target sm_90\n.shared .align 3 .b8 s[5];\n", "not a power of two")]
    [InlineData(".version 8.0\n.target sm_90\n.shared .align 2 .b32 s[5];\n", "less than the natural alignment")]
    [InlineData(".version 8.0\n.target sm_90\n.shared .align 4 .b8 s[];\n", "may leave its size open")]
    [InlineData(".version 8.0\n.target sm_90\n.shared .u32 s = 5;\n", "only .global and .const")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k(.param .pred p) { ret; }\n", "cannot be a predicate")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k(.param .b8 p[5000]) { ret; }\n", "4096 are the limit")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { .reg .bf16 %h1; ret; }\n", "not a type that can be declared")]
    [InlineData(".version 8.0\n.target sm_90\n.visible .entry k() { .reg .b32 %r1; mov.b32 %r1, 0f1234; ret; }\n", "8 hexadecimal digits")]
    public void Modules(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<PtxRefusedException>(() => PtxProgram.Parse(text)).Message);

    /// <summary>Damaged text is refused with a line number or still means something; it never breaks the reader.</summary>
    [Fact]
    public void Damaged_text_never_breaks_the_reader()
    {
        const string Inserts = "{}[](),;:.@!|+-<>=\"%_0x9f 8a\n/*";
        var random = new Random(17);
        string[] sources = [PtxText.VectorAdd, PtxText.BlockSum, PtxMatrixTests.Staged, PtxMatrixTests.Tf32];
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var text = new System.Text.StringBuilder(sources[i % sources.Length]);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(3))
                {
                    case 0: text.Remove(at, Math.Min(random.Next(1, 8), text.Length - at)); break;
                    case 1: text.Insert(at, Inserts[random.Next(Inserts.Length)]); break;
                    default: text[at] = text[random.Next(text.Length)]; break;
                }
            }

            try
            {
                PtxProgram.Parse(text.ToString());
            }
            catch (PtxRefusedException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1500, 3000);
    }
}
