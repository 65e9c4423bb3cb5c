using System.Runtime.CompilerServices;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Guards the program's stack against templates and values that nest without end.</summary>
internal static class Recursion
{
    /// <summary>Throws while there is still room to.</summary>
    public static void Check()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new JinjaException("nested too deeply");
    }
}
