using System.Runtime.InteropServices;

namespace Backprop.Core.Tests.Files;

/// <summary>
/// While it lives, this thread opens and deletes files with the rights of a user who owns none of them, so that what an
/// administrator may do is refused as it is to others.
/// </summary>
internal sealed partial class OrdinaryUser : IDisposable
{
    private const int Nobody = 65534;

    private readonly int before = SetFileUser(Nobody);

    public void Dispose() => _ = SetFileUser(before);

    /// <returns>The user before; unlike seteuid it holds for this thread alone.</returns>
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(int user);
}
