using System.CommandLine;
using IlgpuSeg.Console.Verbs;
using IlgpuSeg.Data;
using IlgpuSeg.Memory;
using IlgpuSeg.Serialization;
using IlgpuSeg.Training;
using Spectre.Console;

namespace IlgpuSeg.Console;

/// <summary>The verbs and the exit codes: 0 done, 1 failed, 2 the input cannot be used.</summary>
internal static class CommandLine
{
    public const int BadInput = 2;

    public static int Run(string[] args)
    {
        var root = new RootCommand("Trains, evaluates and inspects light-weight segmentation networks (VAN + FRM + flow-aligned FPN).")
        {
            TrainVerb.Create(), EvalVerb.Create(), DemoVerb.Create(), ModelVerb.Create(), ParityVerb.Create(), ConvertVerb.Create(), ExportVerb.Create(), DevicesVerb.Create(), SelfTestVerb.Create(),
            KernelsVerb.Create(), ProfileVerb.Create(),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) Fail(error.Message);
            return BadInput;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            Fail("Stopped.");
            return 1;
        }
        catch (Exception e) when (e is TrainingException or OutOfDeviceMemoryException)
        {
            Fail(e.Message);
            return 1;
        }
        catch (Exception e) when (IsBadInput(e))
        {
            Fail(e.Message);
            return BadInput;
        }
    }

    /// <summary>What the user can mend: their message says it all, a stack trace would bury it.</summary>
    private static bool IsBadInput(Exception e) => e
        is ConfigException or DataException or WeightFileException or ShapeException
        or IOException or UnauthorizedAccessException
        // A model or device that does not exist; the two below are mistakes of the program.
        or (ArgumentException and not ArgumentOutOfRangeException and not ArgumentNullException);

    private static void Fail(string message) => System.Console.Error.WriteLine($"ilgpuseg: {message}");
}
