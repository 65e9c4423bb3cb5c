using System.Reflection;
using System.Reflection.Emit;

namespace R1Cloud.GpuJob.Tests.Numerics;

/// <summary>Who calls whom, read from an assembly's IL.</summary>
internal static class MethodCalls
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>Every method of an assembly with those it calls or makes delegates of.</summary>
    public static IEnumerable<(MethodBase Caller, MethodBase Callee)> In(Assembly assembly) =>
        from type in assembly.GetTypes()
        from caller in type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared))
        from callee in Of(caller)
        select (caller, callee);

    /// <summary>What a method is whatever its type arguments.</summary>
    public static (Module Module, int Token) Definition(MethodBase method) => (method.Module, method.MetadataToken);

    private static IEnumerable<MethodBase> Of(MethodBase method)
    {
        var il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var i = 0; i < il.Length;)
        {
            var code = (short)il[i++];
            if (code == 0xFE) code = (short)((code << 8) | il[i++]);
            if (Operands[code] == OperandType.InlineMethod)
            {
                yield return method.Module.ResolveMethod(
                    BitConverter.ToInt32(il, i), method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null,
                        method.IsGenericMethod ? method.GetGenericArguments() : null)!;
            }
            i += Operands[code] switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, i)),
                _ => 4,
            };
        }
    }
}
