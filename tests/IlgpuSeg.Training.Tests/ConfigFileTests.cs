using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ilgpuseg-config").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ReadsFileThenOverrides()
    {
        var path = Write("model: van-t-frm\ndata:\n  root: /data\n  exclude: [a, b]\noptim:\n  lr: 0.02\n  batch: 4\n");
        var config = ConfigFile.Load(path, ["optim.batch=8", "augment.crop=[64, 96]", "schedule.eval_first=false", "output=x y"]);
        Assert.Equal("van-t-frm", config.Model);
        Assert.Equal(0.02, config.Optim.Lr);
        Assert.Equal(8, config.Optim.Batch);
        Assert.Equal([64, 96], config.Augment.Crop);
        Assert.Equal(["a", "b"], config.Data.Exclude);
        Assert.False(config.Schedule.EvalFirst);
        Assert.Equal("x y", config.Output);
        Assert.Equal(0.9, config.Optim.Momentum);
    }

    [Fact]
    public void WritesWhatItReads()
    {
        var config = ConfigFile.Load(null, ["data.root=a \"quoted\" path", "seed=18446744073709551615", "optim.lr=0.00123", "data.exclude=[x]"]);
        var again = ConfigFile.Load(Write(ConfigFile.ToYaml(config)), []);
        Assert.Equal(ConfigFile.ToYaml(config), ConfigFile.ToYaml(again));
        Assert.Equal(ulong.MaxValue, again.Seed);
        Assert.Equal("a \"quoted\" path", again.Data.Root);
    }

    [Theory]
    [InlineData("optim:\n  learning_rate: 1\n", "unknown key 'optim.learning_rate'", "line 2")]
    [InlineData("modle: x\n", "unknown key 'modle'", "line 1")]
    [InlineData("optim:\n  batch: many\n", "'optim.batch' must be a whole number, not 'many'", "line 2")]
    [InlineData("optim:\n  lr: .nan\n", "'optim.lr' must be a number", "line 2")]
    [InlineData("augment:\n  crop: 64\n", "'augment.crop' must be a list", "line 2")]
    [InlineData("optim: 3\n", "'optim' must be keys and values", "line 1")]
    [InlineData("a: [1\n", "not valid YAML", "line")]
    public void NamesTheKeyAndLine(string yaml, string message, string place)
    {
        var path = Write(yaml);
        var e = Assert.Throws<ConfigException>(() => ConfigFile.Load(path, []));
        Assert.Contains(path, e.Message);
        Assert.Contains(message, e.Message);
        Assert.Contains(place, e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("augment.crop=[32, 64]", "augment.crop")]
    [InlineData("augment.crop=[-1, 64]", "augment.crop")]
    [InlineData("augment.scale=[2, 1]", "augment.scale")]
    [InlineData("augment.brightness=1.5", "augment.brightness")]
    [InlineData("augment.contrast=-0.1", "augment.contrast")]
    [InlineData("augment.saturation=2", "augment.saturation")]
    [InlineData("augment.blur=1.5", "augment.blur")]
    [InlineData("augment.blur_sigma=[2, 1]", "augment.blur_sigma")]
    [InlineData("augment.blur_sigma=[0, 1]", "augment.blur_sigma")]
    [InlineData("augment.class_uniform=-1", "augment.class_uniform")]
    [InlineData("data.cache_mib=-1", "data.cache_mib")]
    [InlineData("optim.batch=0", "optim.batch")]
    [InlineData("optim.lr=-1", "optim.lr")]
    [InlineData("precision=fp8", "bf16")]
    [InlineData("optim.clip_norm=-1", "optim.clip_norm")]
    [InlineData("optim.ema=1", "optim.ema")]
    [InlineData("optim.accumulate=0", "optim.accumulate")]
    [InlineData("optim.poly_by=week", "step or epoch")]
    [InlineData("loss.class_weights=[1, -1]", "loss.class_weights")]
    [InlineData("loss.class_weights=[0, 0]", "loss.class_weights")]
    [InlineData("loss.label_smoothing=1", "loss.label_smoothing")]
    [InlineData("loss.ohem_threshold=1.5", "loss.ohem_threshold")]
    [InlineData("loss.ohem_minimum=-1", "loss.ohem_minimum")]
    [InlineData("schedule.log_every=0", "schedule.log_every")]
    [InlineData("model=resnet", "van-s-frm")]
    [InlineData("data.kind=coco", "cityscapes")]
    [InlineData("optim.lr", "key=value")]
    [InlineData("optim.foo=1", "optim.foo")]
    [InlineData("memory.limit_mib=-1", "memory.limit_mib")]
    [InlineData("memory.checkpoint=[stage9]", "stage1, stage2")]
    public void RefusesBadOverrides(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => ConfigFile.Load(null, ["data.root=x", text])).Message);

    [Fact]
    public void NamesAMissingFile() =>
        Assert.Contains("nowhere.yaml", Assert.Throws<ConfigException>(() => ConfigFile.Load("nowhere.yaml", [])).Message);

    private string Write(string yaml)
    {
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, yaml);
        return path;
    }
}
