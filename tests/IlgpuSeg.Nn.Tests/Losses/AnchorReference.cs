using IlgpuSeg.Nn.Losses;

namespace IlgpuSeg.Nn.Tests.Losses;

/// <summary>The draw of anchors on the host, straight from the rules: lists of pixels, sorted by one random number per pixel.</summary>
internal static class AnchorReference
{
    public static Anchors Draw(int[] predictions, int[] labels, int images, int ignored, AnchorSampling sampling, Philox random)
    {
        uint[] keys = [.. labels.Select(_ => random.NextUInt32())];
        var plane = labels.Length / images;
        var groups = Enumerable.Range(0, labels.Length).Where(p => labels[p] != ignored)
            .GroupBy(p => (Image: p / plane, Class: labels[p])).Where(g => g.Count() > sampling.MaxViews)
            .OrderBy(g => g.Key).ToArray();
        var views = Math.Min(sampling.MaxSamples / Math.Max(1, groups.Length), sampling.MaxViews);
        var chosen = new List<int>();
        foreach (var group in groups)
        {
            // OrderBy is stable: of equal keys the earlier pixel comes first.
            var hard = group.Where(p => predictions[p] != labels[p]).OrderBy(p => keys[p]).ToArray();
            var easy = group.Where(p => predictions[p] == labels[p]).OrderBy(p => keys[p]).ToArray();
            var half = views / 2;
            var fromHard = hard.Length < half ? hard.Length : easy.Length < views - half ? views - easy.Length : half;
            chosen.AddRange(hard.Take(fromHard));
            chosen.AddRange(easy.Take(views - fromHard));
        }
        return Anchors.At([.. chosen], labels);
    }
}
