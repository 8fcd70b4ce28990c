using System.CommandLine;
using System.Reflection;
using IlgpuSeg.Kernels;
#if KERNELS_BUNDLED
using IlgpuSeg.KernelRuntime.Backends.Simd;
#endif

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg kernels`: the library's kernels, and what the compiler makes of one.</summary>
internal static class KernelsVerb
{
    public static Command Create()
    {
        var ir = new Option<string?>("--ir") { Description = "Print this kernel's SSA code after all passes, as docs/kernel-compiler.md describes it.", HelpName = "NAME" };
        var command = new Command("kernels", "List the kernels of the library, or print what the compiler makes of one.") { ir };
        command.SetAction(p =>
        {
            if (p.GetValue(ir) is { } name)
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
#else
    private static string Ir(MethodInfo kernel) =>
        throw new ArgumentException($"--ir {kernel.Name}: the ilgpu flavour compiles with the ILGPU package; build with -p:KernelRuntime=bundled to see our compiler's code.");
#endif
}
