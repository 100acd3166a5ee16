using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>The connections that are open now: one a name, and no more than the coordinator serves.</summary>
internal sealed class WorkerRegistry
{
    /// <summary>More workers than this are refused: each costs a gradient's memory and a share of the link.</summary>
    public const int Capacity = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<string, WorkerConnection> living = [];
    private readonly Dictionary<string, string> quarantined = [];
    private int lastNumber;
    private RunEnded? ended;

    public WorkerConnection? this[Scheduling.WorkerId id]
    {
        get
        {
            lock (gate)
            {
                foreach (WorkerConnection worker in living.Values)
                {
                    if (worker.Id == id)
                        return worker;
                }

                return null;
            }
        }
    }

    public IReadOnlyList<WorkerConnection> All
    {
        get
        {
            lock (gate)
                return [.. living.Values.OrderBy(worker => worker.Id.Number)];
        }
    }

    /// <summary>This machine's cores, where workers of the coordinator's own are at work on all of them and no others take part; else null.</summary>
    public int? BusyCores =>
        All is { Count: > 0 } workers && workers.All(worker => worker.IsLocal) && workers.Sum(worker => worker.Threads) >= Environment.ProcessorCount
            ? Environment.ProcessorCount
            : null;

    /// <summary>Takes a worker in under its name.</summary>
    /// <exception cref="RpcException">
    /// PERMISSION_DENIED: it computed wrongly; ALREADY_EXISTS: its name is taken; RESOURCE_EXHAUSTED: there are too many; UNAVAILABLE: the run is over.
    /// </exception>
    public WorkerConnection Add(JoinRequest join, Func<Scheduling.WorkerId, WorkerConnection> create)
    {
        lock (gate)
        {
            if (ended is not null)
                throw Refused(StatusCode.Unavailable, $"the run is over: {ended.Status}");
            if (quarantined.TryGetValue(join.Name, out string? wrong))
                throw Refused(StatusCode.PermissionDenied, $"worker {join.Name} is quarantined: {wrong}");
            if (living.TryGetValue(join.Name, out WorkerConnection? holder))
            {
                // The same life again: it noticed before this side did that its connection is dead.
                if (holder.Incarnation != join.Incarnation)
                    throw Refused(StatusCode.AlreadyExists, $"a living worker has the name {join.Name}; start this one with another --name");
                holder.Close(new Status(StatusCode.Unavailable, "it has joined again"));
            }
            else if (living.Count >= Capacity)
            {
                throw Refused(StatusCode.ResourceExhausted, $"{Capacity} workers take part already, the most that this coordinator serves");
            }

            WorkerConnection connection = create(new Scheduling.WorkerId(++lastNumber));
            living[join.Name] = connection;
            return connection;
        }
    }

    /// <summary>Speaks to those that are due a sign of life. Whose silence is too long among the ready is the scheduler's to say.</summary>
    public void Pulse()
    {
        foreach (WorkerConnection worker in All)
            worker.Pulse();
    }

    /// <summary>Ends a worker's connection, that of a later life too which nobody has heard of yet, and lets none of its name in again.</summary>
    public void Quarantine(string name, string reason)
    {
        lock (gate)
        {
            quarantined[name] = reason;
            living.GetValueOrDefault(name)?.Close(new Status(StatusCode.PermissionDenied, $"worker {name} is quarantined: {reason}"));
        }
    }

    /// <summary>Whether a worker still owes a value that this step's weights are for.</summary>
    public bool Owes(long step)
    {
        lock (gate)
        {
            foreach (WorkerConnection worker in living.Values)
            {
                if (worker.Owes(step))
                    return true;
            }

            return false;
        }
    }

    /// <summary>Whether a worker has to be sent weights, since it does not read them where they stand.</summary>
    public bool AnyIsSentWeights()
    {
        lock (gate)
        {
            foreach (WorkerConnection worker in living.Values)
            {
                if (!worker.UsesSharedWeights)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Tells all workers that the run is over, and lets no more in.</summary>
    public void EndRun(RunEnded message)
    {
        lock (gate)
            ended = message;
        foreach (WorkerConnection worker in All)
            worker.Finish(message);
    }

    public void Remove(WorkerConnection connection)
    {
        lock (gate)
        {
            if (living.TryGetValue(connection.Name, out WorkerConnection? holder) && holder == connection)
                living.Remove(connection.Name);
        }
    }

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));
}
