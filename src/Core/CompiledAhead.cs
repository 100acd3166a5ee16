using System.Reflection;
using System.Runtime.CompilerServices;

namespace Backprop.Core;

/// <summary>
/// Has methods compiled before their first call, so that what a step needs is compiled while workers start and not within the first step.
/// </summary>
public static class CompiledAhead
{
    private const BindingFlags Own =
        BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Compiles all methods of these types and of the types within them; nothing is run.</summary>
    public static void Types(params IEnumerable<Type> types)
    {
        foreach (Type type in types)
        {
            if (type.ContainsGenericParameters)
                continue;
            IEnumerable<MethodBase> methods = [.. type.GetMethods(Own), .. type.GetConstructors(Own)];
            foreach (MethodBase method in methods.Where(method => !method.IsAbstract && !method.ContainsGenericParameters))
            {
                // PrepareMethod leaves a method that is only called through an interface alone, until something has asked where it is.
                _ = method.MethodHandle.GetFunctionPointer();
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
            }

            Types(type.GetNestedTypes(Own));
        }
    }
}
