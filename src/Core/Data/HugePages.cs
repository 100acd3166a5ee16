using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Backprop.Core.Data;

/// <summary>
/// Memory for a data set, whose examples are read in any order: of pages of 2 MiB where Linux gives them, it takes a
/// fraction of the page faults and of the address translations.
/// </summary>
internal static unsafe partial class HugePages
{
    private const int PageLength = 2 << 20;
    private const int AdviseHugePage = 14;

    /// <summary>An array at a fixed place, of undefined content.</summary>
    public static byte[] Allocate(int count)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(count, pinned: true);
        if (OperatingSystem.IsLinux() && count >= 2 * PageLength)
        {
            nuint begin = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
            nuint first = (begin + PageLength - 1) & ~(nuint)(PageLength - 1);
            nuint end = (begin + (nuint)count) & ~(nuint)(PageLength - 1);
            TryAdvise((void*)first, end - first);
        }

        return array;
    }

    /// <summary>A wish: where it is not granted, pages are as small as ever.</summary>
    private static void TryAdvise(void* address, nuint length)
    {
        try
        {
            _ = Advise(address, length, AdviseHugePage);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A Linux whose C library has another name.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
