using System.Net;
using System.Net.Sockets;
using Backprop.Core.Model;

namespace Backprop.Transport;

/// <summary>The worker's side of <see cref="SocketWay"/>.</summary>
internal static class SocketFar
{
    public static void Answer(EndPoint address, NetworkShape shape, ExchangeCount count)
    {
        using Socket socket = SocketWay.New(address);
        socket.Connect(address);
        var weights = new float[shape.ParameterCount];
        var gradients = new float[shape.ParameterCount];
        Array.Fill(gradients, 0.25f);
        while (SocketWay.Receive(socket, weights))
        {
            SocketWay.Send(socket, gradients);
            count.Add();
        }
    }
}
