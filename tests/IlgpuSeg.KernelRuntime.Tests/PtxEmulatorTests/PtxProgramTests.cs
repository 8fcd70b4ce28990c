using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Whole programs with known results.</summary>
public class PtxProgramTests
{
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential)]
    private readonly record struct Pair(ulong Pointer, int A, int B, long C);

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(1000, 128)]
    [InlineData(257, 96)]
    public void Vectors_add_with_a_tail(int n, int block)
    {
        var (x, y) = (Random(n, 1), Random(n, 2));
        var memory = new DeviceMemory();
        var z = memory.Allocate(4 * n, "z");
        var arguments = new PtxArguments().Add(memory.Allocate(x)).Add(memory.Allocate(y)).Add(z).Add(n);
        PtxProgram.Parse(PtxText.VectorAdd)["add"].Run(memory, new PtxLaunch((n + block - 1) / block, block), arguments);
        Assert.Equal(x.Zip(y, (a, b) => a + b), memory.Read<float>(z, n));
    }

    [Fact]
    public void Blocks_sum_with_shuffles_shared_memory_and_a_barrier()
    {
        var x = Random(512, 3);
        var memory = new DeviceMemory();
        var sums = memory.Allocate(16);
        var kernel = PtxProgram.Parse(PtxText.BlockSum)["blocksum"];
        kernel.Run(memory, new PtxLaunch(4, 128), new PtxArguments().Add(memory.Allocate(x)).Add(sums));
        for (var block = 0; block < 4; block++)
            Assert.Equal(x.Skip(128 * block).Take(128).Sum(v => (double)v), memory.Read<float>(sums, 4)[block], 1e-4);
        Assert.Equal(16, kernel.StaticShared);
    }

    /// <summary>Collatz steps: loops of different length in the lanes of a warp.</summary>
    [Fact]
    public void Lanes_loop_for_different_times_and_meet_again()
    {
        var text = PtxText.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            add.u32 %r2, %r1, 1;
            mov.b32 %r3, 0;
            LOOP:
            setp.eq.u32 %p1, %r2, 1;
            @%p1 bra OUT;
            add.u32 %r3, %r3, 1;
            and.b32 %r4, %r2, 1;
            setp.eq.u32 %p2, %r4, 1;
            @%p2 mad.lo.u32 %r2, %r2, 3, 1;
            @!%p2 shr.u32 %r2, %r2, 1;
            bra LOOP;
            OUT:
            activemask.b32 %r5;
            popc.b32 %r5, %r5;
            mul.wide.u32 %rd2, %r1, 8;
            add.u64 %rd2, %rd1, %rd2;
            st.global.v2.u32 [%rd2], {%r3, %r5};
            """);
        var memory = new DeviceMemory();
        var result = memory.Allocate(40 * 8);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 40), new PtxArguments().Add(result));
        var found = memory.Read<uint>(result, 80);
        for (var i = 0; i < 40; i++)
        {
            uint steps = 0;
            for (var n = i + 1; n != 1; n = n % 2 == 1 ? 3 * n + 1 : n / 2)
                steps++;
            Assert.Equal(steps, found[2 * i]);
            Assert.Equal(i < 32 ? 32u : 8u, found[2 * i + 1]);
        }
    }

    [Fact]
    public void Atomics_count_in_global_and_shared_memory()
    {
        var text = PtxText.Kernel(".param .u64 data, .param .u64 counts", """
            ld.param.u64 %rd1, [data];
            ld.param.u64 %rd2, [counts];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, local;
            setp.lt.u32 %p1, %r1, 4;
            shl.b32 %r3, %r1, 2;
            add.u32 %r4, %r2, %r3;
            @%p1 st.shared.u32 [%r4], 0;
            bar.sync 0;
            mov.u32 %r9, %ctaid.x;
            shl.b32 %r9, %r9, 6;
            add.u32 %r9, %r9, %r1;
            mul.wide.u32 %rd3, %r9, 4;
            add.u64 %rd3, %rd1, %rd3;
            ld.global.u32 %r5, [%rd3];
            and.b32 %r5, %r5, 3;
            shl.b32 %r5, %r5, 2;
            add.u32 %r6, %r2, %r5;
            atom.shared.add.u32 %r7, [%r6], 1;
            bar.sync 0;
            @!%p1 ret;
            ld.shared.u32 %r8, [%r4];
            mul.wide.u32 %rd4, %r1, 4;
            add.u64 %rd4, %rd2, %rd4;
            red.global.add.u32 [%rd4], %r8;
            """, ".shared .align 4 .b32 local[4];");
        var data = Enumerable.Range(0, 192).Select(i => (uint)(i * i + i / 7)).ToArray();
        var memory = new DeviceMemory();
        var counts = memory.Allocate(new uint[4]);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(3, 64), new PtxArguments().Add(memory.Allocate(data)).Add(counts));
        Assert.Equal(Enumerable.Range(0, 4).Select(v => (uint)data.Count(d => (d & 3) == v)), memory.Read<uint>(counts, 4));
    }

    /// <summary>Transposes a tile through dynamic shared memory, with 16-byte copies in flight while the next tile is computed.</summary>
    [Fact]
    public void Asynchronous_copies_arrive_when_waited_for()
    {
        var text = PtxText.Kernel(".param .u64 source, .param .u64 result", """
            ld.param.u64 %rd1, [source];
            ld.param.u64 %rd2, [result];
            mov.u32 %r1, %tid.x;
            shl.b32 %r2, %r1, 4;
            mov.u32 %r3, tile;
            add.u32 %r4, %r3, %r2;
            cvt.u64.u32 %rd3, %r2;
            add.u64 %rd4, %rd1, %rd3;
            cp.async.cg.shared.global [%r4], [%rd4], 16;
            cp.async.commit_group;
            cp.async.ca.shared.global [%r4+512], [%rd4+512], 8, 4;
            cp.async.commit_group;
            cp.async.wait_group 1;
            bar.sync 0;
            xor.b32 %r5, %r1, 31;
            shl.b32 %r5, %r5, 4;
            add.u32 %r6, %r3, %r5;
            ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r6];
            add.u64 %rd5, %rd2, %rd3;
            st.global.v4.f32 [%rd5], {%f4, %f3, %f2, %f1};
            cp.async.wait_all;
            bar.sync 0;
            ld.shared.v2.f32 {%f5, %f6}, [%r6+512];
            st.global.v2.f32 [%rd5+512], {%f5, %f6};
            """, ".extern .shared .align 16 .b8 tile[];");
        var source = Random(256, 4);
        var memory = new DeviceMemory();
        var result = memory.Allocate(1024);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 32, 1024), new PtxArguments().Add(memory.Allocate(source)).Add(result));
        var found = memory.Read<float>(result, 256);
        for (var i = 0; i < 128; i++)
            Assert.Equal(source[127 - i], found[i]);
        for (var i = 0; i < 32; i++)
            Assert.Equal((source[128 + 4 * (31 - i)], 0f), (found[128 + 4 * i], found[128 + 4 * i + 1]));
    }

    [Fact]
    public void Local_memory_belongs_to_each_thread_and_generic_addresses_reach_every_window()
    {
        var text = PtxText.Kernel(".param .u64 out", """
            .local .align 8 .b8 stack[32];
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            st.local.u32 [stack+8], %r1;
            cvta.local.u64 %rd2, stack;
            ld.u32 %r2, [%rd2+8];
            mov.u64 %rd3, tile;
            cvta.shared.u64 %rd4, %rd3;
            mul.wide.u32 %rd5, %r1, 4;
            add.u64 %rd4, %rd4, %rd5;
            st.u32 [%rd4], %r2;
            bar.sync 0;
            xor.b32 %r3, %r1, 1;
            mad.wide.u32 %rd6, %r3, 4, %rd3;
            ld.shared.u32 %r4, [%rd6];
            isspacep.shared %p1, %rd4;
            selp.u32 %r5, 100, 0, %p1;
            add.u32 %r4, %r4, %r5;
            ld.const.u32 %r6, [table+4];
            add.u32 %r4, %r4, %r6;
            add.u64 %rd7, %rd1, %rd5;
            st.u32 [%rd7], %r4;
            """, ".shared .align 4 .b8 tile[256];\n.const .align 4 .u32 table[2] = { 5, 1000 };");
        var memory = new DeviceMemory();
        var result = memory.Allocate(256);
        var kernel = PtxProgram.Parse(text)["k"];
        kernel.Run(memory, new PtxLaunch(1, 64), new PtxArguments().Add(result));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (i ^ 1) + 1100), memory.Read<int>(result, 64));
        Assert.Equal(32, kernel.LocalBytes);
    }

    [Fact]
    public void Structures_as_parameters_and_jump_tables()
    {
        var text = PtxText.Kernel(".param .align 8 .b8 shape[24], .param .f64 scale", """
            ld.param.u64 %rd1, [shape];
            ld.param.v2.u32 {%r1, %r2}, [shape+8];
            ld.param.s16 %r3, [shape+16];
            ld.param.f64 %fd1, [scale];
            mov.u32 %r4, %tid.x;
            rem.u32 %r5, %r4, 3;
            TARGETS: .branchtargets A, B, C;
            brx.idx %r5, TARGETS;
            A: mov.b32 %r6, %r1;
            bra JOIN;
            B: mov.b32 %r6, %r2;
            bra JOIN;
            C: mov.b32 %r6, %r3;
            JOIN:
            cvt.rn.f64.s32 %fd2, %r6;
            mul.f64 %fd2, %fd2, %fd1;
            mul.wide.u32 %rd2, %r4, 8;
            add.u64 %rd2, %rd1, %rd2;
            st.global.f64 [%rd2], %fd2;
            """);
        var memory = new DeviceMemory();
        var result = memory.Allocate(8 * 7);
        var arguments = new PtxArguments().Add(new Pair(result, 10, 20, -30)).Add(0.5);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 7), arguments);
        Assert.Equal([5, 10, -15, 5, 10, -15, 5], memory.Read<double>(result, 7));
    }

    [Fact]
    public void Barrier_reductions_and_named_barriers()
    {
        var text = PtxText.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            and.b32 %r2, %r1, 3;
            setp.eq.u32 %p1, %r2, 0;
            bar.red.popc.u32 %r3, 1, %p1;
            setp.lt.u32 %p2, %r1, 1000;
            bar.red.and.pred %p3, 0, %p2;
            setp.eq.u32 %p2, %r1, 77;
            bar.red.or.pred %p4, 0, !%p2;
            selp.u32 %r4, 1, 0, %p3;
            selp.u32 %r5, 2, 0, %p4;
            or.b32 %r4, %r4, %r5;
            mul.wide.u32 %rd2, %r1, 8;
            add.u64 %rd2, %rd1, %rd2;
            st.global.v2.u32 [%rd2], {%r3, %r4};
            """);
        var memory = new DeviceMemory();
        var result = memory.Allocate(96 * 8);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(1, 96), new PtxArguments().Add(result));
        Assert.All(memory.Read<(int, int)>(result, 96), pair => Assert.Equal((24, 3), pair));
    }

    [Fact]
    public void Three_dimensional_grids_number_threads_and_blocks()
    {
        var text = PtxText.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z;
            mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y; mov.u32 %r6, %ntid.z;
            mad.lo.u32 %r7, %r3, %r5, %r2;
            mad.lo.u32 %r7, %r7, %r4, %r1;
            mov.u32 %r8, %ctaid.x; mov.u32 %r9, %ctaid.y; mov.u32 %r10, %ctaid.z;
            mov.u32 %r11, %nctaid.x; mov.u32 %r12, %nctaid.y;
            mad.lo.u32 %r13, %r10, %r12, %r9;
            mad.lo.u32 %r13, %r13, %r11, %r8;
            mul.lo.u32 %r14, %r4, %r5;
            mul.lo.u32 %r14, %r14, %r6;
            mad.lo.u32 %r15, %r13, %r14, %r7;
            mul.wide.u32 %rd2, %r15, 4;
            add.u64 %rd2, %rd1, %rd2;
            mov.u32 %r16, %laneid; mov.u32 %r17, %warpid;
            mad.lo.u32 %r18, %r17, 32, %r16;
            st.global.u32 [%rd2], %r18;
            """);
        var memory = new DeviceMemory();
        var result = memory.Allocate(4 * 12 * 60);
        PtxProgram.Parse(text)["k"].Run(memory, new PtxLaunch(new Dim3(2, 3, 2), new Dim3(5, 4, 3)), new PtxArguments().Add(result));
        var found = memory.Read<int>(result, 720);
        for (var i = 0; i < 720; i++)
            Assert.Equal(i % 60, found[i]);
    }
}
