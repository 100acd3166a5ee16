namespace Backprop.Scheduling;

/// <summary>What the scheduler is told before the run.</summary>
/// <param name="StartingWorkers">Workers to wait for before the first step, at least 1.</param>
/// <param name="MinimumWorkers">Below it training waits, at least 1.</param>
/// <param name="WorkerTimeout">How long it waits for workers before the run fails, and for an answer before its worker is sent away.</param>
/// <param name="SilenceLimit">A worker not heard for longer is taken for gone.</param>
/// <param name="StragglerTimeout">The least time after which nodes are given to a second worker; null: never.</param>
/// <param name="AuditFraction">The share of training nodes that two compute and that are compared, from 0 to 1.</param>
/// <param name="AuditSeed">Which nodes those are; nothing else depends on it.</param>
public sealed record SchedulerOptions(
    int StartingWorkers, int MinimumWorkers, TimeSpan WorkerTimeout, TimeSpan SilenceLimit,
    TimeSpan? StragglerTimeout = null, double AuditFraction = 0, ulong AuditSeed = 0);
