using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Worker.Transport;

/// <summary>The run's data set: built in, from the cache, or streamed once from the coordinator and then cached.</summary>
/// <param name="held">A data set that is in this process already.</param>
internal sealed class DatasetSource(string cacheDirectory, Action<string> notice, Dataset? held = null)
{
    /// <exception cref="UserErrorException">What came is not the data set with that hash.</exception>
    public async Task<Dataset> OpenAsync(Welcome welcome, CoordinatorLink link, CancellationToken cancellation)
    {
        if (held?.Sha256 == welcome.DatasetSha256)
            return held;
        if (welcome.DatasetName == Datasets.Digits)
        {
            Dataset digits = Datasets.Open(new Core.Data.DatasetRequest(Datasets.Digits, null, null, null));
            if (digits.Sha256 == welcome.DatasetSha256)
                return digits;
        }

        var cache = new DatasetCache(cacheDirectory);
        if (cache.TryOpen(welcome.DatasetSha256, out Dataset? cached))
            return cached;
        notice($"receiving data set {welcome.DatasetName}, {welcome.DatasetLength / 1e6:0.0} MB");
        using AsyncServerStreamingCall<DatasetChunk> call = link.Calls.AsyncServerStreamingCall(
            TrainingCalls.FetchDataset, null, link.Options(cancellation),
            new Protos.DatasetRequest { Sha256 = welcome.DatasetSha256 });
        return await cache.ReceiveAsync(
            welcome.DatasetSha256, (long)welcome.DatasetLength, Chunks(call, cancellation), cancellation);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Chunks(
        AsyncServerStreamingCall<DatasetChunk> call,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        while (await call.ResponseStream.MoveNext(cancellation))
            yield return call.ResponseStream.Current.Data.Memory;
    }
}
