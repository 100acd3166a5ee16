using Backprop.Protos;
using Google.Protobuf;

namespace Backprop.Cluster.Tests.Trust;

/// <summary>Ways in which a worker's gradient may be wrong though it has the right shape.</summary>
public enum WrongNumber
{
    FlippedBit,

    /// <summary>Seen in every sum that the number goes into, where the last bit may be rounded away.</summary>
    FlippedSign,
    NotANumber,
    Infinity,
}

/// <summary>Spoils node values as a broken processor would.</summary>
internal static class WrongNumbers
{
    /// <summary>Spoils the first number of a message of a node's value.</summary>
    public static void Put(WorkerMessage message, WrongNumber wrong)
    {
        TensorSegment segment = message.NodeValue.Segments[0];
        byte[] bytes = segment.Values.ToByteArray();
        byte[] number = wrong switch
        {
            WrongNumber.NotANumber => BitConverter.GetBytes(float.NaN),
            WrongNumber.Infinity => BitConverter.GetBytes(float.PositiveInfinity),
            WrongNumber.FlippedSign => [.. bytes.AsSpan(0, 3), (byte)(bytes[3] ^ 0x80)],
            _ => [(byte)(bytes[0] ^ 1), .. bytes.AsSpan(1, 3)],
        };
        number.CopyTo(bytes, 0);
        segment.Values = ByteString.CopyFrom(bytes);
    }

    /// <summary>Whether the message is of a node's value of this step.</summary>
    public static bool IsOf(this WorkerMessage message, ulong step) => message.NodeValue?.Header.Step == step;
}
