using IlgpuSeg.Console;
using Spectre.Console;

// The console's streams belong to the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace IlgpuSeg.Tests;

/// <summary>Runs the host inside the test process.</summary>
internal static class CapturedConsole
{
    public static (int Code, string Error) Run(params string[] arguments)
    {
        var (code, _, error) = RunAll(arguments);
        return (code, error);
    }

    public static (int Code, string Output, string Error) RunAll(params string[] arguments)
    {
        var (output, error) = (System.Console.Out, System.Console.Error);
        using var outputText = new StringWriter();
        using var errorText = new StringWriter();
        try
        {
            System.Console.SetOut(outputText);
            System.Console.SetError(errorText);
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(outputText) });
            return (CommandLine.Run(arguments), outputText.ToString(), errorText.ToString());
        }
        finally
        {
            System.Console.SetOut(output);
            System.Console.SetError(error);
        }
    }
}
