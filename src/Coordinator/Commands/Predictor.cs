using Backprop.Core;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;

namespace Backprop.Coordinator.Commands;

/// <param name="Row">From 0, headers not counted.</param>
/// <param name="Class">The largest output, the first among equals.</param>
internal sealed record Prediction(int Row, int Class, float[] Outputs);

/// <summary>Carries inputs forward through a saved model, some columns at a time.</summary>
internal sealed class Predictor(SavedModel model)
{
    private const int ColumnsAtOnce = 64;

    /// <exception cref="UserErrorException">An output is not a number.</exception>
    public IEnumerable<Prediction> Predict(IReadOnlyList<float[]> rows)
    {
        var product = new MatrixProduct();
        for (int first = 0; first < rows.Count; first += ColumnsAtOnce)
        {
            ColumnBlock outputs = Forward(product, rows, first, Math.Min(ColumnsAtOnce, rows.Count - first));
            for (int column = 0; column < outputs.Columns; column++)
                yield return PredictionOf(first + column, outputs.Column(column).ToArray());
        }
    }

    /// <summary>A[L], outputs × count.</summary>
    private ColumnBlock Forward(MatrixProduct product, IReadOnlyList<float[]> rows, int first, int count)
    {
        ColumnBlock activation = Zeros(model.Parameters.Shape.Inputs, count);
        for (int column = 0; column < count; column++)
            rows[first + column].CopyTo(activation.Column(column));

        for (int layer = 0; layer < model.Parameters.Layers.Count; layer++)
        {
            LayerParameters parameters = model.Parameters.Layers[layer];
            ColumnBlock weightedInput = Zeros(parameters.Outputs, count);
            product.Multiply(parameters.Weights, activation, weightedInput);
            for (int column = 0; column < count; column++)
            {
                Span<float> z = weightedInput.Column(column);
                for (int j = 0; j < z.Length; j++)
                    z[j] += parameters.Biases.Values[j];
            }

            model.Network.Activations[layer].Apply(weightedInput.Values, weightedInput.Values, parameters.Outputs);
            activation = weightedInput;
        }

        return activation;
    }

    private Prediction PredictionOf(int row, float[] outputs)
    {
        foreach (float output in outputs)
        {
            if (!float.IsFinite(output))
                throw new UserErrorException($"Model {model.Path} gives {output} for row {row}; its inputs are too large for it.");
        }

        return new Prediction(row, Answer.Of(outputs), outputs);
    }

    private static ColumnBlock Zeros(int rows, int columns) => new(new float[rows * columns], 0, rows, columns);
}
