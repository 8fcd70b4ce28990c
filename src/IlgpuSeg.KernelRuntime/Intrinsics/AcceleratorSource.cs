using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

/// <summary>Names the accelerators of this machine and opens them: "cpu", "cuda:0", "cuda:1" ...</summary>
public static partial class AcceleratorSource
{
    private static readonly Lazy<Context> SharedContext = new(CreateContext);

    /// <summary>The names that <see cref="Open"/> takes here.</summary>
    public static IReadOnlyList<string> Names => [.. NamedDevices().Select(pair => pair.Name)];

    /// <summary>Opens an accelerator.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists the names that there are.</exception>
    public static Accelerator Open(string name)
    {
        foreach ((string candidate, Device device) in NamedDevices())
        {
            if (string.Equals(candidate, name, StringComparison.OrdinalIgnoreCase))
                return device.CreateAccelerator(SharedContext.Value);
        }
        throw new ArgumentException($"There is no device '{name}' here; available: {string.Join(", ", Names)}.{Explanation(name)}");
    }

    private static IEnumerable<(string Name, Device Device)> NamedDevices()
    {
        int gpus = 0;
        bool hasCpu = false;
        foreach (Device device in SharedContext.Value.Devices)
        {
            if (device.AcceleratorType == AcceleratorType.Cuda)
                yield return ($"cuda:{gpus++}", device);
            else if (device.AcceleratorType == AcceleratorType.CPU && !hasCpu)
            {
                hasCpu = true;
                yield return ("cpu", device);
            }
        }
    }

    private static partial Context CreateContext();

    /// <summary>A sentence, after a space, on why there is no device of a name; empty if there is nothing to tell.</summary>
    private static partial string Explanation(string name);
}
