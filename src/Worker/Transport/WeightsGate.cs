using System.Diagnostics;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;

namespace Backprop.Worker.Transport;

/// <summary>
/// Takes a step's weights in as they come, so that a layer's forward pass starts when that layer is there and not
/// when all are.
/// </summary>
internal sealed class WeightsGate : IParameterGate
{
    private readonly IncomingFrames incoming;
    private readonly string runId;
    private readonly ComputingTime computing;
    private readonly TensorAssembly assembly = new(descending: false);
    private ulong step;

    /// <summary>Takes what is expected, from its step's number on; null while nothing is. The thread that reads frames looks at it.</summary>
    private volatile IReadOnlyList<LayerParameters>? expected;

    public WeightsGate(IncomingFrames incoming, string runId, ComputingTime computing)
    {
        (this.incoming, this.runId, this.computing) = (incoming, runId, computing);
        incoming.PlacesOf = PlacesOf;
    }

    public bool IsOpen => !assembly.IsActive;

    /// <summary>Expects all layers of a step's weights to come next.</summary>
    /// <param name="parameters">Takes them in.</param>
    public void Expect(ulong nextStep, Parameters parameters)
    {
        Volatile.Write(ref step, nextStep);
        assembly.Begin(parameters.Layers);
        expected = parameters.Layers;
    }

    public void WaitForLayer(int layer)
    {
        while (assembly.IsActive && assembly.CompleteLayers <= layer)
            TakeFrame(_ => { });
    }

    /// <summary>Takes in what is left of the step's weights.</summary>
    public void WaitForAll() => WaitForAll(_ => { });

    /// <summary>Takes in what is left of the step's weights.</summary>
    /// <param name="took">Told of parts once they stand in their places.</param>
    public void WaitForAll(Action<IReadOnlyList<TensorPart>> took)
    {
        while (assembly.IsActive)
            TakeFrame(took);
    }

    private void TakeFrame(Action<IReadOnlyList<TensorPart>> took)
    {
        long since = Stopwatch.GetTimestamp();
        Frame<CoordinatorMessage, WeightsHeader> frame = incoming.Take();
        computing.Wait(since);
        try
        {
            if (frame.Header is null || frame.Header.RunId != runId || frame.Header.Step != step)
                throw new MalformedMessageException($"the coordinator sent something else than the weights of step {step}");
            foreach (TensorPart part in frame.Parts)
                assembly.Accept(part);
            if (!assembly.IsActive)
                expected = null;
            took(frame.Parts);
        }
        finally
        {
            frame.Rented?.Return();
        }
    }

    /// <summary>Nothing reads a layer that has not come whole, so the numbers of an expected step may be read into it; what comes early may not.</summary>
    /// <remarks>In this order: what was expected of a step is forgotten before another step is named.</remarks>
    private IReadOnlyList<LayerParameters>? PlacesOf(WeightsHeader header) =>
        header.RunId == runId && header.Step == Volatile.Read(ref step) ? expected : null;
}
