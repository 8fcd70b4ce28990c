using System.Text.Json;
using IlgpuSeg.Nn.Backbone;
using IlgpuSeg.Nn.Context;
using IlgpuSeg.Nn.Decoder;

namespace IlgpuSeg.Nn.Tests.Fixtures;

/// <summary>A module of the network at a fixture's settings: how to call it, and the names of its inputs.</summary>
internal sealed record ModuleFixture(Module Module, Func<Tensor[], Tensor[]> Forward, params string[] Inputs)
{
    public static ModuleFixture Create(string kind, JsonElement settings, DType dtype)
    {
        var build = new Builder(Device.Cpu, dtype, new Philox(1));
        int Int(string key) => settings.GetProperty(key).GetInt32();
        int[] Ints(string key) => [.. settings.GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
        var config = new NetworkConfig { DropPath = 0, Dropout = 0 };
        switch (kind)
        {
            case "block":
                var block = new VanBlock(build, Int("dim"), Int("ratio"), 0, config);
                return One(block, block.Forward);
            case "patch_embed":
                var embedding = new PatchEmbedding(build, Int("in"), Int("dim"), Int("kernel"), Int("stride"), Int("kernel") / 2, config);
                return One(embedding, embedding.Forward);
            case "van":
                var van = new Van(build, config with { Dims = Ints("dims"), Depths = Ints("depths"), Ratios = Ints("ratios") });
                return new ModuleFixture(van, x => van.Forward(x[0]), "x");
            case "dnl":
                var dnl = new DisentangledNonLocal(build, Int("channels"), config with
                {
                    Dims = Split(Int("channels")),
                    QueryKeyWidth = Int("qk"),
                    AttentionScale = settings.GetProperty("dnl_scale").GetBoolean(),
                    AttentionTemperature = settings.GetProperty("dnl_temperature").GetDouble(),
                });
                return One(dnl, dnl.Forward);
            case "frm" or "ppm" or "dappm":
                var context = ContextModule.Create(build, config with
                {
                    Context = Enum.Parse<ContextKind>(kind, ignoreCase: true),
                    Dims = Split(Int("channels")),
                    QueryKeyWidth = Int("qk"),
                    FfnHidden = Int("ffn_hidden"),
                    Branch = Int("branch"),
                    Width = Int("width"),
                    PpmBins = Ints("ppm_bins"),
                });
                return One(context, context.Forward);
            case "align":
                var align = new FlowAlignment(build, Int("width"), Int("flow_width"));
                return new ModuleFixture(align, x => [align.Forward(x[1], x[0])], "coarse", "lateral");
            case "decoder":
                var decoder = new FpnDecoder(build, config with
                {
                    Dims = Ints("dims"), Width = Int("width"), FlowWidth = Int("flow_width"), Classes = Int("classes"),
                });
                return new ModuleFixture(decoder, x => [decoder.Classify(decoder.Fuse([x[0], x[1], x[2]], x[3]))], "f1", "f2", "f3", "context");
            default:
                throw new ArgumentException($"No module '{kind}'.");
        }
    }

    private static ModuleFixture One(Module module, Func<Tensor, Tensor> forward) => new(module, x => [forward(x[0])], "x");

    // The contexts take the sum of the stages' widths.
    private static int[] Split(int channels) => [1, 1, 1, channels - 3];
}
