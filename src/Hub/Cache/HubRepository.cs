namespace R1Cloud.Hub.Cache;

/// <summary>What a repository holds.</summary>
public enum HubKind
{
    /// <summary>A model.</summary>
    Model,
    /// <summary>A data set.</summary>
    Dataset,
}

/// <summary>A repository of the Hub.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Name">Its name, <c>ORG/NAME</c>.</param>
public sealed record HubRepository(HubKind Kind, string Name)
{
    /// <summary>Where its interfaces are, below the endpoint.</summary>
    internal string ApiPath => $"api/{(Kind == HubKind.Model ? "models" : "datasets")}/{Name}";

    /// <summary>Where its pages and files are, below the endpoint.</summary>
    internal string PagePath => Kind == HubKind.Model ? Name : $"datasets/{Name}";

    /// <summary>Its folder in the cache.</summary>
    internal string FolderName => $"{(Kind == HubKind.Model ? "models" : "datasets")}--{Name.Replace("/", "--", StringComparison.Ordinal)}";

    /// <inheritdoc/>
    public override string ToString() => PagePath;
}

/// <summary>A file of a revision.</summary>
/// <param name="Path">Its name below the repository, with forward slashes.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="BlobId">Git's SHA-1 of it; of an LFS file that of the pointer.</param>
/// <param name="Sha256">The SHA-256 of an LFS file; null of others.</param>
public sealed record HubFile(string Path, long Size, string BlobId, string? Sha256)
{
    /// <summary>What names its content in the cache, and proves it.</summary>
    public string Etag => Sha256 ?? BlobId;
}
