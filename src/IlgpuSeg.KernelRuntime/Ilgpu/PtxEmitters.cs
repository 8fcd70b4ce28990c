using System.Globalization;
using System.Text;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Types;
using Registers = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>;

namespace IlgpuSeg.KernelRuntime;

/// <summary>How <see cref="PtxInstructions"/> are written, by name; register layouts are drawn in TensorCore.cs and MatrixLoad.cs.</summary>
internal static class PtxEmitters
{
    private static void Copy16(PTXBackend backend, PTXCodeGenerator generator, Value call) => Copy("cg", 16, generator, call);

    private static void Copy8(PTXBackend backend, PTXCodeGenerator generator, Value call) => Copy("ca", 8, generator, call);

    private static void Copy4(PTXBackend backend, PTXCodeGenerator generator, Value call) => Copy("ca", 4, generator, call);

    private static void Commit(PTXBackend backend, PTXCodeGenerator generator, Value call) => generator.Command("cp.async.commit_group", null);

    private static void WaitForAll(PTXBackend backend, PTXCodeGenerator generator, Value call) => generator.Command("cp.async.wait_group 0", null);

    private static void WaitForAllButOne(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        generator.Command("cp.async.wait_group 1", null);

    private static void WaitForAllButTwo(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        generator.Command("cp.async.wait_group 2", null);

    private static void WaitForAllButThree(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        generator.Command("cp.async.wait_group 3", null);

    private static void Load1(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x1", generator, call);

    private static void Load2(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x2", generator, call);

    private static void Load4(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x4", generator, call);

    private static void Load1Transposed(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x1.trans", generator, call);

    private static void Load2Transposed(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x2.trans", generator, call);

    private static void Load4Transposed(PTXBackend backend, PTXCodeGenerator generator, Value call) => Load("x4.trans", generator, call);

    private static void RoundTf32(PTXBackend backend, PTXCodeGenerator generator, Value call)
    {
        var value = Text(generator, generator.Load(call[0]));
        Write(generator, $"cvt.rna.tf32.f32 {Text(generator, generator.Allocate(call))}, {value};");
    }

    private static void MultiplyTf32(PTXBackend backend, PTXCodeGenerator generator, Value call) => Multiply("m16n8k8.row.col.f32.tf32.tf32.f32", generator, call);

    private static void MultiplyBFloat16(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        Multiply("m16n8k16.row.col.f32.bf16.bf16.f32", generator, call);

    private static void MultiplyHalf(PTXBackend backend, PTXCodeGenerator generator, Value call) => Multiply("m16n8k16.row.col.f32.f16.f16.f32", generator, call);

    private static void Copy(string cache, int size, PTXCodeGenerator generator, Value call)
    {
        var target = Address(generator, call[0], "shared");
        var source = Address(generator, call[1], "global");
        Write(generator, string.Create(
            CultureInfo.InvariantCulture, $"cp.async.{cache}.shared.global [{target}], [{source}], {size}, {Text(generator, generator.Load(call[2]))};"));
    }

    private static void Load(string form, PTXCodeGenerator generator, Value call)
    {
        var row = Address(generator, call[0], "shared");
        Write(generator, $"ldmatrix.sync.aligned.m8n8.{form}.shared.b16 {List(generator, generator.Allocate(call))}, [{row}];");
    }

    private static void Multiply(string form, PTXCodeGenerator generator, Value call)
    {
        var a = List(generator, generator.Load(call[0]));
        var b = List(generator, generator.Load(call[1]));
        var c = List(generator, generator.Load(call[2]));
        Write(generator, $"mma.sync.aligned.{form} {List(generator, generator.Allocate(call))}, {a}, {b}, {c};");
    }

    /// <summary>A pointer's register, converted first if the package did not find out which memory it points to.</summary>
    private static string Address(PTXCodeGenerator generator, Value pointer, string space)
    {
        var address = Text(generator, generator.Load(pointer));
        if (pointer.Type is not AddressSpaceType { AddressSpace: MemoryAddressSpace.Generic }) return address;
        var converted = generator.AllocateRegister(BasicValueType.Int64, PTXRegisterKind.Int64);
        Write(generator, $"cvta.to.{space}.u64 {Text(generator, converted)}, {address};");
        return Text(generator, converted);
    }

    private static string List(PTXCodeGenerator generator, Registers.Register register) => register is Registers.CompoundRegister compound
        ? $"{{{string.Join(", ", compound.Children.Select(child => Text(generator, child)))}}}"
        : $"{{{Text(generator, register)}}}";

    private static string Text(PTXCodeGenerator generator, Registers.Register register) =>
        "%" + PTXRegisterAllocator.GetStringRepresentation(generator.EnsureHardwareRegister((Registers.PrimitiveRegister)register));

    private static void Write(PTXCodeGenerator generator, string instruction)
    {
        StringBuilder text = generator.Builder;
        text.Append('\t').AppendLine(instruction);
    }
}
