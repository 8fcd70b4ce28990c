using System.Runtime.InteropServices;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>The peer of the matrix product: Debian's libopenblas0, if it is installed.</summary>
internal sealed unsafe class OpenBlas : IDisposable
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;

    private readonly nint library = Load();
    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> sgemm;

    /// <param name="threads">Threads that it may use.</param>
    /// <exception cref="DllNotFoundException">It is not installed.</exception>
    public OpenBlas(int threads)
    {
        sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_sgemm");
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads"))(threads);
        Core = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "openblas_get_corename"))()) ?? "?";
    }

    /// <summary>The processors whose code it has chosen.</summary>
    public string Core { get; }

    /// <summary>C = A B of square matrices in rows.</summary>
    public void Multiply(int n, float[] a, float[] b, float[] c)
    {
        fixed (float* pa = a, pb = b, pc = c)
            sgemm(RowMajor, NoTranspose, NoTranspose, n, n, n, 1, pa, n, pb, n, 0, pc, n);
    }

    public void Dispose() => NativeLibrary.Free(library);

    private static nint Load()
    {
        foreach (var name in new[] { "libopenblas.so.0", "libopenblas.so", "libopenblas", "openblas" })
        {
            if (NativeLibrary.TryLoad(name, out var library)) return library;
        }
        throw new DllNotFoundException("OpenBLAS is not installed (Debian: libopenblas0); it is what this benchmark compares with.");
    }
}
