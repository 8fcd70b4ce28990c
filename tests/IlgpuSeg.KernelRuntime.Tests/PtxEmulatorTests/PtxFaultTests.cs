using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>What can only be seen while the program runs: each of these is undefined on a device and must make a fault.</summary>
public class PtxFaultTests
{
    private const string Shared = ".shared .align 16 .b8 tile[1024];";

    private static PtxFaultException Fault(string body, string variables = Shared, int threads = 64, int blocks = 1)
    {
        var program = PtxProgram.Parse(
            PtxText.Kernel(".param .u64 data",
            "ld.param.u64 %rd1, [data];\nmov.u32 %r1, %tid.x;\nmov.u32 %r2, tile;\nmad.lo.u32 %r3, %r1, 4, %r2;\n" + body, variables));
        var memory = new DeviceMemory();
        var data = memory.Allocate(new int[64], "data");
        return Assert.Throws<PtxFaultException>(
            () => program["k"].Run(memory, new PtxLaunch(blocks, threads), new PtxArguments().Add(data)));
    }

    [Theory]
    // Addresses.
    [InlineData("ld.global.u32 %r4, [%rd1+256];", "0 bytes past the end of data")]
    [InlineData("ld.global.u32 %r4, [%rd1+-4];", "out of bounds")]
    [InlineData("ld.global.u32 %r4, [%rd1+2];", "not aligned to the access's 4 bytes")]
    [InlineData("ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd1+8];", "not aligned to the access's 16 bytes")]
    [InlineData("st.global.v2.f32 [%rd1+4], {0f00000000, 0f00000000};", "not aligned to the access's 8 bytes")]
    [InlineData("ld.shared.u32 %r4, [tile+1024];", "out of bounds")]
    [InlineData("mov.u64 %rd2, 0; ld.global.u32 %r4, [%rd2];", "the null pointer")]
    // State spaces.
    [InlineData("cvt.u64.u32 %rd2, %r3; st.global.u32 [%rd2], %r1;", "shared, local or constant state space")]
    [InlineData("cvt.u64.u32 %rd2, %r3; ld.u32 %r4, [%rd2];", "shared, local or constant state space")]
    [InlineData("st.shared.u32 [%rd1], %r1;", "out of bounds")]
    [InlineData("cvta.to.shared.u64 %rd2, %rd1;", "is not an address of shared memory")]
    [InlineData("cvta.shared.u64 %rd2, %rd1;", "is not an address of shared memory")]
    // Values that are not there.
    [InlineData("add.u32 %r4, %r5, 1;", "%r5 is read before it has a value")]
    [InlineData("@%p1 ret;", "the guard predicate is read before it has a value")]
    [InlineData("ld.shared.u32 %r4, [%r3];", "nothing has been written to")]
    [InlineData("setp.lt.u32 %p1, %r1, 5; @%p1 mov.u32 %r4, 1; st.global.u32 [%rd1], %r4;", "%r4 is read before it has a value")]
    [InlineData("setp.lt.u32 %p1, %r1, 32; @%p1 bra A; mov.u32 %r5, 1; A: st.shared.u32 [%r3], %r5;", "%r5 is read before it has a value")]
    [InlineData("rem.u32 %r4, %r1, %r1; add.u32 %r4, %r4, 1;", "%r4 is read before it has a value")]
    // Races and barriers.
    [InlineData("st.shared.u32 [%r3], 0; bar.sync 0; st.shared.u32 [%r3], %r1; xor.b32 %r4, %r1, 32; mad.lo.u32 %r4, %r4, 4, %r2; "
        + "ld.shared.u32 %r5, [%r4];", "races with")]
    [InlineData("st.shared.u32 [%r3], %r1; xor.b32 %r4, %r1, 1; mad.lo.u32 %r4, %r4, 4, %r2; ld.shared.u32 %r5, [%r4];",
        "races with a write")]
    [InlineData("st.shared.u32 [%r3], %r1; bar.sync 0; xor.b32 %r4, %r1, 1; mad.lo.u32 %r4, %r4, 4, %r2; ld.shared.u32 %r5, [%r4]; "
        + "st.shared.u32 [%r3], %r5;", "races with a read")]
    [InlineData("st.shared.u32 [tile], %r1;", "races with a write")]
    [InlineData("st.global.u32 [%rd1], %r1;", "races with a write")]
    [InlineData("atom.shared.add.u32 %r4, [tile], 1;", "nothing has been written to")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bar.sync 0;", "has exited while")]
    [InlineData("setp.lt.u32 %p1, %r1, 32; @%p1 ret; bar.sync 0;", "has exited while")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bra A; bar.sync 0; bra B; A: bar.sync 0; B:", "different barriers")]
    [InlineData("setp.lt.u32 %p1, %r1, 32; @%p1 bra A; bar.sync 0; bra B; A: bar.sync 1; B:", "cannot go on")]
    [InlineData("bar.sync 16;", "there are 16")]
    [InlineData("bar.sync 0, 40;", "not a multiple of 32")]
    [InlineData("and.b32 %r4, %r1, 1; bar.sync %r4;", "name different barriers")]
    // Warp-wide operations.
    [InlineData("shfl.sync.bfly.b32 %r4, %r1, 1, 31, 0xffff;", "not in the membermask")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bra A; shfl.sync.bfly.b32 %r4, %r1, 1, 31, 0xffffffff; A: bar.sync 0;", "waits for lanes")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bra A; shfl.sync.bfly.b32 %r4, %r1, 16, 31, 0xffff0000; st.shared.u32 [%r3], %r4; A:",
        "%r4 is read before it has a value")]
    [InlineData("setp.eq.u32 %p1, %r1, 3; @%p1 bra A; bar.warp.sync 0xffffffff; bra B; A: bar.warp.sync 0xffffffff; B:", "waits for lanes")]
    [InlineData("setp.lt.u32 %p1, %r1, 5; @%p1 bra.uni A; A:", "bra.uni")]
    // Asynchronous copies and read-only loads.
    [InlineData("mov.u32 %r4, 0; @%p1 ret; ret;", "guard predicate")]
    [InlineData("mad.wide.u32 %rd2, %r1, 4, %rd1; cp.async.ca.shared.global [%r3], [%rd2], 4; ld.shared.u32 %r4, [%r3];",
        "has not been waited for")]
    [InlineData("mad.wide.u32 %rd2, %r1, 4, %rd1; cp.async.ca.shared.global [%r3], [%rd2], 4; cp.async.wait_group 0; "
        + "ld.shared.u32 %r4, [%r3];", "has not been waited for")]
    [InlineData("mad.wide.u32 %rd2, %r1, 4, %rd1; cp.async.ca.shared.global [%r3], [%rd2], 4; cp.async.wait_all; xor.b32 %r4, %r1, 1; "
        + "mad.lo.u32 %r4, %r4, 4, %r2; ld.shared.u32 %r5, [%r4];", "races with a write")]
    [InlineData("cp.async.ca.shared.global [%r3+2], [%rd1], 4;", "not aligned")]
    [InlineData("cp.async.ca.shared.global [%r3], [%rd1], 4, 8;", "larger than cp-size")]
    [InlineData("mad.wide.u32 %rd2, %r1, 4, %rd1; st.global.u32 [%rd2], 1; ld.global.nc.u32 %r4, [%rd2];",
        "reads through .nc what this launch has written")]
    [InlineData("mad.wide.u32 %rd2, %r1, 4, %rd1; ld.global.nc.u32 %r4, [%rd2]; st.global.u32 [%rd2], 1;",
        "writes what this launch has read through .nc")]
    // Ends.
    [InlineData("A: bra A;", "probably does not end")]
    [InlineData("trap;", "trap")]
    public void Undefined_behaviour_is_a_fault(string body, string reason) => Assert.Contains(reason, Fault(body).Message);

    [Theory]
    [InlineData("setp.lt.u32 %p1, %r1, 5; @%p1 ret; mov.f32 %f1, 0.0; "
        + "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%f2, %f3, %f4, %f5}, {%r1, %r1}, {%r1}, {%f1, %f1, %f1, %f1};", 32,
        "some have exited")]
    [InlineData("mov.b32 %r4, 0; mov.f32 %f1, 0.0; "
        + "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%f2, %f3, %f4, %f5}, {%r4, %r4}, {%r4}, {%f1, %f1, %f1, %f1};", 16,
        "never existed")]
    [InlineData("setp.lt.u32 %p1, %r1, 5; mov.b32 %r4, 0; mov.f32 %f1, 0.0; "
        + "@%p1 mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%f2, %f3, %f4, %f5}, {%r4, %r4}, {%r4}, {%f1, %f1, %f1, %f1};", 32,
        "the guard leaves out lanes")]
    [InlineData("mov.f32 %f1, 0.1; mov.b32 %r4, %f1; "
        + "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%f2, %f3, %f4, %f5}, {%r4, %r4}, {%r4}, {%f1, %f1, %f1, %f1};", 32,
        "is no tf32 value")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r4}, [%r3+4];", 32, "not aligned to the access's 16 bytes")]
    public void Matrix_instructions_need_whole_warps_and_clean_operands(string body, int threads, string reason) =>
        Assert.Contains(reason, Fault(body, threads: threads).Message);

    [Fact]
    public void Faults_name_the_line_the_block_the_thread_and_the_instruction()
    {
        var fault = Fault("setp.eq.u32 %p1, %r1, 37;\n@%p1 ld.global.u32 %r4, [%rd1+4096];", blocks: 2);
        Assert.Contains("block (0,0,0), thread (37,0,0)", fault.Message);
        Assert.Contains("ld.global.u32 %r4", fault.Message);
    }

    [Fact]
    public void Blocks_race_in_global_memory_and_their_shared_memory_starts_empty()
    {
        Assert.Contains("races with a write by thread 0 of block 0",
            Fault("setp.ne.u32 %p1, %r1, 0; @%p1 ret; st.global.u32 [%rd1], 1;", blocks: 2).Message);
        Assert.Contains("block (1,0,0)",
            Fault("mov.u32 %r4, %ctaid.x; setp.eq.u32 %p1, %r4, 0; @%p1 st.shared.u32 [%r3], 1; ld.shared.u32 %r4, [%r3];",
            blocks: 2).Message);
    }

    [Fact]
    public void Ordered_accesses_are_no_races()
    {
        var text = PtxText.Kernel(".param .u64 data", """
            ld.param.u64 %rd1, [data];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, tile;
            mad.lo.u32 %r3, %r1, 4, %r2;
            st.shared.u32 [%r3], %r1;
            bar.warp.sync 0xffffffff;
            xor.b32 %r4, %r1, 1;
            mad.lo.u32 %r4, %r4, 4, %r2;
            ld.shared.u32 %r5, [%r4];
            bar.warp.sync 0xffffffff;
            st.shared.u32 [%r3], %r5;
            bar.sync 0;
            xor.b32 %r6, %r1, 33;
            mad.lo.u32 %r6, %r6, 4, %r2;
            ld.shared.u32 %r7, [%r6];
            mad.wide.u32 %rd2, %r1, 4, %rd1;
            st.global.u32 [%rd2], %r7;
            """, Shared);
        var memory = new DeviceMemory();
        var data = memory.Allocate(256);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 64), new PtxArguments().Add(data));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i ^ 32), memory.Read<int>(data, 64));
    }

    [Fact]
    public void Launches_are_held_against_the_entry()
    {
        var kernel = PtxProgram.Parse(PtxText.BlockSum)["blocksum"];
        var memory = new DeviceMemory();
        Assert.Contains(".maxntid",
            Assert.Throws<ArgumentException>(
            () => kernel.Run(memory, new PtxLaunch(1, 256), new PtxArguments().Add(0UL).Add(0UL))).Message);
        Assert.Contains("1 arguments",
            Assert.Throws<ArgumentException>(() => kernel.Run(memory, new PtxLaunch(1, 128), new PtxArguments().Add(0UL))).Message);
        Assert.Contains("4 bytes",
            Assert.Throws<ArgumentException>(() => kernel.Run(memory, new PtxLaunch(1, 128), new PtxArguments().Add(0UL).Add(0))).Message);
        Assert.Contains("shared memory",
            Assert.Throws<ArgumentException>(
            () => kernel.Run(memory, new PtxLaunch(1, 128, 240_000), new PtxArguments().Add(0UL).Add(0UL))).Message);
    }
}
