using System.CommandLine;
using System.Reflection;
using IlgpuSeg.Kernels;
#if KERNELS_BUNDLED
using IlgpuSeg.KernelRuntime.Backends;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
#endif

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg kernels`: the library's kernels, and what the compiler makes of one.</summary>
internal static class KernelsVerb
{
    public static Command Create()
    {
        var ir = new Option<string?>("--ir") { Description = "Print this kernel's SSA code after all passes, as docs/kernel-compiler.md describes it.", HelpName = "NAME" };
        var ptx = new Option<string?>("--ptx") { Description = "Print this kernel as PTX, as docs/ptx-backend.md describes it.", HelpName = "NAME" };
        var arch = new Option<string?>("--arch") { Description = "With --ptx: the architecture to compile for (default sm_80).", HelpName = "sm_90a" };
        var command = new Command("kernels", "List the kernels of the library, or print what the compiler makes of one.") { ir, ptx, arch };
        command.SetAction(p =>
        {
            if (p.GetValue(arch) is not null && p.GetValue(ptx) is null)
                throw new ArgumentException("--arch belongs to --ptx NAME.");
            if (p.GetValue(ptx) is { } compiled)
                System.Console.Out.Write(Ptx(KernelCatalog.Find(compiled).Method, p.GetValue(arch)));
            else if (p.GetValue(ir) is { } name)
                System.Console.Out.Write(Ir(KernelCatalog.Find(name).Method));
            else
                List();
        });
        return command;
    }

    private static void List()
    {
        foreach (var kernel in KernelCatalog.All) System.Console.Out.WriteLine(kernel.Name);
    }

#if KERNELS_BUNDLED
    private static string Ir(MethodInfo kernel) => KernelCompiler.DumpIr(kernel);

    private static string Ptx(MethodInfo kernel, string? architecture)
    {
        var target = PtxTarget.Oldest;
        if (architecture is not null && !PtxTarget.TryParse(architecture, out target))
            throw new ArgumentException($"--arch {architecture}: no architecture that is known; {PtxTarget.KnownNames}.");
        return PtxCompiler.Compile(KernelEntry.Of(kernel), target).Text;
    }
#else
    private static string Ir(MethodInfo kernel) =>
        throw new ArgumentException($"--ir {kernel.Name}: the ilgpu flavour compiles with the ILGPU package; build with -p:KernelRuntime=bundled to see our compiler's code.");

    private static string Ptx(MethodInfo kernel, string? architecture) =>
        throw new ArgumentException($"--ptx {kernel.Name} {architecture}: the ilgpu flavour compiles with the ILGPU package; build with -p:KernelRuntime=bundled to see our PTX.");
#endif
}
