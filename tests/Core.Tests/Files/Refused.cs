namespace Backprop.Core.Tests.Files;

/// <summary>Readers answer bad bytes with a message for the user, and with nothing else.</summary>
internal static class Refused
{
    /// <summary>Runs a reader that has to refuse, and returns its message: one line that names the file.</summary>
    /// <param name="name">What the message has to name.</param>
    /// <param name="read">Any other exception than UserErrorException fails the test, as does none.</param>
    public static string Message(string name, Action read)
    {
        string message = Assert.Throws<UserErrorException>(read).Message;
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    /// <summary>The reader's result; null where it refused as it should. Anything else is thrown on.</summary>
    public static T? OrResult<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (UserErrorException)
        {
            return null;
        }
    }

    /// <summary>The bytes that this thread allocated during an action.</summary>
    public static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
