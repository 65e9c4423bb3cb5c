namespace R1Cloud.Inference.Wire;

/// <summary>What went wrong with an engine.</summary>
public enum EngineProblem
{
    /// <summary>It cannot be reached, has died, or gave no answer in time: another may do what it was asked.</summary>
    Away,
    /// <summary>It ended a completion half-way: it may be asked for it again.</summary>
    Unfinished,
    /// <summary>It answers, but must not be asked again before a restart: its numbers or weights cannot be trusted.</summary>
    Broken,
    /// <summary>It refused what it was asked, and will do so again.</summary>
    Refused,
}

/// <summary>An engine did not do what it was asked.</summary>
/// <param name="problem">What went wrong.</param>
/// <param name="message">Names the server, the call and its answer.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class EngineException(EngineProblem problem, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public EngineProblem Problem => problem;
}
