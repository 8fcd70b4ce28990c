using System.Reflection;
using System.Reflection.Emit;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>
/// Emits the typed delegate by which a kernel is launched: it writes its arguments into a block on the stack and calls
/// <see cref="LoadedKernel"/>, so that no launch allocates or boxes anything.
/// </summary>
internal static class LauncherEmitter
{
    private static readonly MethodInfo LaunchExplicit =
        typeof(LoadedKernel).GetMethod(nameof(LoadedKernel.LaunchExplicit))!;

    private static readonly MethodInfo LaunchImplicit =
        typeof(LoadedKernel).GetMethod(nameof(LoadedKernel.LaunchImplicit))!;

    /// <summary>Makes a launcher.</summary>
    /// <typeparam name="TDelegate">
    /// An action of an optional <see cref="AcceleratorStream"/>, the <see cref="KernelConfig"/> or index, and the kernel's parameters.
    /// </typeparam>
    /// <param name="kernel">The kernel.</param>
    /// <param name="groupSize">The group size of an implicitly grouped kernel; 0 for the device's choice.</param>
    public static TDelegate Emit<TDelegate>(LoadedKernel kernel, int groupSize)
        where TDelegate : Delegate
    {
        Type[] types = [.. typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType)];
        bool hasStream = types[0] == typeof(AcceleratorStream);
        int dimension = hasStream ? 2 : 1;
        var method = new DynamicMethod(
            $"Launch {kernel.Entry.Name}",
            typeof(void),
            [typeof(LoadedKernel), .. types],
            typeof(LauncherEmitter).Module,
            skipVisibility: true)
        {
            InitLocals = false,
        };
        ILGenerator il = method.GetILGenerator();
        LocalBuilder block = EmitBlock(il, kernel.Entry, dimension + 1);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(hasStream ? OpCodes.Ldarg_1 : OpCodes.Ldnull);
        il.Emit(OpCodes.Ldarg, (short)dimension);
        if (!kernel.Entry.IsExplicit)
        {
            il.Emit(OpCodes.Call, typeof(LaunchExtent).GetMethod(nameof(LaunchExtent.Of), [types[dimension - 1]])!);
            il.Emit(OpCodes.Ldc_I4, groupSize);
        }
        il.Emit(OpCodes.Ldloc, block);
        il.Emit(OpCodes.Call, kernel.Entry.IsExplicit ? LaunchExplicit : LaunchImplicit);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>(kernel);
    }

    private static LocalBuilder EmitBlock(ILGenerator il, KernelEntry entry, int firstArgument)
    {
        LocalBuilder block = il.DeclareLocal(typeof(byte*));
        il.Emit(OpCodes.Ldc_I4, Math.Max(entry.BlockSize, 8));
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Localloc);
        il.Emit(OpCodes.Stloc, block);
        for (int i = 0; i < entry.Parameters.Count; i++)
        {
            KernelParameter parameter = entry.Parameters[i];
            il.Emit(OpCodes.Ldloc, block);
            il.Emit(OpCodes.Ldc_I4, parameter.Offset);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldarg, (short)(firstArgument + i));
            il.Emit(OpCodes.Stobj, parameter.Type);
        }
        return block;
    }
}
