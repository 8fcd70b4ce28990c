using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>Turns failed calls of a driver into exceptions.</summary>
internal static class CudaCall
{
    /// <summary>Throws if a call failed.</summary>
    /// <param name="driver">The driver that was called.</param>
    /// <param name="result">What the call returned.</param>
    /// <param name="call">The function, as the driver names it.</param>
    /// <param name="purpose">What the call was to do, as it continues "while": "copying 16 bytes to the device".</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(this ICudaDriver driver, CudaError result, string call, string purpose)
    {
        if (result != CudaError.CUDA_SUCCESS)
            Throw(driver, result, call, purpose);
    }

    /// <inheritdoc cref="Check(ICudaDriver, CudaError, string, string)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(this ICudaDriver driver, CudaError result, string call, [InterpolatedStringHandlerArgument("result")] ref Purpose purpose)
    {
        if (result != CudaError.CUDA_SUCCESS)
            Throw(driver, result, call, purpose.ToString());
    }

    /// <summary>An error by the driver's name and description.</summary>
    public static string Describe(ICudaDriver driver, CudaError error)
    {
        string name = driver.GetErrorName(error) ?? $"error {(int)error}";
        return driver.GetErrorString(error) is { } description ? $"{name} ({description})" : name;
    }

    [DoesNotReturn]
    private static void Throw(ICudaDriver driver, CudaError error, string call, string purpose) =>
        throw new CudaException(error, driver.GetErrorName(error) ?? error.ToString(), $"{call}: {Describe(driver, error)} while {purpose}.");
}

/// <summary>The text of a purpose, put together only if the call failed, so that calls that succeed do not allocate.</summary>
[InterpolatedStringHandler]
internal ref struct Purpose
{
    private DefaultInterpolatedStringHandler _text;

    public Purpose(int literalLength, int formattedCount, CudaError result, out bool failed)
    {
        failed = result != CudaError.CUDA_SUCCESS;
        if (failed)
            _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string format) => _text.AppendFormatted(value, format);

    public override string ToString() => _text.ToStringAndClear();
}
