using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Contexts, devices, and the names under which accelerators are opened.</summary>
public sealed class ContextTests
{
    [Fact]
    public void DefaultContextHasTheProcessor()
    {
        using Context context = Context.CreateDefault();
        var device = Assert.IsType<CPUDevice>(context.GetPreferredDevice(preferCPU: true));
        Assert.Equal(AcceleratorType.CPU, device.AcceleratorType);
        Assert.Equal((8, 1024), (device.WarpSize, device.MaxNumThreadsPerGroup));
        Assert.True(device.NumMultiprocessors > 0 && device.MemorySize > 0 && device.Name.Length > 0);
        Assert.Contains(device, context.Devices);
        Assert.Equal(1, context.GetCPUDevices().Count);
        using var text = new StringWriter();
        device.PrintInformation(text);
        Assert.Contains("Warp size", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void DevicesCanBeLeftOut()
    {
        using Context context = Context.Create(static builder => builder.AllAccelerators(device => device is not CPUDevice));
        Assert.DoesNotContain(context.Devices, device => device is CPUDevice);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => context.GetCPUDevice(0));
        Assert.Contains("no CPUDevice number 0", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DisposingAContextDisposesItsAccelerators()
    {
        Context context = Context.Create(static builder => builder.CPU());
        Accelerator accelerator = context.GetPreferredDevice(true).CreateAccelerator(context);
        context.Dispose();
        Assert.True(accelerator.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => context.CreateCPUAccelerator(0));
    }

    [Fact]
    public void SettingsAreKept()
    {
        using Context context = Context.Create(
            static builder => builder.CPU().Optimize(OptimizationLevel.O2).Profiling().EnableAlgorithms());
        Assert.Equal(OptimizationLevel.O2, context.Properties.OptimizationLevel);
        Assert.True(context.Properties.EnableProfiling);
        Assert.Equal("1.5.3", Context.Version);
    }

    [Fact]
    public void AcceleratorsOpenByName()
    {
        Assert.Equal("cpu", AcceleratorSource.Names[0]);
        using Accelerator accelerator = AcceleratorSource.Open("CPU");
        Assert.Equal(AcceleratorType.CPU, accelerator.AcceleratorType);
        var exception = Assert.Throws<ArgumentException>(() => AcceleratorSource.Open("abacus"));
        Assert.Contains("'abacus'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("available: cpu", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProcessorNameIsReadFromLinux()
    {
        string[] lines = ["processor\t: 0", "model name\t: Some CPU @ 2 GHz", "model name\t: Other"];
        Assert.Equal("Some CPU @ 2 GHz", CpuName.FromCpuInfo(lines));
        Assert.Null(CpuName.FromCpuInfo(["processor: 0"]));
        Assert.NotEmpty(CpuName.Read());
    }

    [Fact]
    public void CompilerExceptionCarriesItsCause()
    {
        var cause = new FormatException();
        Assert.Same(cause, new InternalCompilerException("message", cause).InnerException);
        Assert.Equal("message", new InternalCompilerException("message").Message);
    }
}
