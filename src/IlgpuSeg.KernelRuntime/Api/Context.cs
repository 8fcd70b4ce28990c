using System.Collections.Immutable;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Util;

namespace ILGPU;

/// <summary>The devices of this machine and the settings of everything that is made from them.</summary>
public sealed partial class Context : CachedExtensionBase<ContextExtension>
{
    private readonly Lock _gate = new();
    private readonly List<Accelerator> _accelerators = [];

    private Context(Builder builder)
    {
        Properties = builder;
        Devices = [.. builder.Devices];
    }

    /// <summary>The version of ILGPU whose interface this runtime implements.</summary>
    public static string Version => "1.5.3";

    /// <summary>The devices that the builder was asked for.</summary>
    public ImmutableArray<Device> Devices { get; }

    /// <summary>The settings.</summary>
    public ContextProperties Properties { get; }

    /// <summary>Starts to build a context.</summary>
    public static Builder Create() => new();

    /// <summary>Builds a context.</summary>
    /// <param name="buildingCallback">Chooses devices and settings.</param>
    public static Context Create(Action<Builder> buildingCallback)
    {
        ArgumentNullException.ThrowIfNull(buildingCallback);
        Builder builder = Create();
        buildingCallback(builder);
        return builder.ToContext();
    }

    /// <summary>A context of all devices with the usual settings.</summary>
    public static Context CreateDefault() => Create(static builder => builder.Default());

    /// <summary>The n-th device of a type.</summary>
    /// <typeparam name="TDevice">The device type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public TDevice GetDevice<TDevice>(int deviceIndex)
        where TDevice : Device =>
        GetDevices<TDevice>()[deviceIndex];

    /// <summary>All devices of a type.</summary>
    /// <typeparam name="TDevice">The device type.</typeparam>
    public DeviceCollection<TDevice> GetDevices<TDevice>()
        where TDevice : Device =>
        new([.. Devices.OfType<TDevice>()]);

    /// <summary>The devices, one after the other.</summary>
    public ImmutableArray<Device>.Enumerator GetEnumerator() => Devices.GetEnumerator();

    /// <summary>The device to use where nobody chose one.</summary>
    /// <param name="preferCPU">True for the processor, false for a GPU if there is one.</param>
    public Device GetPreferredDevice(bool preferCPU) => GetPreferredDevices(preferCPU, false).First();

    /// <summary>The devices, the preferred ones first.</summary>
    /// <param name="preferCPU">True if processors come first, false if GPUs do.</param>
    /// <param name="matchingDevicesOnly">True to leave out the kinds that are not preferred.</param>
    public IEnumerable<Device> GetPreferredDevices(bool preferCPU, bool matchingDevicesOnly)
    {
        IEnumerable<Device> matching = Devices.Where(device => device is CPUDevice == preferCPU);
        return matchingDevicesOnly ? matching : matching.Concat(Devices.Where(device => device is CPUDevice != preferCPU));
    }

    internal void Attach(Accelerator accelerator)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        lock (_gate)
            _accelerators.Add(accelerator);
    }

    internal void Detach(Accelerator accelerator)
    {
        lock (_gate)
            _accelerators.Remove(accelerator);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Accelerator[] accelerators;
        lock (_gate)
            accelerators = [.. _accelerators];
        foreach (Accelerator accelerator in accelerators)
            accelerator.Dispose();
    }

    /// <summary>The devices of one type.</summary>
    /// <typeparam name="TDevice">The device type.</typeparam>
    public readonly ref struct DeviceCollection<TDevice>
        where TDevice : Device
    {
        private readonly TDevice[] _devices;

        internal DeviceCollection(TDevice[] devices)
        {
            _devices = devices;
        }

        /// <summary>The number of devices.</summary>
        public int Count => _devices.Length;

        /// <summary>The n-th device.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
        public TDevice this[int deviceIndex] =>
            (uint)deviceIndex < (uint)_devices.Length
                ? _devices[deviceIndex]
                : throw new ArgumentOutOfRangeException(
                    nameof(deviceIndex),
                    $"There is no {typeof(TDevice).Name} number {deviceIndex}; the context has {_devices.Length}.");
    }
}
