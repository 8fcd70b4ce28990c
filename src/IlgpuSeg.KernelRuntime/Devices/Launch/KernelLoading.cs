using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>What all of the public kernel loaders come down to.</summary>
internal static class KernelLoading
{
    /// <summary>Loads an explicitly grouped kernel.</summary>
    public static TLauncher LoadExplicit<TLauncher>(this Accelerator accelerator, Delegate kernel, KernelSpecialization specialization)
        where TLauncher : Delegate
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(kernel);
        accelerator.VerifyUsable();
        if (!specialization.IsCompatibleWith(accelerator))
            throw new NotSupportedException(
                $"{specialization.MaxNumThreadsPerGroup} threads per group are more than " +
                $"the {accelerator.MaxNumThreadsPerGroup} of {accelerator}.");
        return LauncherEmitter.Emit<TLauncher>(accelerator.Load(KernelEntry.Explicit(kernel.Method, specialization)), 0);
    }

    /// <summary>Loads an implicitly grouped kernel whose group size the device chooses.</summary>
    public static TLauncher LoadImplicit<TLauncher, TIndex>(this Accelerator accelerator, Delegate kernel)
        where TLauncher : Delegate =>
        Load<TLauncher, TIndex>(accelerator, kernel, 0);

    /// <summary>Loads an implicitly grouped kernel with a group size.</summary>
    public static TLauncher LoadImplicit<TLauncher, TIndex>(this Accelerator accelerator, Delegate kernel, int groupSize)
        where TLauncher : Delegate
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        if (groupSize < 1 || groupSize > accelerator.MaxNumThreadsPerGroup)
            throw new ArgumentOutOfRangeException(
                nameof(groupSize),
                $"The group size {groupSize} is not in 1 .. {accelerator.MaxNumThreadsPerGroup}.");
        return Load<TLauncher, TIndex>(accelerator, kernel, groupSize);
    }

    private static TLauncher Load<TLauncher, TIndex>(Accelerator accelerator, Delegate kernel, int groupSize)
        where TLauncher : Delegate
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(kernel);
        accelerator.VerifyUsable();
        return LauncherEmitter.Emit<TLauncher>(accelerator.Load(KernelEntry.Implicit(kernel.Method, typeof(TIndex))), groupSize);
    }
}
