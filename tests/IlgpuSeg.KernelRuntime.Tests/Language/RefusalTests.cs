using System.Reflection;
using System.Text.RegularExpressions;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>What is outside of the kernel language is refused with the method, the IL offset, the line, the reason and a way out.</summary>
public sealed partial class RefusalTests
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;

    public static TheoryData<string> Kernels =>
        [.. typeof(RefusedKernels).GetMethods(Any).Where(m => m.GetCustomAttribute<RefusedAttribute>() is not null).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void RefusedWithAllPartsOfTheMessage(string name)
    {
        var method = typeof(RefusedKernels).GetMethod(name, Any)!;
        var expected = method.GetCustomAttribute<RefusedAttribute>()!;
        var message = Assert.Throws<InternalCompilerException>(
            () => new SimdKernelCompiler(LaneWidth.Eight).Compile(KernelEntry.Explicit(method, KernelSpecialization.Empty))).Message;

        var parts = Parts().Match(message);
        Assert.True(parts.Success, message);
        Assert.Equal(expected.Construct, parts.Groups["construct"].Value);
        Assert.Equal($"{typeof(RefusedKernels)}{(expected.Method is null ? "." : "+")}{expected.Method ?? name}", parts.Groups["method"].Value);
        Assert.Equal("RefusedKernels.cs", parts.Groups["file"].Value);
        Assert.Equal(expected.Line, int.Parse(parts.Groups["line"].Value, null));
        Assert.Equal(expected.Advice, parts.Groups["advice"].Value);
    }

    [Fact]
    public void TheMessageComesOutOfTheLoader()
    {
        using var context = Context.Create(b => b.CPU(new CPUDevice(1, CpuExecution.Simd)));
        using var accelerator = context.CreateCPUAccelerator(0);
        var kernel = typeof(RefusedKernels).GetMethod("NewArray", Any)!.CreateDelegate<Action<ArrayView<int>, int>>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var error = Assert.Throws<InternalCompilerException>(() => accelerator.LoadStreamKernel(kernel));
            Assert.Contains("a managed array at IL_", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(nameof(TakesAString), "'text' is of type String, which is not a plain value")]
    [InlineData(nameof(TakesAnArray), "'numbers' is of type Int32[], which is not a plain value")]
    [InlineData(nameof(TakesAReference), "'result' is of type Int32&, which is not a plain value")]
    [InlineData(nameof(TakesAnOut), "'result' is of type Int32&, which is not a plain value")]
    [InlineData(nameof(TakesAStructWithAReference), "'holder.Text' is of type String, which is not a plain value")]
    [InlineData(nameof(ReturnsANumber), "returns Int32; a kernel returns nothing")]
    [InlineData(nameof(TakesFifteen), "has 15 parameters; at most 14 are possible: put some into a struct")]
    public void SignaturesThatAreNoKernels(string name, string reason)
    {
        var method = typeof(RefusalTests).GetMethod(name, Any)!;
        var message = Assert.Throws<NotSupportedException>(() => KernelEntry.Explicit(method, KernelSpecialization.Empty)).Message;
        Assert.Contains($"RefusalTests.{name}", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALambdaThatCapturesIsNoKernel()
    {
        var captured = Random.Shared.Next();
        Action<ArrayView<int>> kernel = x => x[0] = captured;
        var message = Assert.Throws<NotSupportedException>(() => KernelEntry.Explicit(kernel.Method, KernelSpecialization.Empty)).Message;
        Assert.Contains("is not a static method", message, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^This kernel cannot be compiled: (?<construct>.*) at IL_[0-9a-f]{4} of (?<method>\S+) \((?<file>[^:]+):(?<line>\d+)\)\. (?<advice>.*)$")]
    private static partial Regex Parts();

    private static void TakesAString(ArrayView<int> x, string text) => x[0] = text.Length;

    private static void TakesAnArray(ArrayView<int> x, int[] numbers) => x[0] = numbers[0];

    private static void TakesAReference(ArrayView<int> x, ref int result) => result = x[0];

    private static void TakesAnOut(ArrayView<int> x, out int result) => result = x[0];

    private static void TakesAStructWithAReference(ArrayView<int> x, Holder holder) => x[0] = holder.Text.Length;

    private static int ReturnsANumber(ArrayView<int> x) => x[0];

    private static void TakesFifteen(
        int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m, int n, int o)
    {
    }

    private readonly struct Holder(string text)
    {
        public readonly string Text = text;
    }
}
