using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Protos;

/// <summary>Carries messages as protobuf has them, and refuses bytes that are none with a status that says so.</summary>
internal static class MessageMarshaller
{
    public static Marshaller<T> Create<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        return new Marshaller<T>(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => Read(parser, context));
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT: the bytes are no such message.</exception>
    private static T Read<T>(MessageParser<T> parser, DeserializationContext context)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(context.PayloadAsReadOnlySequence());
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Refused(context.PayloadLength, error);
        }
    }

    /// <summary>INVALID_ARGUMENT, for bytes that are no message.</summary>
    public static RpcException Refused(long length, Exception error) => new(new Status(
        StatusCode.InvalidArgument, $"A message of {length} bytes is malformed: {error.Message.TrimEnd('.')}."));
}
