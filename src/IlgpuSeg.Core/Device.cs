using System.Collections.Concurrent;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.Kernels;
using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>Where tensors live and kernels run: the CPU or a GPU.</summary>
public sealed class Device
{
    private static readonly ConcurrentDictionary<string, Lazy<Device>> Opened = new();

    private Device(string name, KernelHost kernels)
    {
        Name = name;
        Kernels = kernels;
        Allocator = new DeviceAllocator(name, kernels.Accelerator);
    }

    /// <summary>The CPU, with all its cores.</summary>
    public static Device Cpu => Open("cpu");

    /// <summary>The names of the devices of this machine: "cpu", "cuda:0", ...</summary>
    public static IReadOnlyList<string> Names => AcceleratorSource.Names;

    /// <summary>The name that opens this device.</summary>
    public string Name { get; }

    /// <summary>The ILGPU accelerator below.</summary>
    public Accelerator Accelerator => Kernels.Accelerator;

    /// <summary>The kernels loaded on this device.</summary>
    public KernelHost Kernels { get; }

    /// <summary>The memory of this device.</summary>
    public DeviceAllocator Allocator { get; }

    /// <summary>Opens a device by name; the same name gives the same device.</summary>
    /// <exception cref="ArgumentException">There is no such device; the message lists those there are.</exception>
    public static Device Open(string name) =>
        Opened.GetOrAdd(name, n => new Lazy<Device>(() => new Device(n, new KernelHost(AcceleratorSource.Open(n))))).Value;

    /// <summary>
    /// A device over an accelerator of the caller's, for programs that use ILGPU themselves. It has kernels, a memory cache and counters
    /// of its own, and its tensors do not mix with those of other devices.
    /// </summary>
    /// <param name="accelerator">Stays the caller's, and must outlive the device's tensors.</param>
    /// <param name="name">For messages.</param>
    public static Device Of(Accelerator accelerator, string name) => Of(new KernelHost(accelerator), name);

    /// <summary>The same with the forms of kernels that the caller has chosen, such as a GPU's on the CPU.</summary>
    /// <param name="kernels">The kernels; their accelerator stays the caller's, and must outlive the device's tensors.</param>
    /// <param name="name">For messages.</param>
    public static Device Of(KernelHost kernels, string name) => new(name, kernels);

    /// <summary>The NVIDIA GPU of the given index.</summary>
    /// <exception cref="ArgumentException">There is no such device.</exception>
    public static Device Cuda(int index) => Open($"cuda:{index}");

    /// <summary>Waits until everything launched so far has run.</summary>
    public void Synchronize() => Accelerator.Synchronize();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
