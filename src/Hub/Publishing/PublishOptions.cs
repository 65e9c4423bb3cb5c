namespace R1Cloud.Hub.Publishing;

/// <summary>How something is published.</summary>
public sealed record PublishOptions
{
    /// <summary>The branch; it must be there.</summary>
    public string Branch { get; init; } = "main";

    /// <summary>The commit's title.</summary>
    public required string Message { get; init; }

    /// <summary>Whether a repository that is made for it is private.</summary>
    public bool IsPrivate { get; init; }
}
