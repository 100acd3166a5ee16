using System.Net;
using Backprop.Serving;

namespace Backprop.Coordinator;

/// <summary>What the coordinator opens to others.</summary>
/// <param name="Workers">Where workers join; null for none.</param>
/// <param name="Dashboard">Where the page stands; null for none.</param>
internal sealed record HostAddresses(EntranceAddress? Workers, IPEndPoint? Dashboard);
