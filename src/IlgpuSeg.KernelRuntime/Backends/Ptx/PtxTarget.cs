using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>What PTX is written for: the architecture that <c>.target</c> names and the ISA of <c>.version</c>.</summary>
/// <param name="Major">The compute capability before the point: 9 of sm_90a.</param>
/// <param name="Minor">The compute capability behind the point.</param>
/// <param name="Suffix">"a" for the instructions that only this architecture has, else empty.</param>
/// <param name="IsaMajor">The PTX version before the point.</param>
/// <param name="IsaMinor">The PTX version behind the point.</param>
internal sealed record PtxTarget(int Major, int Minor, string Suffix, int IsaMajor, int IsaMinor)
{
    // From the release notes of the PTX ISA manual: the first CUDA version that takes a PTX version.
    private static readonly (int Cuda, int Isa)[] IsaOfCuda =
    [
        (110, 70), (111, 71), (112, 72), (113, 73), (114, 74), (115, 75), (116, 76), (117, 77), (118, 78), (120, 80), (121, 81), (122, 82),
        (123, 83), (124, 84), (125, 85), (127, 86), (128, 87), (129, 88), (130, 90), (131, 91),
    ];

    // The first PTX version that knows an architecture, in rising order of both.
    private static readonly (int Architecture, int Isa)[] Architectures =
        [(80, 70), (86, 71), (87, 74), (89, 78), (90, 78), (100, 86), (103, 88), (110, 90), (120, 87), (121, 88)];

    // Instructions of one architecture alone came with sm_90a and PTX 8.0.
    private const int FirstSuffixIsa = 80;

    /// <summary>sm_80 at the oldest PTX version that knows it: runs on every device from there on.</summary>
    public static PtxTarget Oldest { get; } = new(8, 0, "", 7, 0);

    /// <summary>The architecture as <c>.target</c> and the driver name it.</summary>
    public string Name => $"sm_{Major}{Minor}{Suffix}";

    /// <summary>The architectures that can be named, for messages.</summary>
    public static string KnownNames => string.Join(", ", Architectures.Select(a => $"sm_{a.Architecture}").Append("sm_90a"));

    /// <summary>The compute capability as one number, 90 for 9.0.</summary>
    public int Architecture => (Major * 10) + Minor;

    /// <summary>The PTX version as one number, 78 for 7.8.</summary>
    public int Isa => (IsaMajor * 10) + IsaMinor;

    /// <summary>
    /// The target for a device: its own architecture (with the suffix from sm_90 on) at the newest PTX version that the driver takes, or the
    /// newest older architecture if that version does not know the device's own yet; the driver translates PTX of older ones.
    /// </summary>
    /// <param name="major">The device's compute capability before the point.</param>
    /// <param name="minor">The compute capability behind the point.</param>
    /// <param name="cudaVersion">The driver's CUDA version as it gives it: 12040 for 12.4.</param>
    /// <exception cref="NotSupportedException">The device is older than sm_80 or the driver older than CUDA 11.0.</exception>
    public static PtxTarget ForDevice(int major, int minor, int cudaVersion)
    {
        var device = (major * 10) + minor;
        var cuda = (cudaVersion / 1000 * 10) + (cudaVersion % 1000 / 10);
        var isa = IsaOfCuda.LastOrDefault(p => p.Cuda <= cuda).Isa;
        if (device < Oldest.Architecture || isa < Oldest.Isa)
        {
            throw new NotSupportedException(
                $"A device of compute capability {major}.{minor} under CUDA {cudaVersion / 1000}.{cudaVersion % 1000 / 10} cannot be used: " +
                "8.0 and CUDA 11.0 are the least.");
        }

        var known = Architectures.Last(a => a.Architecture <= device && a.Isa <= isa).Architecture;
        return Of(known, known == device && known >= 90 && isa >= FirstSuffixIsa ? "a" : "", isa);
    }

    /// <summary>Reads a name such as sm_90a; the PTX version is the oldest that knows it.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out PtxTarget? target)
    {
        target = null;
        if (!name.StartsWith("sm_", StringComparison.Ordinal))
        {
            return false;
        }

        var suffix = name.EndsWith('a') ? "a" : "";
        if (!int.TryParse(name[3..^suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var architecture)
            || !Array.Exists(Architectures, a => a.Architecture == architecture) || (suffix != "" && architecture < 90))
        {
            return false;
        }

        var isa = Array.Find(Architectures, a => a.Architecture == architecture).Isa;
        target = Of(architecture, suffix, suffix == "" ? isa : Math.Max(isa, FirstSuffixIsa));
        return true;
    }

    public override string ToString() => $"{Name}, PTX {IsaMajor}.{IsaMinor}";

    private static PtxTarget Of(int architecture, string suffix, int isa) => new(architecture / 10, architecture % 10, suffix, isa / 10, isa % 10);
}
