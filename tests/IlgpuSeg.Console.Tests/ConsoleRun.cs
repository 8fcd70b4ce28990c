namespace IlgpuSeg.Console.Tests;

/// <summary>One call of the program with what it printed. Standard output belongs to the process: one call at a time.</summary>
internal sealed record ConsoleRun(int ExitCode, string Output, string Error)
{
    private static readonly Lock Turn = new();

    public static ConsoleRun Of(params string[] args)
    {
        lock (Turn)
        {
            var (output, error) = (System.Console.Out, System.Console.Error);
            using StringWriter newOutput = new(), newError = new();
            System.Console.SetOut(newOutput);
            System.Console.SetError(newError);
            try
            {
                return new ConsoleRun(CommandLine.Run(args), newOutput.ToString(), newError.ToString());
            }
            finally
            {
                System.Console.SetOut(output);
                System.Console.SetError(error);
            }
        }
    }

    public static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", name);

    /// <summary>The one line on standard error of a call that could not use its input.</summary>
    public string RefusedWith()
    {
        Assert.Equal(2, ExitCode);
        return Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}

/// <summary>A folder that is removed after a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("ilgpuseg-console").FullName;

    public string this[string name] => Path.Combine(path, name);

    public void Dispose() => Directory.Delete(path, recursive: true);
}
