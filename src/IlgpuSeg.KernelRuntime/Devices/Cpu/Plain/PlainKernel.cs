using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>Runs a kernel's method itself, one call per thread: the reference that compiled kernels are held against.</summary>
internal sealed class PlainKernelCompiler : ICpuKernelCompiler
{
    public CompiledCpuKernel Compile(KernelEntry entry) => new PlainKernel(entry);
}

/// <summary>A kernel whose method is called once per thread.</summary>
/// <remarks>
/// Threads that do not wait for each other run one after the other in an emitted loop, which loads the arguments once and
/// calls the method directly. Threads that do are run by <see cref="GroupFibers"/>.
/// </remarks>
internal sealed unsafe class PlainKernel : CompiledCpuKernel
{
    /// <summary>Bounds the operating-system threads of groups that run at once.</summary>
    private const int MaxFibers = 4096;

    private readonly Body _body;
    private readonly bool _synchronizes;
    private readonly bool _usesSharedMemory;

    public PlainKernel(KernelEntry entry)
    {
        KernelTraits traits = KernelTraits.Of(entry.Method);
        _synchronizes = traits.Synchronizes;
        _usesSharedMemory = traits.UsesSharedMemory;
        _body = EmitBody(entry);
    }

    /// <summary>Runs the threads first .. first + count - 1 of the group that the calling thread stands in.</summary>
    private delegate void Body(byte* arguments, int first, int count);

    public override int MaxWorkers(in LaunchDimensions dimensions) =>
        _synchronizes ? Math.Max(1, MaxFibers / dimensions.GroupSize) : int.MaxValue;

    public override void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
    {
        KernelThread.EnterLaunch(dimensions);
        if (_synchronizes && dimensions.GroupSize > 1)
            RunTogether(arguments, dimensions, firstGroup, groupCount);
        else
            RunInTurn(arguments, dimensions, firstGroup, groupCount);
    }

    private void RunTogether(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
    {
        GroupMemory memory = GroupMemory.OfThread;
        GroupFibers fibers = GroupFibers.Rent();
        Action<int> runThread = number => _body(arguments, number, 1);
        try
        {
            for (long group = firstGroup; group < firstGroup + groupCount; group++)
            {
                KernelThread.EnterGroup(group);
                memory.EnterGroup(dimensions.DynamicSharedBytes);
                fibers.Run(dimensions.GroupSize, memory, runThread);
            }
        }
        finally
        {
            fibers.Return();
        }
    }

    private void RunInTurn(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount)
    {
        GroupMemory? memory = _usesSharedMemory ? GroupMemory.OfThread : null;
        int size = dimensions.GroupSize;
        try
        {
            for (long group = firstGroup; group < firstGroup + groupCount; group++)
            {
                KernelThread.EnterGroup(group);
                memory?.EnterGroup(dimensions.DynamicSharedBytes);
                _body(arguments, 0, size);
            }
        }
        catch (Exception exception)
        {
            throw new KernelFault($"{KernelThread.Position}: {exception.Message}", exception);
        }
    }

    private static Body EmitBody(KernelEntry entry)
    {
        var method = new DynamicMethod(
            $"Run {entry.Name}",
            typeof(void),
            [typeof(byte*), typeof(int), typeof(int)],
            typeof(PlainKernel).Module,
            skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder[] arguments = EmitArguments(il, entry);
        LocalBuilder number = il.DeclareLocal(typeof(int));
        LocalBuilder end = il.DeclareLocal(typeof(int));
        Label test = il.DefineLabel();
        Label top = il.DefineLabel();
        Label next = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stloc, number);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, end);
        il.Emit(OpCodes.Br, test);
        il.MarkLabel(top);
        EmitState(il, nameof(KernelThread.EnterThread), number);
        if (!entry.IsExplicit)
        {
            EmitState(il, nameof(KernelThread.IsInExtent), number);
            il.Emit(OpCodes.Brfalse, next);
            EmitState(il, $"{entry.IndexType}Of", number);
        }
        foreach (LocalBuilder argument in arguments)
            il.Emit(OpCodes.Ldloc, argument);
        il.Emit(OpCodes.Call, entry.Method);
        il.MarkLabel(next);
        il.Emit(OpCodes.Ldloc, number);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, number);
        il.MarkLabel(test);
        il.Emit(OpCodes.Ldloc, number);
        il.Emit(OpCodes.Ldloc, end);
        il.Emit(OpCodes.Blt, top);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Body>();
    }

    private static LocalBuilder[] EmitArguments(ILGenerator il, KernelEntry entry)
    {
        var locals = new LocalBuilder[entry.Parameters.Count];
        for (int i = 0; i < locals.Length; i++)
        {
            KernelParameter parameter = entry.Parameters[i];
            locals[i] = il.DeclareLocal(parameter.Type);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, parameter.Offset);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldobj, parameter.Type);
            il.Emit(OpCodes.Stloc, locals[i]);
        }
        return locals;
    }

    private static void EmitState(ILGenerator il, string name, LocalBuilder number)
    {
        il.Emit(OpCodes.Ldloc, number);
        il.Emit(OpCodes.Call, typeof(KernelThread).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!);
    }
}
