using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace R1Cloud.Shared.Storage;

/// <summary>Where blobs and queues are: opened from one text, the same on a laptop and in Azure.</summary>
public sealed class StorageConnection
{
    /// <summary>The environment variable that names the storage.</summary>
    public const string Variable = "R1_STORAGE";

    private readonly Func<string, IMessageQueue> openQueue;

    private StorageConnection(string endpoint, IBlobStore blobs, Func<string, IMessageQueue> openQueue, StorageTraffic? traffic = null)
    {
        Endpoint = endpoint;
        Traffic = traffic;
        Blobs = CrashPoints.AreArmed ? new CrashingBlobStore(blobs) : blobs;
        this.openQueue = CrashPoints.AreArmed ? name => new CrashingQueue(openQueue(name)) : openQueue;
    }

    /// <summary>Where the storage is, without secrets: for logs and messages.</summary>
    public string Endpoint { get; }

    /// <summary>The blobs of all runs.</summary>
    public IBlobStore Blobs { get; }

    /// <summary>What went over this connection so far; null where the storage is a folder, or is not ours to count.</summary>
    public StorageTraffic? Traffic { get; }

    /// <summary>A queue by name.</summary>
    /// <exception cref="StorageException">The storage is a folder, which has no queues.</exception>
    public IMessageQueue Queue(string name) => openQueue(name);

    /// <summary>Blobs and queues that are open already.</summary>
    /// <param name="endpoint">Where they are, without secrets.</param>
    /// <param name="blobs">The blobs.</param>
    /// <param name="queues">A queue by name.</param>
    /// <param name="traffic">What counts what goes over them; null where nobody does.</param>
    public static StorageConnection Of(string endpoint, IBlobStore blobs, Func<string, IMessageQueue> queues,
        StorageTraffic? traffic = null) => new(endpoint, blobs, queues, traffic);

    /// <summary>Opens the storage that the environment names.</summary>
    /// <exception cref="StorageException">It is unset or invalid.</exception>
    public static StorageConnection FromEnvironment() => Open(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Opens a storage; nothing is sent yet.</summary>
    /// <param name="source">
    /// A connection string (<c>UseDevelopmentStorage=true</c> included), the https URL of a storage account's blob service (signed in by
    /// <paramref name="credential"/>), or a folder's path.
    /// </param>
    /// <param name="credential">How to sign in to a URL; the environment's identity when null.</param>
    /// <param name="options">Retries and such; the defaults suit both Azure and Azurite.</param>
    /// <exception cref="StorageException">It is empty or invalid.</exception>
    public static StorageConnection Open(string? source, TokenCredential? credential = null, StorageOptions? options = null)
    {
        options ??= new StorageOptions();
        options = options with { Traffic = options.Traffic ?? new() };
        if (string.IsNullOrWhiteSpace(source))
        {
            throw new StorageException(
                $"No storage is named: set {Variable} to a connection string, the https URL of a storage account, or a folder.");
        }
        if (source.Contains("://", StringComparison.Ordinal) && !source.Contains(';')) return OpenAccount(source, credential, options);
        return source.Contains('=') && source.Split('=')[0] is var key && !key.Contains(Path.DirectorySeparatorChar)
            && !Directory.Exists(source)
            ? OpenConnectionString(source, options)
            : new StorageConnection(Path.GetFullPath(source), new FolderBlobStore(source), name =>
                throw new StorageException(
                    $"Queue '{name}' is not to be had: the storage '{source}' is a folder. Name a storage account or Azurite."));
    }

    private static StorageConnection OpenConnectionString(string text, StorageOptions options)
    {
        try
        {
            var place = new BlobContainerClient(text, options.Container).Uri;
            if (IsNear(place)) options = options with { Proxy = false };
            var container = new BlobContainerClient(text, options.Container, options.Blobs());
            var queues = new QueueServiceClient(text, options.Queues());
            return new StorageConnection(Place(container.Uri), new AzureBlobStore(container),
                name => new AzureMessageQueue(queues.GetQueueClient(name)), options.Traffic);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The text itself is kept out of the message: it holds a key.
            throw new StorageException($"The storage connection string is not valid: {e.Message}", e);
        }
    }

    // Azurite's account is in the path of its addresses, on whichever machine it runs.
    private static bool IsNear(Uri place) =>
        place.IsLoopback || place.AbsolutePath.StartsWith("/devstoreaccount1/", StringComparison.Ordinal);

    private static StorageConnection OpenAccount(string text, TokenCredential? credential, StorageOptions options)
    {
        if (!Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
        {
            throw new StorageException($"'{text}' is not the https URL of a storage account.");
        }
        if (url.Query.Length > 0)
            throw new StorageException(
                "The URL of a storage account takes no signature: put a shared access signature into a connection string.");
        if (!url.Host.Contains(".blob.", StringComparison.Ordinal))
        {
            throw new StorageException($"'{text}' is not the URL of a blob service: it looks like https://ACCOUNT.blob.core.windows.net.");
        }
        credential ??= new DefaultAzureCredential();
        var queueUrl = new UriBuilder(url) { Host = url.Host.Replace(".blob.", ".queue.", StringComparison.Ordinal) }.Uri;
        var container = new BlobServiceClient(url, credential, options.Blobs()).GetBlobContainerClient(options.Container);
        var queues = new QueueServiceClient(queueUrl, credential, options.Queues());
        return new StorageConnection(Place(url), new AzureBlobStore(container),
            name => new AzureMessageQueue(queues.GetQueueClient(name)), options.Traffic);
    }

    private static string Place(Uri url) => url.GetLeftPart(UriPartial.Path);
}
