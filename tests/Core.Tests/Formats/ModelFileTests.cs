using Backprop.Core.Formats;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Formats;

public sealed class ModelFileTests : IDisposable
{
    private const string Metadata = "\"format\":\"backprop/1\",\"layers\":\"3-2\",\"activations\":\"sigmoid\",\"cost\":\"quadratic\",\"dataset\":\"pets\"";
    private const string Tensors = """ "layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]} """;

    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private string Model => directory.PathOf("model.safetensors");

    // W = (1 2 3; 4 5 6) row by row, although memory holds it column by column; then b = (7, 8).
    [Fact]
    public void Write_Network_IsTheDocumentedLayoutByteByByte()
    {
        ModelFile.Write(Model, ThreeToTwo(), new ModelMetadata("3-2", "sigmoid", "quadratic", "pets", ["cat", "dog"]));

        string header = $$"""{"__metadata__":{{{Metadata}},"classes":"[\"cat\",\"dog\"]"},{{Tensors.Trim()}}}""";
        header += new string(' ', (8 - (header.Length % 8)) % 8);
        Assert.Equal(SafetensorsBytes.Of(header, 1, 2, 3, 4, 5, 6, 7, 8), File.ReadAllBytes(Model));
        Assert.Equal(["model.safetensors"], directory.Entries());
    }

    [Fact]
    public void Read_ByHand_WeightsRowByRowAndMetadata()
    {
        directory.Write("model.safetensors", SafetensorsBytes.Of(Header(), 1, 2, 3, 4, 5, 6, 7, 8));

        (Parameters parameters, ModelMetadata metadata) = ModelFile.Read(Model);

        Assert.Equal(new ModelMetadata("3-2", "sigmoid", "quadratic", "pets", null), metadata);
        LayerParameters layer = Assert.Single(parameters.Layers);
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], layer.Weights.Values.ToArray()); // column-major
        Assert.Equal([7f, 8f], layer.Biases.Values.ToArray());
        Assert.Equal(ThreeToTwo().ComputeSha256(), parameters.ComputeSha256());
    }

    [Fact]
    public void Read_WrittenNetworkOfThreeLayers_SameAgain()
    {
        var parameters = new Parameters(NetworkShape.Parse("5-4-3"));
        float next = 0.1f;
        foreach (LayerParameters layer in parameters.Layers)
        {
            for (int i = 0; i < layer.Weights.Values.Length; i++)
                layer.Weights.Values[i] = next *= -1.1f;
            for (int i = 0; i < layer.Biases.Rows; i++)
                layer.Biases.Values[i] = next *= -1.1f;
        }

        ModelFile.Write(Model, parameters, new ModelMetadata("5-4-3", "relu,softmax", "log-likelihood", "größe", ["a", "\"b\"", "c,\n"]));
        (Parameters read, ModelMetadata metadata) = ModelFile.Read(Model);

        Assert.Equal(parameters.ComputeSha256(), read.ComputeSha256());
        Assert.Equal(parameters.ComputeSha256(), ModelFile.ReadParameters(Model).ComputeSha256());
        Assert.Equal(("5-4-3", "relu,softmax", "log-likelihood", "größe"), (metadata.Layers, metadata.Activations, metadata.Cost, metadata.Dataset));
        Assert.Equal(["a", "\"b\"", "c,\n"], metadata.Classes!);
    }

    [Theory]
    [InlineData("16-1")]
    [InlineData("33-17")]
    [InlineData("7-40")]
    public void Write_AnyNumberOfColumns_RowsOneAfterTheOther(string layers)
    {
        Parameters parameters = ParameterInitializers.Create("scaled-gaussian", NetworkShape.Parse(layers), 1);
        ModelFile.Write(Model, parameters, new ModelMetadata(layers, "sigmoid", "quadratic", "pets", null));

        ColumnBlock weights = Assert.Single(parameters.Layers).Weights;
        float[] written = SafetensorsFile.Read(Model).Find("layers.0.weight")!.Values;
        Assert.Equal(weights.Rows * weights.Columns, written.Length);
        for (int j = 0; j < weights.Rows; j++)
        {
            for (int k = 0; k < weights.Columns; k++)
                Assert.Equal(weights[j, k], written[(j * weights.Columns) + k]);
        }
    }

    [Theory]
    [InlineData("\"format\":\"backprop/1\"", "\"format\":\"backprop/2\"", "its metadata has no format backprop/1")]
    [InlineData("\"format\":\"backprop/1\"", "\"origin\":\"elsewhere\"", "its metadata has no format backprop/1")]
    [InlineData("\"layers\":\"3-2\"", "\"layers\":\"2-3\"", "its metadata says layers '2-3', its tensors are 3-2")]
    [InlineData("\"layers\":\"3-2\"", "\"layers\":\"a\\nb\"", "its metadata says layers 'a\\u000ab', its tensors are 3-2")]
    [InlineData("\"layers\":\"3-2\",", "", "its metadata has no layers")]
    [InlineData("\"activations\":\"sigmoid\",", "", "its metadata has no activations")]
    [InlineData("\"cost\":\"quadratic\",", "", "its metadata has no cost")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"[\"", "the names of its classes are no list")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"null\"", "the names of its classes are no list of 2 names")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"{}\"", "the names of its classes are no list")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"[\\\"cat\\\"]\"", "the names of its classes are no list of 2 names")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"[\\\"cat\\\",null]\"", "the names of its classes are no list of 2 names")]
    [InlineData("\"pets\"", "\"pets\",\"classes\":\"[1,2]\"", "the names of its classes are no list")]
    [InlineData("layers.0.weight", "layers.1.weight", "layers.0.weight is missing")]
    [InlineData("layers.0.weight", "layers.00.weight", "layers.0.weight is missing")]
    [InlineData("layers.0.bias", "layers.0.Bias", "has no tensor layers.0.bias")]
    [InlineData("[2,3]", "[6]", "layers.0.weight has shape [6]; [outputs, inputs] fits")]
    [InlineData("[2,3]", "[1,2,3]", "layers.0.weight has shape [1, 2, 3]; [outputs, inputs] fits")]
    [InlineData("[2,3]", "[3,2]", "its metadata says layers '3-2', its tensors are 2-3")]
    [InlineData("[2],", "[2,1],", "layers.0.bias has shape [2, 1]; [2] fits")]
    public void Read_Unfit_SaysWhat(string part, string instead, string expected)
    {
        directory.Write("model.safetensors", SafetensorsBytes.Of(Header().Replace(part, instead, StringComparison.Ordinal), 1, 2, 3, 4, 5, 6, 7, 8));

        Assert.Contains(expected, Refused.Message(Model, () => ModelFile.Read(Model)), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadParameters_NoMetadata_IsEnough()
    {
        // As another program writes weights to start from.
        directory.Write("model.safetensors", SafetensorsBytes.Of($"{{{Tensors}}}", 1, 2, 3, 4, 5, 6, 7, 8));
        Assert.Equal(ThreeToTwo().ComputeSha256(), ModelFile.ReadParameters(Model).ComputeSha256());
    }

    // 4 MB of file: a layer of 2^20 neurons from one, another of 1,000 from one. A network of both would have 4 GB.
    [Fact]
    public void ReadParameters_LayersThatDoNotMeet_RefusedWithoutTakingTheirProduct()
    {
        const int wide = 1 << 20;
        string header =
            $$$"""{"layers.0.weight":{"dtype":"F32","shape":[{{{wide}}},1],"data_offsets":[0,{{{4 * wide}}}]},"""
            + $$$""" "layers.1.weight":{"dtype":"F32","shape":[1000,1],"data_offsets":[{{{4 * wide}}},{{{(4 * wide) + 4000}}}]},"""
            + $$$""" "layers.0.bias":{"dtype":"F32","shape":[{{{wide}}}],"data_offsets":[{{{(4 * wide) + 4000}}},{{{(8 * wide) + 4000}}}]},"""
            + $$$""" "layers.1.bias":{"dtype":"F32","shape":[1000],"data_offsets":[{{{(8 * wide) + 4000}}},{{{(8 * wide) + 8000}}}]}}""";
        byte[] file = SafetensorsBytes.Of(header, new float[(2 * wide) + 2000]);
        directory.Write("model.safetensors", file);
        string message = "";
        long allocated = Refused.Allocated(() => message = Refused.Message(Model, () => ModelFile.ReadParameters(Model)));

        Assert.Contains($"layers.1.weight has shape [1000, 1]; [1000, {wide}] fits", message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 2 * file.Length);
    }

    [Theory]
    [InlineData("""{"layers.0.weight":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}}""", "a layer of 0 neurons")]
    [InlineData("""{"layers.0.weight":{"dtype":"F32","shape":[0,2000000],"data_offsets":[0,0]}}""", "a layer of 2000000 neurons")]
    [InlineData("{}", "layers.0.weight is missing")]
    public void ReadParameters_NoNetwork_SaysWhy(string header, string expected)
    {
        directory.Write("model.safetensors", SafetensorsBytes.Of(header));
        Assert.Contains(
            expected, Refused.Message(Model, () => ModelFile.ReadParameters(Model)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Read_RandomDamage_RefusedOrValid()
    {
        byte[] whole = SafetensorsBytes.Of(Header(), 1, 2, 3, 4, 5, 6, 7, 8);
        int refused = Mutation.Check(whole, 3000, 1 << 20, (name, bytes) =>
        {
            (Parameters parameters, ModelMetadata metadata) = ModelFile.Read(name, SafetensorsFile.Read(name, new MemoryStream(bytes)));
            Assert.Equal(metadata.Layers, parameters.Shape.ToString());
        });

        Assert.InRange(refused, 1, 2999);
    }

    private static string Header() => $$"""{"__metadata__":{{{Metadata}}},{{Tensors}}}""";

    private static Parameters ThreeToTwo()
    {
        var parameters = new Parameters(NetworkShape.Parse("3-2"));
        LayerParameters layer = parameters.Layers[0];
        for (int j = 0; j < 2; j++)
        {
            for (int k = 0; k < 3; k++)
                layer.Weights[j, k] = (3 * j) + k + 1;
            layer.Biases.Values[j] = 7 + j;
        }

        return parameters;
    }
}
