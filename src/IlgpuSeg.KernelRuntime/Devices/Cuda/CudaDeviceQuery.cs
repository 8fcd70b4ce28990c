using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>Asks a driver for the properties of one device.</summary>
internal sealed class CudaDeviceQuery
{
    private CudaDeviceQuery(ICudaDriver driver, int ordinal)
    {
        Driver = driver;
        Ordinal = ordinal;
        driver.Check(driver.DeviceGet(out int handle, ordinal), "cuDeviceGet", $"looking for device {ordinal}");
        Handle = handle;
        driver.Check(driver.DeviceGetName(out string name, handle), "cuDeviceGetName", $"asking for the name of device {ordinal}");
        Name = name;
        driver.Check(driver.DeviceTotalMem(out nuint bytes, handle), "cuDeviceTotalMem", $"asking for the memory of device {ordinal}");
        TotalMemory = (long)bytes;
        driver.Check(driver.DriverGetVersion(out int version), "cuDriverGetVersion", "asking for the driver's version");
        DriverVersion = CudaDriverVersion.FromValue(version);
    }

    public ICudaDriver Driver { get; }

    public int Ordinal { get; }

    public int Handle { get; }

    public string Name { get; }

    public long TotalMemory { get; }

    public CudaDriverVersion DriverVersion { get; }

    public int this[CudaDeviceAttribute attribute]
    {
        get
        {
            Driver.Check(
                Driver.DeviceGetAttribute(out int value, attribute, Handle),
                "cuDeviceGetAttribute",
                $"asking for {attribute} of device {Ordinal}");
            return value;
        }
    }

    /// <summary>The devices of a driver, in its order.</summary>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static IEnumerable<CudaDevice> Devices(ICudaDriver driver)
    {
        driver.Check(driver.DeviceGetCount(out int count), "cuDeviceGetCount", "counting devices");
        return Enumerable.Range(0, count).Select(ordinal => new CudaDevice(new CudaDeviceQuery(driver, ordinal)));
    }
}
