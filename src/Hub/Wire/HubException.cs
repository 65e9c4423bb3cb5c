namespace R1Cloud.Hub.Wire;

/// <summary>What the Hub says no to.</summary>
public enum HubProblem
{
    /// <summary>The repository wants its terms accepted.</summary>
    Gated,
    /// <summary>There is no such repository, or this token may not see it.</summary>
    MissingRepository,
    /// <summary>The repository has no such branch, tag or commit.</summary>
    MissingRevision,
    /// <summary>The revision has no such file, configuration or split.</summary>
    MissingFile,
    /// <summary>The repository has another name by now.</summary>
    Renamed,
    /// <summary>The Hub does not know the token.</summary>
    BadToken,
    /// <summary>The token may not do this.</summary>
    Forbidden,
    /// <summary>Nothing may be asked, and it is not in the cache.</summary>
    Offline,
    /// <summary>Something was there first, or has changed meanwhile.</summary>
    Conflict,
    /// <summary>What came is not what was asked for.</summary>
    WrongContent,
    /// <summary>Too many requests, for longer than we wait.</summary>
    RateLimited,
    /// <summary>No answer, or none that is of use now.</summary>
    Away,
    /// <summary>The signed link to a file's bytes is not or no longer accepted: the Hub signs a new one.</summary>
    LinkExpired,
    /// <summary>A part was asked for that the file does not have.</summary>
    NoSuchRange,
    /// <summary>A request that the Hub does not take.</summary>
    Refused,
}

/// <summary>The Hub did not give what was asked for.</summary>
/// <param name="problem">Why.</param>
/// <param name="message">Says what was asked for, why it did not come, and what helps.</param>
/// <param name="inner">The cause.</param>
public sealed class HubException(HubProblem problem, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public HubProblem Problem { get; } = problem;

    /// <summary>Whether another try may succeed although nothing was changed.</summary>
    public bool IsPassing => Problem is HubProblem.RateLimited or HubProblem.Away or HubProblem.WrongContent;
}
