using System.Buffers;
using System.Text;
using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Google.Protobuf;

namespace Backprop.Faults;

/// <summary>Something that reads bytes from outside.</summary>
/// <param name="Whole">Inputs that it takes.</param>
/// <param name="Read">Reads an input, or refuses it.</param>
internal sealed record OutsideReader(string Name, IReadOnlyList<byte[]> Whole, Action<byte[]> Read)
{
    private const string Path = "input";

    public static IReadOnlyList<OutsideReader> All() =>
    [
        new("messages of a worker", WorkerMessages(), bytes => ReadMessage(bytes, WorkerMessage.NodeValueFieldNumber, WorkerMessage.Parser, NodeHeader.Parser)),
        new("messages of a coordinator", CoordinatorMessages(),
            bytes => ReadMessage(bytes, CoordinatorMessage.WeightsFieldNumber, CoordinatorMessage.Parser, WeightsHeader.Parser)),
        new("models (safetensors)", [Model()], bytes => ModelFile.Read(Path, SafetensorsFile.Read(Path, new MemoryStream(bytes)))),
        new("checkpoints", [Checkpoint(hasVelocity: false), Checkpoint(hasVelocity: true)],
            bytes => CheckpointFile.Read(Path, SafetensorsFile.Read(Path, new MemoryStream(bytes)))),
        new("IDX images", [[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
            bytes => IdxFile.ReadImages(Path, bytes)),
        new("IDX labels", [[0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 2, 3, 9]], bytes => IdxFile.ReadLabels(Path, bytes, 10)),
        new("CSV", [.. Tables.Select(Encoding.UTF8.GetBytes)], ReadTable),
        new("data sets on the wire and in the cache", [DataSet()], bytes => DatasetFile.Read(new MemoryStream(bytes), "data", null)),
        new("options' values", [.. Options.Select(Encoding.UTF8.GetBytes)], ReadOption),
    ];

    private static readonly string[] Tables =
        ["0.5,1,0\n0.25,0,1\n1,1,0\n", "width,length,\"kind, of it\"\n1e-3,-2,0\r\n\"3\",4,1\n", "\"a\"\"b\",\u00e9\n1,2\n"];

    private static readonly string[] Options =
        ["127.0.0.1:5000", "[::1]:0", "off", "90s", "1.5m", "18446744073709551615", "784-30-10", "step:10:0.5", "3.4e38", "true", "-1"];

    /// <summary>Where messages' numbers belong, if they fit there.</summary>
    private static readonly Parameters places = new(NetworkShape.Parse("9-10-3"));

    /// <summary>Reads it as one for which there are no places yet, and as one whose numbers have theirs.</summary>
    private static void ReadMessage<TMessage, THeader>(
        byte[] bytes, int tensorField, MessageParser<TMessage> messages, MessageParser<THeader> headers)
        where TMessage : class, IMessage<TMessage>
        where THeader : class, IMessage<THeader>
    {
        foreach (IReadOnlyList<LayerParameters>? layers in (IReadOnlyList<LayerParameters>?[])[null, places.Layers])
        {
            TensorPlaces.Use<THeader>(_ => layers);
            FrameMarshaller.Read(new ReadOnlySequence<byte>(bytes), tensorField, messages, headers).Rented?.Return();
        }
    }

    private static void ReadTable(byte[] bytes)
    {
        CsvTable table = CsvTable.Read(Path, bytes);
        for (int row = 0; row < table.Rows.Count; row++)
        {
            for (int column = 0; column < table.ColumnCount; column++)
                _ = table.Number(row, column);
        }
    }

    private static void ReadOption(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        bool isTaken = ValueKinds.Address.TryRead(text, out _)
            | ValueKinds.AddressOrOff.TryRead(text, out _)
            | ValueKinds.Duration.TryRead(text, out _)
            | ValueKinds.Seed.TryRead(text, out _)
            | ValueKinds.Flag.TryRead(text, out _)
            | ValueKinds.WholeNumber(1).TryRead(text, out _)
            | ValueKinds.Number("a number", double.IsFinite).TryRead(text, out _);
        if (isTaken)
            return;
        if (text.StartsWith("step", StringComparison.Ordinal))
            _ = LearningRateSchedule.Parse(text);
        else
            ReadShape(text);
    }

    /// <summary>Whoever reads an option's text turns this refusal into the option's.</summary>
    private static void ReadShape(string text)
    {
        try
        {
            _ = NetworkShape.Parse(text);
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException(error.Message, error);
        }
    }

    private static byte[][] WorkerMessages()
    {
        var node = new Node { First = 2, Count = 2 };
        var totals = new Totals { ExampleCount = 10, CorrectCount = 5, Cost = 1.5 };
        var value = new NodeValue { Header = new NodeHeader { RunId = "1a2b3c4d", Step = 7, Node = node, Totals = totals, ComputedUs = 90 } };
        value.Segments.Add(new TensorSegment { Layer = 1, Offset = 3, Values = ByteString.CopyFrom(new byte[48]) });
        value.Segments.Add(new TensorSegment { Layer = 0, Values = ByteString.CopyFrom(new byte[400]) });
        var join = new JoinRequest { ProtocolVersion = ProtocolVersion.Current, Name = "w1", Threads = 2, SharedMemory = true };
        WorkerMessage[] messages =
        [
            new() { NodeValue = value }, new() { Join = join }, new() { Heartbeat = new Heartbeat() },
            new() { EvaluationValue = new EvaluationValue { RunId = "1a2b3c4d", Step = 3, Node = node, Totals = totals } },
            new() { Ready = new WorkerReady { DatasetSha256 = "ab12", Doorbell = true } }, new() { Leaving = new Leaving { Reason = "asked" } },
        ];
        return [.. messages.Select(message => message.ToByteArray())];
    }

    private static byte[][] CoordinatorMessages()
    {
        var weights = new Weights { Header = new WeightsHeader { RunId = "1a2b3c4d", Step = 7 } };
        weights.Segments.Add(new TensorSegment { Layer = 0, Values = ByteString.CopyFrom(new byte[256]) });
        var assignment = new Assignment { RunId = "1a2b3c4d", Step = 7, WeightsFollow = true };
        assignment.Nodes.Add(new Node { First = 0, Count = 4 });
        assignment.Slots.Add(1);
        var welcome = new Welcome { RunId = "1a2b3c4d", Layers = "64-30-10", HeartbeatIntervalMs = 1000, SilenceLimitMs = 8000 };
        CoordinatorMessage[] messages =
        [
            new() { Weights = weights }, new() { Assignment = assignment }, new() { Welcome = welcome },
            new() { Heartbeat = new Heartbeat() }, new() { RunEnded = new RunEnded { Status = "failed", Reason = "why" } },
        ];
        return [.. messages.Select(message => message.ToByteArray())];
    }

    private static byte[] Model()
    {
        Parameters parameters = ParameterInitializers.Create("scaled-gaussian", NetworkShape.Parse("3-2-2"), 1);
        var stream = new MemoryStream();
        var metadata = new Dictionary<string, string>
        {
            ["format"] = ModelFile.Format, ["layers"] = "3-2-2", ["activations"] = "sigmoid", ["cost"] = "quadratic", ["dataset"] = "digits",
        };
        SafetensorsFile.Write(stream, metadata, [.. ParameterTensors.Of(parameters)]);
        return stream.ToArray();
    }

    private static byte[] Checkpoint(bool hasVelocity)
    {
        var configuration = new RunConfiguration { Layers = "3-2-2", Shards = 1, DatasetSha256 = "ab12" };
        Parameters parameters = ParameterInitializers.Create("scaled-gaussian", configuration.Shape, 1);
        var stream = new MemoryStream();
        CheckpointFile.Write(stream, new Checkpoint(
            configuration, "1.0.0", 5, parameters, new OptimizerState(hasVelocity ? parameters.Copy() : null), new NodeTotals(3, 1, 0.5)));
        return stream.ToArray();
    }

    private static byte[] DataSet()
    {
        static ExampleSet Examples(int count) =>
            ExampleSet.FromBytes(new byte[count * 4], 16, [.. Enumerable.Range(0, count).Select(i => i % 2)], 4, 2);
        var stream = new MemoryStream();
        DatasetFile.Write(new Dataset("tiny", Examples(4), Examples(2)), stream);
        return stream.ToArray();
    }
}
