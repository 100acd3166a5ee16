namespace Backprop.Protos.Tensors;

/// <summary>Bytes from outside that are no message of training.proto; the message says what was found.</summary>
public sealed class MalformedMessageException(string message, Exception? innerException = null)
    : Exception(message, innerException);
