using System.Runtime.InteropServices;

namespace Backprop.Kernels;

/// <summary>The floor: the system's OpenBLAS, on one thread. Only the benchmarks know it.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int ColumnMajor = 102;
    private const int NoTranspose = 111;
    private const int Transpose = 112;

    // Forces another kernel than the library chooses for this processor.
    private const string KernelChoice = "OPENBLAS_CORETYPE";

    /// <summary>Loads the library and holds it to one thread, with kernels of its own choice, here and in programs started from here; on failure, a line that says what to install.</summary>
    public static bool TryStart(out string message)
    {
        // The library reads the process's own environment, of which .NET has a copy that is handed on.
        if (OperatingSystem.IsLinux())
            _ = Unset(KernelChoice);
        Environment.SetEnvironmentVariable(KernelChoice, null);
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            message = $"OpenBLAS ({Library}) is not installed, so there is nothing to compare with. "
                + "On Debian: apt-get install libopenblas0-pthread";
            return false;
        }

        SetThreadCount(1);
        message = $"OpenBLAS, one thread: {Marshal.PtrToStringAnsi(Configuration())}";
        return true;
    }

    public static void Run(ProductShape shape, float* a, float* b, float* c)
    {
        bool transposeA = shape.Form == ProductForm.TransposeMultiply;
        bool transposeB = shape.Form is ProductForm.MultiplyTranspose or ProductForm.Reduced;
        Multiply(
            ColumnMajor,
            transposeA ? Transpose : NoTranspose,
            transposeB ? Transpose : NoTranspose,
            shape.M, shape.N, shape.K,
            1f,
            a, transposeA ? shape.K : shape.M,
            b, transposeB ? shape.N : shape.K,
            0f,
            c, shape.M);
    }

    [LibraryImport(Library, EntryPoint = "cblas_sgemm")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Multiply(
        int order, int transposeA, int transposeB, int m, int n, int k, float alpha, float* a, int strideA,
        float* b, int strideB, float beta, float* c, int strideC);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unset(string name);

    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void SetThreadCount(int count);

    [LibraryImport(Library, EntryPoint = "openblas_get_config")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Configuration();
}
