using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

/// <summary>Kernels of the device's tests. On the GPU they are PTX written by hand, so that these tests need no compiler.</summary>
internal static class CudaKernels
{
    public static void Scale(ArrayView<float> x, float factor)
    {
        int i = Grid.GlobalIndex.X;
        if (i < x.IntLength)
            x[i] *= factor;
    }

    public static void Number(Index1D i, ArrayView<int> x) => x[i] = i;

    public static void Constant(ArrayView<int> x, SpecializedValue<int> value) => x[Group.IdxX] = value;

    /// <summary>x backwards, by way of dynamic shared memory, in one group.</summary>
    public static void Reverse(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        shared[Group.IdxX] = x[Group.IdxX];
        Group.Barrier();
        x[Group.IdxX] = shared[Group.DimX - 1 - Group.IdxX];
    }

    /// <summary>Writes behind the end, which a compiled kernel does not notice.</summary>
    public static void Overrun(ArrayView<int> x) => x[x.IntLength + Group.IdxX] = 1;

    public static void Broken(ArrayView<int> x) => x[0] = 1;
}

/// <summary>Gives kernels the PTX that was written for them; counts how often it was asked.</summary>
internal sealed class HandWrittenPtx : ICudaKernelCompiler
{
    public int Compilations { get; private set; }

    public List<PtxAssumptions> Assumptions { get; } = [];

    public PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized, PtxAssumptions assumptions)
    {
        Compilations++;
        Assumptions.Add(assumptions);
        int value = specialized?[1] is SpecializedValue<int> constant ? constant.Value : 0;
        (string body, int bytes, int extraShared, string variables) = entry.Method.Name switch
        {
            nameof(CudaKernels.Scale) => ("""
                ld.param.u64 %rd1, [args];
                ld.param.u64 %rd2, [args+8];
                ld.param.f32 %f1, [args+24];
                cvta.to.global.u64 %rd1, %rd1;
                mov.u32 %r1, %ctaid.x;
                mov.u32 %r2, %ntid.x;
                mov.u32 %r3, %tid.x;
                mad.lo.s32 %r4, %r1, %r2, %r3;
                cvt.s64.s32 %rd3, %r4;
                setp.ge.s64 %p1, %rd3, %rd2;
                @%p1 bra DONE;
                mad.lo.s64 %rd4, %rd3, 4, %rd1;
                ld.global.f32 %f2, [%rd4];
                mul.rn.f32 %f2, %f2, %f1;
                st.global.f32 [%rd4], %f2;
                DONE:
                """, 32, 0, ""),
            nameof(CudaKernels.Number) => ("""
                ld.param.u64 %rd1, [args];
                ld.param.s32 %r5, [args+24];
                cvta.to.global.u64 %rd1, %rd1;
                mov.u32 %r1, %ctaid.x;
                mov.u32 %r2, %ntid.x;
                mov.u32 %r3, %tid.x;
                mad.lo.s32 %r4, %r1, %r2, %r3;
                setp.ge.s32 %p1, %r4, %r5;
                @%p1 bra DONE;
                mul.wide.s32 %rd2, %r4, 4;
                add.s64 %rd2, %rd1, %rd2;
                st.global.s32 [%rd2], %r4;
                DONE:
                """, 40, 0, ""),
            nameof(CudaKernels.Constant) => ($"""
                ld.param.u64 %rd1, [args];
                cvta.to.global.u64 %rd1, %rd1;
                mov.u32 %r3, %tid.x;
                mul.wide.u32 %rd2, %r3, 4;
                add.s64 %rd2, %rd1, %rd2;
                mov.s32 %r4, {value};
                st.global.s32 [%rd2], %r4;
                """, 32, 0, ""),
            nameof(CudaKernels.Reverse) => ("""
                ld.param.u64 %rd1, [args];
                cvta.to.global.u64 %rd1, %rd1;
                mov.u32 %r1, %tid.x;
                mov.u32 %r2, %ntid.x;
                mul.wide.u32 %rd2, %r1, 4;
                add.s64 %rd2, %rd1, %rd2;
                ld.global.s32 %r3, [%rd2];
                mov.u32 %r4, dynamic;
                mad.lo.s32 %r5, %r1, 4, %r4;
                st.shared.s32 [%r5], %r3;
                bar.sync 0;
                sub.s32 %r6, %r2, %r1;
                sub.s32 %r6, %r6, 1;
                mad.lo.s32 %r5, %r6, 4, %r4;
                ld.shared.s32 %r3, [%r5];
                st.global.s32 [%rd2], %r3;
                """, 24, 0, ".extern .shared .align 16 .b8 dynamic[];"),
            nameof(CudaKernels.Overrun) => ("""
                ld.param.u64 %rd1, [args];
                ld.param.u64 %rd2, [args+8];
                cvta.to.global.u64 %rd1, %rd1;
                mad.lo.s64 %rd1, %rd2, 4, %rd1;
                mov.s32 %r1, 1;
                st.global.s32 [%rd1], %r1;
                """, 24, 0, ""),
            _ => ("ld.param.u64 %nothing, [args];", 24, 0, ""),
        };
        return new PtxModule
        {
            Text = Text(target, entry.Method.Name, body, bytes, variables),
            EntryName = entry.Method.Name,
            Target = target,
            ArgumentBytes = bytes,
            StaticSharedBytes = 0,
            ExtraDynamicSharedBytes = extraShared,
            LocalBytes = 0,
            AlignedViews = assumptions.AlignedViews ? entry.Views : [],
            ConstantViews = [],
            WrittenViews = [],
        };
    }

    private static string Text(PtxTarget target, string name, string body, int bytes, string variables) => $$"""
        .version {{target.IsaMajor}}.{{target.IsaMinor}}
        .target {{target.Name}}
        .address_size 64
        {{variables}}
        .visible .entry {{name}}(.param .align 8 .b8 args[{{bytes}}])
        {
            .reg .pred %p<2>;
            .reg .b32 %r<8>;
            .reg .b64 %rd<8>;
            .reg .f32 %f<4>;
        {{body}}
            ret;
        }
        """;
}
