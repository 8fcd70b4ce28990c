#if KERNELS_BUNDLED
using System.Text.RegularExpressions;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>
/// Every operation of the engine, forward and backward, with 1 to 16 channels (or classes, keys, columns ...): whole warps and every rest, one
/// and two warps of each. What the kernels compute is compared launch by launch, by <see cref="CheckedExecution"/>.
/// </summary>
public sealed partial class EveryTailTests
{
    private const int Tails = 16;
    private const int SmallSide = 5;

    private static readonly Device Cpu = Device.Of(DeviceData.Host.Accelerator, "checked cpu");

    public static TheoryData<string> Cases => [.. OpCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithItsPlainRun(string name)
    {
        var op = OpCases.All.Single(c => c.Name == name);
        for (var tail = 0; tail < Tails; tail++)
        {
            // Once with sides of one pixel: flat arrays then have the tail's length too.
            Sample(op, tail, SmallSide).Run(DType.Float32, Cpu);
            Sample(op, tail, 1).Run(DType.Float32, Cpu);
            Sample(op, tail, SmallSide).Run(DType.Float64, Cpu);
        }
    }

    // Choices are distances from the smallest value.
    private static OpSample Sample(OpCase op, int tail, int sides)
    {
        var seed = (ulong)((tail * 2) + sides);
        var drawn = op.Draw(seed, CaseSize.Large);
        var names = drawn.Description.Split(' ').Where(word => word.Contains('=')).ToArray();
        var choices = drawn.Choices.Select((choice, i) => names.ElementAtOrDefault(i) is not { } name ? choice
            : Lanes().IsMatch(name) ? tail
            : Sides().IsMatch(name) ? choice % sides
            : choice);
        return op.Draw(seed, CaseSize.Large, [.. choices]);
    }

    [GeneratedRegex("^(c|cout|classes|keys|keyChannels|positions|anchors|m|k)=")]
    private static partial Regex Lanes();

    [GeneratedRegex("^(n|h|w|outH|outW|rows|picked)=")]
    private static partial Regex Sides();
}
#endif
