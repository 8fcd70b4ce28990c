using ILGPU.Backends.PTX;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>A kernel that the driver has loaded; stays loaded until its accelerator is disposed.</summary>
public sealed class CudaKernel : Kernel
{
    /// <summary>The shared memory that a group can have unless more is asked for.</summary>
    private const int UsualSharedBytes = 48 * 1024;

    private readonly CudaAccelerator _accelerator;
    private readonly Lock _gate = new();
    private int _dynamicSharedLimit;

    internal CudaKernel(CudaAccelerator accelerator, PTXCompiledKernel compiled)
        : base(accelerator, compiled)
    {
        _accelerator = accelerator;
        accelerator.Bind();
        ModulePtr = LoadModule(accelerator, compiled);
        try
        {
            ICudaDriver driver = accelerator.Driver;
            driver.Check(
                driver.ModuleGetFunction(out nint function, ModulePtr, compiled.Module.EntryName), "cuModuleGetFunction", $"looking for kernel {compiled.Name}");
            FunctionPtr = function;
            Attributes = ReadAttributes(driver, function, compiled.Name);
        }
        catch
        {
            _ = accelerator.Driver.ModuleUnload(ModulePtr);
            throw;
        }
        Module = compiled.Module;
        _dynamicSharedLimit = Math.Max(0, UsualSharedBytes - Attributes.SharedBytes);
        accelerator.Attach(this);
    }

    /// <summary>The driver's handle of the module.</summary>
    public IntPtr ModulePtr { get; }

    /// <summary>The driver's handle of the kernel.</summary>
    public IntPtr FunctionPtr { get; }

    internal CudaKernelAttributes Attributes { get; }

    internal PtxModule Module { get; }

    /// <summary>Asks the driver for more dynamic shared memory than it allows unasked, if a launch needs it.</summary>
    internal void AllowDynamicShared(int bytes)
    {
        if (bytes <= Volatile.Read(ref _dynamicSharedLimit))
            return;
        lock (_gate)
        {
            if (bytes <= _dynamicSharedLimit)
                return;
            ICudaDriver driver = _accelerator.Driver;
            driver.Check(
                driver.FuncSetAttribute(FunctionPtr, CudaFunctionAttribute.MaxDynamicSharedSizeBytes, bytes),
                "cuFuncSetAttribute",
                $"allowing kernel {CompiledKernel.Name} {bytes} bytes of dynamic shared memory beside {Attributes.SharedBytes} bytes of its own");
            Volatile.Write(ref _dynamicSharedLimit, bytes);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _accelerator.Detach(this);
        _accelerator.SetCurrent();
        _accelerator.CheckRelease(_accelerator.Driver.ModuleUnload(ModulePtr), "cuModuleUnload", $"unloading kernel {CompiledKernel.Name}");
    }

    private static nint LoadModule(CudaAccelerator accelerator, PTXCompiledKernel compiled)
    {
        ICudaDriver driver = accelerator.Driver;
        CudaError result = driver.ModuleLoadData(out nint module, compiled.PTXAssembly, out string log);
        if (result != CudaError.CUDA_SUCCESS)
            driver.Check(result, "cuModuleLoadDataEx", $"loading kernel {compiled.Name} on {accelerator}{(log.Length > 0 ? ":\n" + log : "")}");
        return module;
    }

    private static CudaKernelAttributes ReadAttributes(ICudaDriver driver, nint function, string name)
    {
        return new CudaKernelAttributes(
            Read(CudaFunctionAttribute.NumRegisters),
            Read(CudaFunctionAttribute.LocalSizeBytes),
            Read(CudaFunctionAttribute.SharedSizeBytes),
            Read(CudaFunctionAttribute.ConstSizeBytes),
            Read(CudaFunctionAttribute.MaxThreadsPerBlock),
            Read(CudaFunctionAttribute.PtxVersion),
            Read(CudaFunctionAttribute.BinaryVersion));

        int Read(CudaFunctionAttribute attribute)
        {
            driver.Check(
                driver.FuncGetAttribute(out int value, attribute, function), "cuFuncGetAttribute", $"asking for {attribute} of kernel {name}");
            return value;
        }
    }
}
