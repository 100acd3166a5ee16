using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Backprop.CommandLine;
using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Dashboard;
using Backprop.Coordinator.LocalWorkers;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Scheduling;
using Backprop.Coordinator.Terminal;
using Backprop.Serving;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Training;
using Backprop.Protos.SharedMemory;

namespace Backprop.Coordinator;

/// <summary>Runs a training from its options to its exit code: opens what it needs, trains, gives the verdict.</summary>
public static class TrainingProgram
{
    /// <exception cref="UserErrorException">Something that was asked for cannot be done; nothing was started.</exception>
    public static async Task<int> RunAsync(SettingValues values, CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        TrainOptions options = TrainOptionsReader.Read(values);
        if (options.OrResume && RunDirectory.HoldsRun(options.RunDirectory!))
            return await ResumeAsync(options.RunDirectory!, ResumeRequest.OfTrain(values), stop);
        Dataset dataset = Datasets.Open(options.Data);
        RunSetup setup = RunSetup.Create(options, dataset);
        using RunDirectory directory = await RunDirectory.CreateAsync(options.RunDirectory ?? DefaultDirectory(dataset, time), time);
        return await RunAsync(options, setup, directory, [], stop);
    }

    /// <summary>Goes on with the run of a directory.</summary>
    /// <exception cref="UserErrorException">There is none that could go on so; nothing was started.</exception>
    public static Task<int> ResumeAsync(string path, SettingValues values, CancellationToken stop) =>
        ResumeAsync(path, ResumeRequest.OfResume(path, values), stop);

    private static async Task<int> ResumeAsync(string path, ResumeRequest request, CancellationToken stop)
    {
        using RunDirectory directory = await RunDirectory.OpenAsync(path, TimeProvider.System);
        ResumedRun resumed = ResumedRun.Find(directory, request);
        return await RunAsync(resumed.Options, resumed.Setup, directory, resumed.Notices, stop);
    }

    private static async Task<int> RunAsync(
        TrainOptions options, RunSetup setup, RunDirectory directory, IReadOnlyList<(NoticeKind Kind, string Line)> notices,
        CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        bool isComplete = setup.Start.IsComplete(setup.Plan);
        string runId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

        DashboardFeed? feed = options.Dashboard is null || isComplete ? null : new DashboardFeed();
        IRunReporter console = ConsoleReporter.Create(options.Json);
        using var live = console as IDisposable;
        RunRecorder? warned = null;
        var files = new RunDirectoryReporter(
            directory.FullPath, line => warned?.Notice(line), setup.Start.FirstEpoch(setup.Plan));
        IRunReporter?[] reporters = [console, feed, ServiceNotifier.IsListenedTo ? new ServiceReporter() : null];
        var reporter = new ReporterGroup([.. reporters.OfType<IRunReporter>()]);
        await using var recorder = new RunRecorder(setup, directory, files, reporter, time, directory.LastEpochBefore(setup));
        warned = recorder;
        RunSession? session = options.InProcess || isComplete ? null : NewSession(options, setup, runId, time);
        using RunTrace? trace = session is null || options.TraceFile is null ? null : await directory.KeepIfAsync(
            () => Task.FromResult(new RunTrace(
                TraceFile.Create(options.OrResume ? NewFile.Numbered(options.TraceFile) : options.TraceFile, line => recorder.Notice(line)), time)));
        await using CoordinatorHost? host = isComplete ? null : await directory.KeepIfAsync(
            () => CoordinatorHost.StartAsync(Addresses(options), session, setup.Plan, recorder, feed));
        recorder.RunStarted(Describe(options, setup, directory, runId, host));
        foreach ((NoticeKind kind, string line) in notices)
            recorder.Notice(kind, line);

        RunSummary summary = isComplete ? await recorder.EndAgainAsync() : session is null
            ? await InProcessRun.RunAsync(options, setup, recorder, time, stop)
            : await RunClusterAsync(options, setup, session, recorder, host!, trace, stop);
        return summary.Status switch
        {
            "completed" when summary.Error is null => ExitCodes.Success,
            "interrupted" => ExitCodes.Interrupted,
            _ => ExitCodes.Failed,
        };
    }

    private static async Task<RunSummary> RunClusterAsync(
        TrainOptions options, RunSetup setup, RunSession session, RunRecorder recorder, CoordinatorHost host,
        RunTrace? trace, CancellationToken stop)
    {
        var scheduler = new Scheduler(setup.Plan, new SchedulerOptions(
            StartingWorkers: Math.Max(options.Workers, options.MinWorkers), options.MinWorkers, options.WorkerTimeout,
            RunSession.SilenceLimit, options.StragglerTimeout, options.Audit, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))),
            session.Time.GetElapsedTime(0), setup.Start.NextStep, setup.Start.IsEvaluationPending(setup.Plan));
        var board = new WorkerBoard(session.Time);
        recorder.Workers = () => board.Snapshot(session.Workers.All);
        await using var localWorkers = new LocalWorkerGroup(
            options.Workers,
            new LocalWorkerProgram(host.LocalWorkerAddress!.ToString(), options.Threads, options.Data.DataDirectory, options.TokenFile),
            session.Events, session.Time);
        if (options.AllowMixedArithmetic)
            recorder.Notice("workers of any arithmetic are admitted: the promise of equal weights is off");
        SharedDirectory.Sweep();
        localWorkers.Start();
        using CancellationTokenRegistration stopping =
            stop.Register(() => session.Events.Tell(new SchedulerEvent.StopRequested()));

        await using ITimer ticking = session.StartTicking();
        using var run = new TrainingRun(setup, scheduler, session, recorder, localWorkers, board, trace);
        SchedulerCommand.Finish finish = await run.RunAsync();
        session.Workers.EndRun(new Protos.RunEnded { Status = StatusOf(finish.End), Reason = finish.Reason });
        return await recorder.EndAsync(
            StatusOf(finish.End), finish.End == RunEnd.Failed ? finish.Reason : null,
            finish.End == RunEnd.Completed ? run.Parameters : null,
            new WorkersSummary(board.Joined, board.Lost, board.Most), scheduler.NodesReassigned, scheduler.NodesCompared);
    }

    private static string StatusOf(RunEnd end) => end switch
    {
        RunEnd.Completed => "completed",
        RunEnd.Interrupted => "interrupted",
        _ => "failed",
    };

    private static RunSession NewSession(TrainOptions options, RunSetup setup, string runId, TimeProvider time) => RunSession.Open(
        RunWelcome.Of(setup, options, runId), setup.Model.Shape, setup.Dataset,
        options.AllowMixedArithmetic ? null : ArithmeticFingerprint.Compute(), LocalWorkerGroup.Names(options.Workers).ToHashSet(), time);

    private static HostAddresses Addresses(TrainOptions options) => new(
        options.InProcess ? null : new EntranceAddress(
            EndPointOf(options.Listen)!, options.CertificateFile, options.KeyFile, options.ClientAuthorityFile,
            options.TokenFile is null ? null : TokenFile.Read(options.TokenFile)),
        EndPointOf(options.Dashboard));

    private static IPEndPoint? EndPointOf(ListenAddress? address) =>
        address is null ? null : new IPEndPoint(address.Address, address.Port);

    private static RunDescription Describe(
        TrainOptions options, RunSetup setup, RunDirectory directory, string runId, CoordinatorHost? host) => new(
        runId, setup.Configuration, options.Data, setup.Dataset.Name, setup.Plan.TrainingExamples, setup.Plan.TestExamples, setup.Plan,
        options.InProcess, options.InProcess ? 0 : options.Workers, options.Threads, host?.GrpcAddress?.ToString(),
        host?.DashboardAddress?.ToString(), directory.FullPath)
    {
        Audit = options.Audit,
        ResumeOptions = options.Repeated,
    };

    private static string DefaultDirectory(Dataset dataset, TimeProvider time)
    {
        string moment = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string name = Path.Combine("runs", $"{moment}-{Path.GetFileNameWithoutExtension(dataset.Name)}");
        string free = name;
        for (int number = 2; Directory.Exists(free); number++)
            free = $"{name}-{number}";
        return free;
    }
}
