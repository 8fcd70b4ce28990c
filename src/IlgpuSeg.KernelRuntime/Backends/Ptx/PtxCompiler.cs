using System.Globalization;
using System.Text;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Frontend;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Compiles kernels for NVIDIA devices: front end and passes as for the CPU, then PTX text for the driver.</summary>
internal static class PtxCompiler
{
    private const int ExtentBytes = 16;

    /// <summary>Compiles a kernel, taking for granted of its views what almost always holds; see <see cref="PtxModule.Holding"/>.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="target">The architecture and ISA.</param>
    /// <param name="specialized">Per parameter, a value to compile in (a boxed <c>SpecializedValue</c>), or null.</param>
    /// <exception cref="ILGPU.InternalCompilerException">The kernel is outside of the language.</exception>
    public static PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized = null) =>
        Compile(entry, target, specialized, PtxAssumptions.All);

    /// <summary>Compiles a kernel under the given assumptions.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="target">The architecture and ISA.</param>
    /// <param name="specialized">Per parameter, a value to compile in (a boxed <c>SpecializedValue</c>), or null.</param>
    /// <param name="assumptions">What every launch of this module will have checked.</param>
    /// <exception cref="ILGPU.InternalCompilerException">The kernel is outside of the language.</exception>
    public static PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized, PtxAssumptions assumptions)
    {
        var function = KernelCompiler.BuildIr(entry, specialized, CompileTarget.Ptx);
        AddressSpaces.Infer(function);
        var alignment = new KnownAlignment(function, assumptions.AlignedViews ? KnownAlignment.Most : 1);
        var roots = new PointerRoots(function);
        var constants = assumptions.DisjointViews ? ConstantLoads(function, roots) : [];
        var groups = new AccessGroups(function, alignment, constants);
        var layout = new ArrayLayout(function);
        var indexParameters = entry.IsExplicit ? 0 : 1;
        int OffsetOf(IrParameter parameter) => entry.Parameters[parameter.Source - indexParameters].Offset + parameter.Offset;
        var emitter = new PtxEmitter(function, layout, groups, constants.Contains, OffsetOf, entry.BlockSize);
        var body = emitter.Emit();
        var argumentBytes = entry.BlockSize + (entry.IsExplicit ? 0 : ExtentBytes);
        var name = EntryName(entry);
        return new PtxModule
        {
            Text = Text(entry, name, target, argumentBytes, layout, body),
            EntryName = name,
            Target = target,
            ArgumentBytes = argumentBytes,
            StaticSharedBytes = layout.IsSharedDynamic ? 0 : layout.SharedBytes,
            ExtraDynamicSharedBytes = layout.DynamicStart,
            LocalBytes = layout.LocalBytes,
            AlignedViews = Views(groups.All.SelectMany(g => roots.Of(g.Anchor.Args[0]) ?? new HashSet<int>())),
            ConstantViews = Views(constants.SelectMany(l => roots.Of(l.Args[0])!)),
            WrittenViews = Views(roots.Written),
        };

        IReadOnlyList<ViewSlot> Views(IEnumerable<int> parameters)
        {
            var offsets = parameters.Distinct().Select(p => OffsetOf(function.Parameters[p])).ToHashSet();
            return [.. entry.Views.Where(v => offsets.Contains(v.Offset))];
        }
    }

    // What only comes from views that the kernel never writes through does not change while it runs.
    private static HashSet<Value> ConstantLoads(Function function, PointerRoots roots) => roots.WritesAnywhere
        ? []
        : [.. function.Values().Where(v => v.Op == Op.Load && AddressSpaces.Accessed(v) == AddressSpace.Global
            && roots.Of(v.Args[0]) is { Count: > 0 } from && !from.Overlaps(roots.Written))];

    private static string Text(KernelEntry entry, string name, PtxTarget target, int argumentBytes, ArrayLayout layout, string body)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"// {entry.Name}\n");
        text.Append(CultureInfo.InvariantCulture, $".version {target.IsaMajor}.{target.IsaMinor}\n.target {target.Name}\n.address_size 64\n\n");
        if (layout.UsesDynamic)
        {
            text.Append(CultureInfo.InvariantCulture, $".extern .shared .align {ArrayLayout.Alignment} .b8 {ArrayLayout.DynamicName}[];\n\n");
        }

        var parameter = argumentBytes == 0 ? "" : $".param .align 8 .b8 {PtxEmitter.ArgumentsName}[{argumentBytes}]";
        text.Append(CultureInfo.InvariantCulture, $".visible .entry {name}({parameter})\n");
        if (entry.Specialization.MaxNumThreadsPerGroup is { } threads)
        {
            text.Append(CultureInfo.InvariantCulture, $".maxntid {threads}, 1, 1\n");
            if (entry.Specialization.MinNumGroupsPerMultiprocessor is { } count)
            {
                text.Append(CultureInfo.InvariantCulture, $".minnctapersm {count}\n");
            }
        }

        text.Append("{\n");
        if (layout.SharedBytes > 0 && !layout.IsSharedDynamic)
        {
            text.Append(CultureInfo.InvariantCulture, $"    .shared .align {ArrayLayout.Alignment} .b8 {ArrayLayout.SharedName}[{layout.SharedBytes}];\n");
        }

        if (layout.LocalBytes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    .local .align {ArrayLayout.Alignment} .b8 {ArrayLayout.LocalName}[{layout.LocalBytes}];\n");
        }

        return text.Append(body).Append("}\n").ToString();
    }

    /// <summary>The kernel's name in the characters that PTX allows.</summary>
    private static string EntryName(KernelEntry entry)
    {
        var name = string.Concat(entry.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')).Trim('_');
        return char.IsAsciiDigit(name[0]) ? "k_" + name : name;
    }
}
