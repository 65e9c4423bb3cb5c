namespace R1Cloud.LocalHost.Azurite;

/// <summary>How Azurite is started.</summary>
internal sealed record AzuriteOptions
{
    /// <summary>The folder with <c>azurite.mjs</c> and its installed packages: <c>eng/azurite</c> of the repository.</summary>
    public required string PackageFolder { get; init; }

    /// <summary>Where it keeps blobs and queues.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The port of its blob service; 0 takes a free one.</summary>
    public int BlobPort { get; init; }

    /// <summary>The port of its queue service; 0 takes a free one.</summary>
    public int QueuePort { get; init; }

    /// <summary>The port of its table service, which the pipeline itself does without; 0 takes a free one, null starts none.</summary>
    public int? TablePort { get; init; }

    /// <summary>The Node.js program.</summary>
    public string Node { get; init; } = "node";

    /// <summary>How long it may take until it is ready.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take to write everything out and leave.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether its packages are installed.</summary>
    public bool IsInstalled => Directory.Exists(Path.Combine(PackageFolder, "node_modules", "azurite"));
}

/// <summary>Azurite cannot be started, or ended by itself; the message says why and what to do.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="inner">The cause, if any.</param>
internal sealed class AzuriteException(string message, Exception? inner = null) : Exception(message, inner);
