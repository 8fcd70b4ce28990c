#if KERNELS_ILGPU
using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The package's own compiler takes every kernel of the library: PTX for sm_80, which needs no GPU.</summary>
public sealed class PackagePtxTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.Default().EnableAlgorithms().Optimize(OptimizationLevel.O2));

    public PackagePtxTests() => IntrinsicRegistration.Register(context);

    public static TheoryData<string> Classes => [.. KernelCatalog.All.Select(kernel => kernel.Method.DeclaringType!.Name).Distinct()];

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Classes))]
    public void Compiles(string name)
    {
        foreach (var kernel in KernelCatalog.All.Where(kernel => kernel.Method.DeclaringType!.Name == name))
        {
            var text = Compile(kernel.Method);
            Assert.Contains(".target sm_80", text);
            Assert.Contains(".visible .entry", text);
            // A function that the package does not know becomes a declaration that no driver can resolve.
            Assert.DoesNotContain(".extern .func", text);
        }
    }

    [Fact]
    public void DeviceIntrinsicsAreInstructions()
    {
        var text = Compile(typeof(PackagePtxTests).GetMethod(nameof(AllIntrinsics), BindingFlags.NonPublic | BindingFlags.Static)!);
        string[] instructions =
        [
            "cp.async.cg.shared.global [%rd", "16, %r", "cp.async.ca.shared.global [%rd", "8, %r", "4, %r", "cp.async.commit_group;", "cp.async.wait_group 0;",
            "cp.async.wait_group 1;", "cp.async.wait_group 2;", "cp.async.wait_group 3;", "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r",
            "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r", "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r", "m8n8.x1.trans.shared.b16 {%r",
            "m8n8.x2.trans.shared.b16 {%r", "m8n8.x4.trans.shared.b16 {%r", "cvt.rna.tf32.f32 %r", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f",
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f", "fma.rn.f32",
        ];
        Assert.All(instructions, instruction => Assert.Contains(instruction, text));
        // The portable bodies meet at barriers around the mailbox.
        Assert.DoesNotContain("bar.sync", text);
        Assert.DoesNotContain(".local", text);
    }

    // Two barriers are the kernel's own: one before the loop's first round, one in it.
    [Theory]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, Tf32Operand, RowMajor, SmallTensorTile>", 32)]
    [InlineData("GemmTensor.Product<AffineResidualEpilogue, BFloat16Operand, RowMajor, LargeTensorTile>", 128)]
    public void TensorProductsKeepTheirOperandsInRegisters(string kernel, int products)
    {
        var text = Compile(KernelCatalog.Find(kernel).Method);
        Assert.Equal(products, text.Split("mma.sync").Length - 1);
        Assert.Equal(2, text.Split("bar.sync").Length - 1);
        Assert.DoesNotContain(".local", text);
    }

    private static void AllIntrinsics(ArrayView<uint> x, ArrayView<float> y)
    {
        var shared = SharedMemory.Allocate<uint>(1024);
        var mailbox = SharedMemory.Allocate<uint>(192);
        AsyncCopy.Copy16(shared, 4 * Group.IdxX, x, 4 * Group.IdxX, x[0] > 0);
        AsyncCopy.Copy8(shared, 2 * Group.IdxX, x, 2 * Group.IdxX, x[0] > 1);
        AsyncCopy.Copy4(shared, Group.IdxX, x, Group.IdxX, x[0] > 2);
        AsyncCopy.Commit();
        AsyncCopy.Wait(3);
        AsyncCopy.Wait(2);
        AsyncCopy.Wait(1);
        AsyncCopy.Wait(0);
        var at = 4 * Group.IdxX;
        var a = MatrixLoad.X4(shared, at, mailbox);
        var b = MatrixLoad.X2Transposed(shared, at, mailbox);
        Sums4 c = new(y[0], y[1], y[2], y[3]);
        c = TensorCore.MultiplyBFloat16(a, b, c, mailbox);
        c = TensorCore.MultiplyHalf(MatrixLoad.X4Transposed(shared, at, mailbox), MatrixLoad.X2(shared, at, mailbox), c, mailbox);
        Registers2 d = new(MatrixLoad.X1(shared, at, mailbox), MatrixLoad.X1Transposed(shared, at, mailbox));
        c = TensorCore.MultiplyTf32(TensorCore.RoundTf32(a), d, c, mailbox);
        y[Group.IdxX] = DeviceIntrinsics.Fma(c.X0, c.X1, c.X2) + c.X3;
    }

    private string Compile(MethodInfo kernel)
    {
        // The last argument is NVIDIA's math library, for which the context does not ask.
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        var compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), new KernelSpecialization(null, null));
        return Assert.IsType<PTXCompiledKernel>(compiled).PTXAssembly;
    }
}
#endif
