using Backprop.CommandLine;

namespace Backprop.Worker.Relay;

/// <summary>What a worker opens to workers of its own.</summary>
/// <param name="Listen">Where they join.</param>
/// <param name="CertificateFile">The server's certificate (PEM); with its key it turns TLS on.</param>
/// <param name="ClientAuthorityFile">Whose certificates they must show (PEM); null: none.</param>
public sealed record RelayOptions(ListenAddress Listen, string? CertificateFile, string? KeyFile, string? ClientAuthorityFile);
