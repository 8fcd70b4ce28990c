using System.CommandLine;
using System.Globalization;
using IlgpuSeg.Nn;
using IlgpuSeg.Training;
#if KERNELS_BUNDLED
using IlgpuSeg.Kernels;
using IlgpuSeg.KernelRuntime;
#endif

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg profile`: where a network's time goes, kernel by kernel.</summary>
internal static class ProfileVerb
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = $"One of {string.Join(", ", Models.Names)}.", DefaultValueFactory = _ => "van-s-frm" };
        var mode = new Option<string>("--mode") { Description = "train (a step: forward, loss, backward, SGD) or infer.", DefaultValueFactory = _ => "train" };
        mode.AcceptOnlyFromAmong("train", "infer");
        var batch = new Option<int>("--batch") { Description = "Images.", DefaultValueFactory = _ => 2 };
        var size = new Option<string>("--size") { Description = "Images as WIDTHxHEIGHT.", DefaultValueFactory = _ => "256x256" };
        var device = new Option<string>("--device") { Description = "Where to run.", DefaultValueFactory = _ => "cpu" };
        var precision = new Option<string>("--precision") { Description = $"One of {string.Join(", ", Precisions.Names)}.", DefaultValueFactory = _ => Precisions.Float32 };
        var grids = new Option<bool>("--grids") { Description = "A row per kernel and grid instead of one per kernel." };
        var rows = new Option<int>("--rows") { Description = "At most so many rows.", DefaultValueFactory = _ => 30 };
        var command = new Command("profile", "Time every kernel of a training step or of inference, with random weights and images.")
        {
            model, mode, batch, size, device, precision, grids, rows,
        };
        command.SetAction(p =>
        {
            var (width, height) = ModelVerb.ParseSize(p.GetValue(size)!);
            var work = new NetworkWork(
                p.GetValue(model)!, p.GetValue(mode) == "train", p.GetValue(batch), width, height, Device.Open(p.GetValue(device)!), p.GetValue(precision)!);
            Run(work, p.GetValue(grids), p.GetValue(rows));
        });
        return command;
    }

#if KERNELS_BUNDLED
    private const int Steps = 3;

    private static void Run(NetworkWork work, bool grids, int most)
    {
        // The first runs compile kernels and fill the allocator.
        for (var i = 0; i < 2; i++) work.Run();
        var step = Enumerable.Range(0, Steps).Min(_ => Milliseconds(work.Run));
        using var profile = new LaunchProfile(work.Device.Accelerator);
        for (var i = 0; i < Steps; i++) work.Run();
        var rows = profile.Read()
            .GroupBy(time => grids ? $"{Name(time)} grid {time.Grid} group {time.Group}" : Name(time))
            .Select(same => (Name: same.Key, Launches: same.Sum(t => t.Launches) / (double)Steps, Time: same.Sum(t => t.Time.TotalMilliseconds) / Steps))
            .OrderByDescending(row => row.Time).ToArray();
        var total = rows.Sum(row => row.Time);
        System.Console.WriteLine($"{"ms",9}  {"share",6}  {"launches",8}  kernel");
        foreach (var row in rows.Take(most))
            Print($"{row.Time,9:F3}  {row.Time / total,6:P1}  {row.Launches,8:F0}  {row.Name}");
        if (rows.Length > most)
            Print($"{rows.Skip(most).Sum(r => r.Time),9:F3}  {rows.Skip(most).Sum(r => r.Time) / total,6:P1}  {rows.Skip(most).Sum(r => r.Launches),8:F0}  {rows.Length - most} others");
        Print($"{total,9:F3}  {1,6:P1}  {rows.Sum(r => r.Launches),8:F0}  all kernels; a step without profiling takes {step:F3} ms");

        static string Name(KernelTime time) => KernelCatalog.NameOf(time.Kernel);
    }

    private static void Print(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static double Milliseconds(Action run)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        run();
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
#else
    private static void Run(NetworkWork work, bool grids, int rows) =>
        throw new ArgumentException($"profile: the ilgpu flavour's kernels are launched by the ILGPU package; build with -p:KernelRuntime=bundled to time them one by one.");
#endif
}
