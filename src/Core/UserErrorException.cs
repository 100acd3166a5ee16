namespace Backprop.Core;

/// <summary>
/// Something the user gave cannot be used. The message is one line that says what was given and what would fit; it is
/// shown as it is, without a stack trace.
/// </summary>
public sealed class UserErrorException(string message, Exception? innerException = null)
    : Exception(message, innerException);
