using IlgpuSeg.Training;
using Spectre.Console;

namespace IlgpuSeg.Console;

/// <summary>Per-class IoU and the means.</summary>
internal static class MetricsTable
{
    public static void Print(SegmentationMetrics metrics)
    {
        var table = new Table().AddColumn("class").AddColumn("IoU %", c => c.RightAligned()).AddColumn("accuracy %", c => c.RightAligned());
        for (var c = 0; c < metrics.ClassNames.Count; c++)
            table.AddRow(Markup.Escape(metrics.ClassNames[c]), Percent(metrics.IoU[c]), Percent(metrics.Accuracy[c]));
        AnsiConsole.Write(table);
        var absent = metrics.IoU.Count(iou => iou is null);
        System.Console.WriteLine($"mIoU {metrics.MeanIoU * 100:F2} %{(absent == 0 ? "" : $" over {metrics.IoU.Length - absent} classes ({absent} absent from both truth and prediction)")}");
        System.Console.WriteLine($"pixel accuracy {metrics.PixelAccuracy * 100:F2} %, mean accuracy {metrics.MeanAccuracy * 100:F2} %, {metrics.Pixels:N0} pixels");
    }

    private static string Percent(double? value) => value is null ? "absent" : $"{value * 100:F2}";
}
