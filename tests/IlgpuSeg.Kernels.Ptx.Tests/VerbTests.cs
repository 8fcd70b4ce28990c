using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.Console;
using IlgpuSeg.KernelRuntime.Devices.Cuda;
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

namespace IlgpuSeg.Kernels.Ptx.Tests;

/// <summary>The program on a machine with two GPUs, an emulated sm_90 and an emulated sm_80. The console belongs to the process, so these run alone.</summary>
[Collection(Last.Name)]
public sealed class VerbTests
{
    private static readonly EmulatedCudaDriver Driver = new(90, 80);

    /// <summary>Before anything in this process asks for devices.</summary>
    [ModuleInitializer]
    internal static void PutEmulatedGpusIntoTheMachine() => CudaDriver.Use(Driver);

    [Fact]
    public void DevicesListsTheGpus()
    {
        var (code, output) = Run("devices");
        Assert.Equal(0, code);
        foreach (var part in new[] { "cuda:0", "cuda:1", "sm_90", "sm_80", "CUDA 12.8", "Emulated GPU 0", "cpu" })
            Assert.Contains(part, output);
    }

    [Theory]
    [InlineData("cuda:0", "LayerNorm")]
    [InlineData("cuda:1", "Softmax")]
    public void SelfTestPasses(string device, string filter)
    {
        var (code, output) = Run("selftest", "--device", device, "--filter", filter);
        Assert.True(code == 0, output);
        Assert.Contains($"rows on {device}, the worst at", output);
        foreach (var part in new[] { "forward", "backward", "gradcheck", "Float32", "Float64" })
            Assert.Contains(part, output);
    }

    [Fact]
    public void SelfTestTriesTheDeviceItself()
    {
        var (code, output) = Run("selftest", "--device", "cuda:0", "--filter", "Device");
        Assert.True(code == 0, output);
        foreach (var part in new[] { "Device.Copies", "Device.Streams", "Device.Graph", "Device.OutOfMemory", "ok: 4 rows" })
            Assert.Contains(part, output);
    }

    [Fact]
    public void SelfTestTellsWhatFails()
    {
        Driver.Fail("cuLaunchKernel", CudaError.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
        try
        {
            var (code, output) = Run("selftest", "--device", "cuda:0", "--filter", "Softmax");
            Assert.Equal(1, code);
            Assert.Contains("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", output);
            Assert.Contains("FAIL:", output);
        }
        finally
        {
            Driver.Fail("cuLaunchKernel", CudaError.CUDA_SUCCESS);
        }
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        var (output, error) = (System.Console.Out, System.Console.Error);
        using var text = new StringWriter();
        try
        {
            System.Console.SetOut(text);
            System.Console.SetError(text);
            return (CommandLine.Run(arguments), text.ToString());
        }
        finally
        {
            System.Console.SetOut(output);
            System.Console.SetError(error);
        }
    }
}
