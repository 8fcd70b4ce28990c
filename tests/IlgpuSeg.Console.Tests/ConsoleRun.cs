namespace IlgpuSeg.Console.Tests;

/// <summary>One call of the program with what it printed.</summary>
internal sealed record ConsoleRun(int ExitCode, string Output, string Error)
{
    public static ConsoleRun Of(params string[] args)
    {
        var (code, output, error) = IlgpuSeg.Tests.CapturedConsole.RunAll(args);
        return new ConsoleRun(code, output, error);
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
