using Backprop.Worker.Relay;

namespace Backprop.Worker;

/// <summary>What a worker was asked for.</summary>
/// <param name="Coordinator">http:// or https:// with a host and a port.</param>
/// <param name="Name">As the coordinator shows it.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="DataDirectory">Where streamed data sets are kept; null: the user's cache.</param>
/// <param name="TokenFile">The file of the shared secret, found fit; null: none is sent.</param>
/// <param name="AuthorityFile">PEM certificates to trust instead of the machine's own; null: the machine's.</param>
/// <param name="CertificateFile">The certificate to show to a coordinator that asks for one (PEM), with <paramref name="KeyFile"/>; null: none.</param>
/// <param name="EndWithInput">Ends when standard input ends; Ctrl-C is left to the program that started it.</param>
/// <param name="UsesSharedMemory">Shares memory with a coordinator on its own machine; otherwise tensors travel over gRPC.</param>
/// <param name="Relay">What it opens to workers of its own; null: nothing.</param>
public sealed record WorkerOptions(
    Uri Coordinator, string Name, int Threads, string? DataDirectory, string? TokenFile, string? AuthorityFile,
    string? CertificateFile, string? KeyFile,
    bool EndWithInput, bool UsesSharedMemory, RelayOptions? Relay);
