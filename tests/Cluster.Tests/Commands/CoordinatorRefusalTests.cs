namespace Backprop.Cluster.Tests.Commands;

/// <summary>Each row: a command line, and what its one line of error must hold: what was given and what would fit.</summary>
public sealed class CoordinatorRefusalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--learnrate 1", "Unknown option --learnrate|--learning-rate")]
    [InlineData("train --epoch 3", "Unknown option --epoch|--epochs")]
    [InlineData("--frobnicate", "Unknown option --frobnicate|--help")]
    [InlineData("--seed=3 --wokers=2", "Unknown option --wokers|--workers")]
    [InlineData("trian", "Unknown command 'trian'|train")]
    [InlineData("train digits", "'digits'|train --help")]
    [InlineData("--layers", "--layers needs a value|784-30-10")]
    [InlineData("--epochs --workers 2", "--epochs needs a value: it takes a whole number")]
    [InlineData("--seed 1 --seed 2", "--seed is given 2 times")]
    [InlineData("--epochs 3 evaluate x", "--epochs stands before evaluate")]
    public Task Coordinator_UnknownWord_SaysWhatIsMeant(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expected, directory);

    [Theory]
    [InlineData("--mini-batch 0", "--mini-batch 0|at least 1")]
    [InlineData("--mini-batch -5", "--mini-batch -5|at least 1")]
    [InlineData("--mini-batch 1e3", "--mini-batch 1e3|a whole number")]
    [InlineData("--mini-batch 99999999999", "--mini-batch 99999999999|a whole number")]
    [InlineData("--epochs 0", "--epochs 0|at least 1")]
    [InlineData("--learning-rate NaN", "--learning-rate NaN|above 0")]
    [InlineData("--learning-rate 0", "--learning-rate 0|above 0")]
    [InlineData("--learning-rate -0.5", "--learning-rate -0.5|above 0")]
    [InlineData("--learning-rate 1e39", "--learning-rate 1e39|above 0")]
    [InlineData("--learning-rate 0,5", "--learning-rate 0,5|a number")]
    [InlineData("--momentum 1", "--momentum 1|from 0 to below 1")]
    [InlineData("--momentum -0.1", "--momentum -0.1|from 0 to below 1")]
    [InlineData("--l2 -1", "--l2 -1|at least 0")]
    [InlineData("--shards 3", "--shards 3|power of two|4096")]
    [InlineData("--shards 8192", "--shards 8192|power of two|4096")]
    [InlineData("--shards 0", "--shards 0|power of two|auto")]
    [InlineData("--layers 64", "--layers 64|64-30-10")]
    [InlineData("--layers 64-0-10", "--layers 64-0-10|from 1")]
    [InlineData("--layers 64,30,10", "--layers 64,30,10|hyphens")]
    [InlineData("--layers 64-1000000-1000000-10", "--layers 64-1000000-1000000-10|at most")]
    [InlineData("--activations sigmod", "--activations sigmod|sigmoid, tanh, relu, leaky-relu, linear or softmax")]
    [InlineData("--cost hinge", "--cost hinge|quadratic, cross-entropy or log-likelihood")]
    [InlineData("--optimizer adam", "--optimizer adam|sgd")]
    [InlineData("--initializer zero", "--initializer zero|scaled-gaussian")]
    [InlineData("--schedule cosine", "--schedule cosine|step:10:0.5")]
    [InlineData("--schedule step:0:0.5", "--schedule step:0:0.5|step:10:0.5")]
    [InlineData("--seed -1", "--seed -1|from 0 to 18446744073709551615")]
    [InlineData("--shuffle maybe", "--shuffle maybe|true or false")]
    [InlineData("--workers -1", "--workers -1|from 0")]
    [InlineData("--workers 257", "--workers 257|from 0 to 256")]
    [InlineData("--min-workers 257", "--min-workers 257|from 1 to 256")]
    [InlineData("--threads 0", "--threads 0|from 1")]
    [InlineData("--min-workers 0", "--min-workers 0|from 1")]
    [InlineData("--worker-timeout 0", "--worker-timeout 0|5m")]
    [InlineData("--worker-timeout soon", "--worker-timeout soon|5m")]
    [InlineData("--checkpoint-every 0", "--checkpoint-every 0|at least 1")]
    [InlineData("--listen here", "--listen here|127.0.0.1:5000")]
    [InlineData("--listen 127.0.0.1:70000", "--listen 127.0.0.1:70000|127.0.0.1:5000")]
    [InlineData("--dashboard on", "--dashboard on|off")]
    public Task Train_ImpossibleValue_SaysWhatFits(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expected, directory);

    [Theory]
    [InlineData("--cost cross-entropy --activations relu", "cross-entropy|relu|sigmoid")]
    [InlineData("--cost log-likelihood", "log-likelihood|sigmoid|softmax")]
    [InlineData("--activations softmax,sigmoid", "softmax|output")]
    [InlineData("--layers 64-30-10 --activations relu,relu,softmax", "64-30-10|relu,relu,softmax|2")]
    [InlineData("--in-process --workers 2", "--in-process|--workers 2")]
    [InlineData("--in-process --workers 0", "--in-process|--workers 0")]
    [InlineData("--in-process --min-workers 2", "--in-process|--min-workers 2")]
    [InlineData("--in-process --listen 127.0.0.1:5001", "--in-process|--listen 127.0.0.1:5001")]
    [InlineData("--min-workers 5", "--min-workers 5|--workers 5|--workers 0")]
    [InlineData("--workers 3 --min-workers 4", "--min-workers 4|--workers 3|from 1 to 3")]
    [InlineData("--listen 127.0.0.1:5080", "--listen 127.0.0.1:5080|--dashboard 127.0.0.1:5080|port 5080|0 for any free one")]
    [InlineData("--dashboard localhost:5000", "--dashboard 127.0.0.1:5000|port 5000")]
    [InlineData("--test-file x.csv", "--test-file x.csv|CSV|digits")]
    [InlineData("--label-column 3 --dataset mnist", "--label-column 3|CSV|mnist")]
    [InlineData("--init missing.safetensors", "--init missing.safetensors|no such file")]
    public Task Train_ImpossibleCombination_NamesBoth(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expected, directory);

    [Theory]
    [InlineData("--listen 0.0.0.0:5000", "--listen 0.0.0.0:5000|--cert-file, --key-file and --token-file")]
    [InlineData("--listen [::]:5000", "--listen [::]:5000|--cert-file, --key-file and --token-file")]
    [InlineData("--listen 192.168.1.7:5000", "--listen 192.168.1.7:5000|--cert-file, --key-file and --token-file")]
    [InlineData("--listen 0.0.0.0:5000 --token-file t", "--cert-file, --key-file and --token-file|missing: --cert-file, --key-file")]
    [InlineData("--listen 0.0.0.0:5000 --cert-file c --key-file k", "missing: --token-file")]
    [InlineData("--dashboard 0.0.0.0:5080", "--dashboard 0.0.0.0:5080|without a login|127.0.0.1:5080|ssh -L")]
    [InlineData("--cert-file c.pem", "--cert-file c.pem|--key-file")]
    [InlineData("--key-file k.pem", "--key-file k.pem|--cert-file")]
    [InlineData("--cert-file c.pem --key-file k.pem", "--cert-file c.pem|no such file")]
    [InlineData("--token-file none.txt", "--token-file none.txt|no such file|openssl rand -hex 32")]
    public Task Train_OpenToOthers_NamesWhatIsMissing(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expected, directory);

    [Theory]
    [InlineData("", "holds 0 bytes|at least 32")]
    [InlineData("   \n", "holds 0 bytes|at least 32")]
    [InlineData("0123456789012345678901234567890\n", "holds 31 bytes|at least 32")]
    [InlineData("0123456789 0123456789 0123456789 0123456789", "one word")]
    public Task Train_UnfitToken_SaysWhatFits(string token, string expected)
    {
        directory.Write("token.txt", token);
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "--token-file token.txt", "--token-file token.txt|" + expected, directory);
    }

    [Theory]
    [InlineData("", "no ")]
    [InlineData("1,2,0\n3,4\n", "row 2")]
    [InlineData("1,2,0\n3,x,1\n", "row 2, column 2: 'x' is not a number")]
    [InlineData("1,2,0\nNaN,4,1\n", "row 2, column 1: 'NaN' is not a finite number")]
    [InlineData("1,2,0\n3,4,-1\n", "row 2, column 3: label '-1' is out of range")]
    public Task Train_UnfitTable_NamesFileRowAndColumn(string table, string expected)
    {
        directory.Write("table.csv", table);
        return Refusal.ExpectAsync(BuiltProgram.Coordinator, "--dataset table.csv", "table.csv|" + expected, directory);
    }

    [Fact]
    public Task Train_CertificateThatIsNone_SaysWhatFits()
    {
        directory.Write("c.pem", "not a certificate");
        directory.Write("k.pem", "not a key");
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "--cert-file c.pem --key-file k.pem", "--cert-file c.pem|--key-file k.pem|PEM", directory);
    }

    [Fact]
    public Task Train_RunDirectoryNotEmpty_IsLeftAlone()
    {
        directory.Write("notes.txt", "mine");
        return Refusal.ExpectAsync(BuiltProgram.Coordinator, "--run-dir .", "run directory .|not empty|new or empty|resume", directory);
    }

    [Fact]
    public Task Train_RunDirectoryIsFile_SaysSo()
    {
        directory.Write("notes.txt", "mine");
        return Refusal.ExpectAsync(BuiltProgram.Coordinator, "--run-dir notes.txt", "run directory notes.txt|is a file", directory);
    }

    [Theory]
    [InlineData("evaluate", "MODEL")]
    [InlineData("evaluate none.safetensors", "none.safetensors|no such file")]
    [InlineData("evaluate none.safetensors --layers 3-2", "Unknown option --layers")]
    [InlineData("evaluate a b", "evaluate does not take 'b'")]
    [InlineData("predict", "MODEL")]
    [InlineData("predict none.safetensors", "--input|CSV")]
    [InlineData("predict none.safetensors --input x.csv", "none.safetensors|no such file")]
    public Task Model_MissingOrUnknown_SaysWhatFits(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expected, directory);
}
