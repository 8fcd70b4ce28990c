using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime;

/// <summary>Tells the package's PTX back end how to emit our device intrinsics. Its CPU accelerator runs their bodies.</summary>
internal static class IntrinsicRegistration
{
    /// <summary>Registers all intrinsics with a context, which must be done before a kernel is loaded.</summary>
    public static void Register(Context context)
    {
        RegisterFma(context, typeof(float), nameof(EmitFmaFloat32));
        RegisterFma(context, typeof(double), nameof(EmitFmaFloat64));
        foreach (MethodInfo instructions in typeof(PtxIntrinsics).GetMethods(BindingFlags.Public | BindingFlags.Static))
            Redirect(context, Portable(instructions), instructions);
        foreach (MethodInfo instruction in typeof(PtxInstructions).GetMethods(BindingFlags.Public | BindingFlags.Static))
        {
            context.GetIntrinsicManager().RegisterMethod(
                instruction, new PTXIntrinsic(typeof(PtxEmitters), instruction.Name, IntrinsicImplementationMode.GenerateCode));
        }
    }

    private static void Redirect(Context context, MethodInfo portable, MethodInfo instructions) =>
        context.GetIntrinsicManager().RegisterMethod(
            portable, new PTXIntrinsic(instructions, IntrinsicImplementationMode.Redirect, CudaArchitecture.SM_80));

    /// <summary>The method of ours with the same name and parameters.</summary>
    private static MethodInfo Portable(MethodInfo instructions) =>
        new[] { typeof(AsyncCopy), typeof(MatrixLoad), typeof(TensorCore) }
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
            .Single(method => method.Name == instructions.Name && Names(method).SequenceEqual(Names(instructions)));

    private static IEnumerable<string> Names(MethodInfo method) => method.GetParameters().Select(p => p.ParameterType.ToString());

    private static void RegisterFma(Context context, Type type, string emitter)
    {
        MethodInfo method = typeof(DeviceIntrinsics).GetMethod(nameof(DeviceIntrinsics.Fma), [type, type, type])!;
        context.GetIntrinsicManager().RegisterMethod(
            method,
            new PTXIntrinsic(typeof(IntrinsicRegistration), emitter, IntrinsicImplementationMode.GenerateCode));
    }

    private static void EmitFmaFloat32(PTXBackend backend, PTXCodeGenerator codeGenerator, Value value) =>
        EmitFma("fma.rn.f32", codeGenerator, value);

    private static void EmitFmaFloat64(PTXBackend backend, PTXCodeGenerator codeGenerator, Value value) =>
        EmitFma("fma.rn.f64", codeGenerator, value);

    /// <summary>Emits the instruction for a call of three arguments.</summary>
    private static void EmitFma(string instruction, PTXCodeGenerator codeGenerator, Value call)
    {
        var a = codeGenerator.LoadPrimitive(call[0]);
        var b = codeGenerator.LoadPrimitive(call[1]);
        var c = codeGenerator.LoadPrimitive(call[2]);
        var target = codeGenerator.AllocateHardware(call);
        using var command = codeGenerator.BeginCommand(instruction);
        command.AppendArgument(target);
        command.AppendArgument(a);
        command.AppendArgument(b);
        command.AppendArgument(c);
    }
}
