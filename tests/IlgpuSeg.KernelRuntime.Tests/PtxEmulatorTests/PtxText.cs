namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulatorTests;

/// <summary>Hand-written PTX for the emulator's own tests.</summary>
internal static class PtxText
{
    public static string Module(string rest, string target = "sm_90a", string version = "8.3") => $"""
        .version {version}
        .target {target}
        .address_size 64
        {rest}
        """;

    /// <summary>One entry "k" with these parameters and this body; registers of the usual classes are declared.</summary>
    public static string Kernel(string parameters, string body, string variables = "", string target = "sm_90a", string version = "8.3") =>
        Module($$"""
        {{variables}}
        .visible .entry k({{parameters}})
        {
            .reg .pred %p<8>;
            .reg .b16 %h<16>;
            .reg .b32 %r<32>;
            .reg .b64 %rd<32>;
            .reg .f32 %f<32>;
            .reg .f64 %fd<16>;
        {{body}}
            ret;
        }
        """, target, version);

    /// <summary>z[i] = x[i] + y[i] for i below n, one thread an element.</summary>
    public const string VectorAdd = """
        .version 8.3
        .target sm_90a
        .address_size 64

        // z = x + y
        .visible .entry add(
            .param .u64 x, .param .u64 y, .param .u64 z, .param .u32 n)
        {
            .reg .pred %p1;
            .reg .b32 %r<6>;
            .reg .b64 %rd<8>;
            .reg .f32 %f<4>;

            ld.param.u64 %rd1, [x];
            ld.param.u64 %rd2, [y];
            ld.param.u64 %rd3, [z];
            ld.param.u32 %r1, [n];
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r3, %ntid.x;
            mov.u32 %r4, %tid.x;
            mad.lo.s32 %r5, %r2, %r3, %r4;
            setp.ge.s32 %p1, %r5, %r1;
            @%p1 bra DONE;
            cvta.to.global.u64 %rd1, %rd1;
            mul.wide.s32 %rd4, %r5, 4;
            add.s64 %rd5, %rd1, %rd4;
            add.s64 %rd6, %rd2, %rd4;
            add.s64 %rd7, %rd3, %rd4;
            ld.global.f32 %f1, [%rd5];
            ld.global.nc.f32 %f2, [%rd6];
            add.rn.f32 %f3, %f1, %f2;
            st.global.f32 [%rd7], %f3;
        DONE:
            ret;
        }
        """;

    /// <summary>sum[block] = the sum of the block's 128 numbers: shuffles within warps, shared memory and a barrier between them.</summary>
    public const string BlockSum = """
        .version 8.3
        .target sm_90a
        .address_size 64
        .visible .entry blocksum(.param .u64 x, .param .u64 sum)
        .maxntid 128
        {
            .reg .pred %p<3>;
            .reg .b32 %r<16>;
            .reg .b64 %rd<8>;
            .reg .f32 %f<8>;
            .shared .align 16 .b8 partial[16];

            ld.param.u64 %rd1, [x];
            ld.param.u64 %rd2, [sum];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r3, %ntid.x;
            mad.lo.u32 %r4, %r2, %r3, %r1;
            mul.wide.u32 %rd3, %r4, 4;
            add.u64 %rd3, %rd1, %rd3;
            ld.global.f32 %f1, [%rd3];
            mov.b32 %r5, 16;
        FOLD:
            mov.b32 %r6, %f1;
            shfl.sync.bfly.b32 %r7, %r6, %r5, 31, 0xffffffff;
            mov.b32 %f2, %r7;
            add.f32 %f1, %f1, %f2;
            shr.u32 %r5, %r5, 1;
            setp.ne.u32 %p1, %r5, 0;
            @%p1 bra FOLD;
            and.b32 %r8, %r1, 31;
            setp.ne.u32 %p2, %r8, 0;
            @%p2 bra WAIT;
            shr.u32 %r9, %r1, 5;
            shl.b32 %r9, %r9, 2;
            mov.u32 %r10, partial;
            add.u32 %r10, %r10, %r9;
            st.shared.f32 [%r10], %f1;
        WAIT:
            bar.sync 0;
            setp.ne.u32 %p2, %r1, 0;
            @%p2 ret;
            ld.shared.v4.f32 {%f3, %f4, %f5, %f6}, [partial];
            add.f32 %f3, %f3, %f4;
            add.f32 %f5, %f5, %f6;
            add.f32 %f3, %f3, %f5;
            mul.wide.u32 %rd4, %r2, 4;
            add.u64 %rd4, %rd2, %rd4;
            st.global.f32 [%rd4], %f3;
            ret;
        }
        """;
}
