namespace R1Cloud.Shared.Storage;

/// <summary>A recipe's way to name a file that is in the run's storage, not on this machine's disk: <c>blob:PATH</c>.</summary>
public static class BlobReference
{
    /// <summary>Where such names begin.</summary>
    public const string Prefix = "blob:";

    /// <summary>Whether a file is in storage.</summary>
    public static bool Is(string file) => file is not null && file.StartsWith(Prefix, StringComparison.Ordinal);
}
