using System.Runtime;

namespace Backprop.Core.Tests;

/// <summary>Methods are compiled before their first call, those too that are only called through an interface.</summary>
public sealed class CompiledAheadTests
{
    [Fact]
    public void Types_MethodOfAnInterface_IsNotCompiledByItsFirstCall()
    {
        ICounted counted = new Counted();
        CompiledAhead.Types(typeof(Counted));
        _ = CompiledCalls(() => 0);
        Assert.Equal(0, CompiledCalls(counted.Number));
    }

    [Fact]
    public void Types_Method_IsNotCompiledByItsFirstCall()
    {
        CompiledAhead.Types(typeof(Counted));
        _ = CompiledCalls(() => 0);
        Assert.Equal(0, CompiledCalls(Counted.NumberOfAll));
    }

    private static long CompiledCalls(Func<int> call)
    {
        long before = JitInfo.GetCompiledMethodCount(currentThread: true);
        _ = call();
        return JitInfo.GetCompiledMethodCount(currentThread: true) - before;
    }

    private interface ICounted
    {
        int Number();
    }

    private sealed class Counted : ICounted
    {
        public int Number() => Environment.CurrentManagedThreadId * 3;

        public static int NumberOfAll() => Environment.CurrentManagedThreadId * 5;
    }
}
