namespace Backprop.Protos;

public static class ProtocolVersion
{
    /// <summary>The version of training.proto that this program speaks.</summary>
    public const uint Current = 1;

    /// <summary>The largest message, in bytes. Larger ones would bypass gRPC's pool of arrays.</summary>
    public const int MaximumMessageLength = 1024 * 1024;
}
