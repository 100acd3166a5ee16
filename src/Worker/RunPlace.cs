using Backprop.Core.Data;
using Backprop.Protos;
using Backprop.Worker.Transport;

namespace Backprop.Worker;

/// <summary>A worker's place in a run, once it was welcomed and holds the data set.</summary>
/// <param name="Memory">What is shared with the coordinator.</param>
/// <param name="Incoming">What the coordinator sends.</param>
/// <param name="Outgoing">What goes to the coordinator.</param>
internal sealed record RunPlace(
    Welcome Run, Dataset Dataset, CoordinatorMemory Memory, IncomingFrames Incoming, OutgoingFrames Outgoing);
