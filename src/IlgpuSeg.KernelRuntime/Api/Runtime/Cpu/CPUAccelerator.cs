using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU.Runtime.CPU;

/// <summary>The processor in use. Launches and copies are done when the call returns.</summary>
public sealed unsafe class CPUAccelerator : Accelerator
{
    private readonly ICpuKernelCompiler _compiler;
    private readonly ConcurrentDictionary<(MethodInfo, IndexType, KernelSpecialization), Lazy<LoadedKernel>> _kernels = new();

    internal CPUAccelerator(Context context, CPUDevice device)
        : base(context, device)
    {
        Pool = WorkerPool.Of(device.NumThreads);
        _compiler = device.Execution.CreateCompiler();
    }

    /// <summary>The number of threads that run groups.</summary>
    public int NumThreads => Pool.Threads;

    internal WorkerPool Pool { get; }

    internal override LoadedKernel Load(KernelEntry entry) =>
        _kernels.GetOrAdd(
            entry.Key,
            static (_, state) => new Lazy<LoadedKernel>(
                () => new LoadedCpuKernel(state.Self, state.Entry, state.Self._compiler.Compile(state.Entry))),
            (Self: this, Entry: entry)).Value;

    internal override RawMemory AllocateMemory(long bytes) => new HostMemory(bytes);

    internal override void CopyFromHost(AcceleratorStream stream, void* host, void* target, long bytes, bool async) =>
        NativeMemory.Copy(host, target, (nuint)bytes);

    internal override void CopyToHost(AcceleratorStream stream, void* source, void* host, long bytes, bool async) =>
        NativeMemory.Copy(source, host, (nuint)bytes);

    internal override void CopyBytes(AcceleratorStream stream, void* source, void* target, long bytes) =>
        NativeMemory.Copy(source, target, (nuint)bytes);

    internal override void FillBytes(AcceleratorStream stream, void* target, byte value, long bytes) =>
        NativeMemory.Fill(target, (nuint)bytes, value);

    internal override PageLockScope<T> PageLock<T>(Array owner, IntPtr address, long length) =>
        new PinnedPages<T>(this, address, length);

    private protected override AcceleratorStream CreateStreamCore() => new CpuStream(this);

    private protected override void SynchronizeCore()
    {
        // Nothing is ever under way: launches run to their end before they return.
    }

    private sealed class PinnedPages<T>(Accelerator accelerator, IntPtr address, long length)
        : PageLockScope<T>(accelerator, address, length)
        where T : unmanaged;
}
