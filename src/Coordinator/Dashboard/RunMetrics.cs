using System.Diagnostics.Metrics;
using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Dashboard;

/// <summary>The run in figures for monitoring, read from the feed whenever somebody asks.</summary>
internal sealed class RunMetrics : IDisposable
{
    public const string MeterName = "Backprop";

    private readonly Meter meter = new(MeterName);
    private readonly DashboardFeed feed;

    public RunMetrics(DashboardFeed feed)
    {
        this.feed = feed;
        meter.CreateObservableCounter("backprop.steps", () => feed.Latest?.Step ?? 0, null, "Steps committed");
        meter.CreateObservableGauge("backprop.epoch", () => feed.Latest?.Epoch ?? 0, null, "The running epoch, from 0");
        meter.CreateObservableGauge(
            "backprop.examples.rate", () => feed.Latest?.ExamplesPerSecond ?? 0, null, "Examples a second of training");
        meter.CreateObservableGauge(
            "backprop.workers.ready", () => feed.Latest?.ReadyWorkers ?? 0, null, "Workers that can be given nodes");
        meter.CreateObservableGauge("backprop.training.loss", () => Of(epoch => epoch.TrainingLoss), null, "Mean cost of the last epoch");
        meter.CreateObservableGauge("backprop.test.loss", () => Of(epoch => epoch.TestLoss), null, "Mean cost of the test set");
        meter.CreateObservableGauge(
            "backprop.test.accuracy", () => Of(epoch => (double)epoch.TestCorrect / Math.Max(1, epoch.TestCount)), null,
            "Share of right answers on the test set, 0 to 1");
        meter.CreateObservableCounter("backprop.worker.examples", Workers, null, "Examples of committed steps, by worker");
    }

    public void Dispose() => meter.Dispose();

    private IEnumerable<Measurement<double>> Of(Func<EpochOfPage, double> figure) =>
        feed.LastEpoch is { } epoch ? [new Measurement<double>(figure(epoch))] : [];

    private IEnumerable<Measurement<long>> Workers() =>
        (feed.Latest?.Workers ?? []).Where(worker => worker.Activity != WorkerActivity.Lost)
        .Select(worker => new Measurement<long>(worker.Examples, new KeyValuePair<string, object?>("worker", worker.Name)));
}
