using System.Text.Json;

namespace R1Cloud.Shared.Storage;

/// <summary>Typed JSON blobs.</summary>
public static class BlobStoreJson
{
    private const int MaxChanges = 50;

    /// <summary>Reads a JSON blob.</summary>
    /// <exception cref="StorageException">There is none, or it is not valid.</exception>
    public static async Task<T> ReadJsonAsync<T>(this IBlobStore blobs, string path, CancellationToken cancellation = default) =>
        await blobs.TryReadJsonAsync<T>(path, cancellation) is { } value
            ? value : throw new StorageException($"There is no blob '{path}'.");

    /// <summary>Reads a JSON blob; the default value when there is none.</summary>
    /// <exception cref="NewerFormException">A newer version of the program wrote it.</exception>
    /// <exception cref="StorageException">It is not valid.</exception>
    public static async Task<T?> TryReadJsonAsync<T>(this IBlobStore blobs, string path, CancellationToken cancellation = default) =>
        await blobs.TryReadAsync(path, cancellation) is { } data ? Parse<T>(path, data) : default;

    /// <summary>Brings a JSON blob from what it is to what it should be, also while others change it.</summary>
    /// <param name="blobs">The store.</param>
    /// <param name="path">The blob.</param>
    /// <param name="change">
    /// Makes the new value of the present one (null where there is none); called again when somebody else was quicker. The same object back
    /// means that nothing is to be written.
    /// </param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The value that is there now.</returns>
    /// <exception cref="StorageException">It is not valid, or others changed it again and again.</exception>
    public static async Task<T> ChangeJsonAsync<T>(
        this IBlobStore blobs, string path, Func<T?, T> change, CancellationToken cancellation = default)
        where T : class
    {
        for (var attempt = 0; attempt < MaxChanges; attempt++)
        {
            var known = await blobs.TryReadVersionAsync(path, cancellation);
            var before = known is null ? null : Parse<T>(path, known.Content);
            var after = change(before);
            if (ReferenceEquals(before, after)) return after;
            var done = known is null
                ? await blobs.TryCreateAsync(path, ToJson(after), cancellation)
                : await blobs.TryReplaceAsync(path, ToJson(after), known.Version, cancellation);
            if (done) return after;
        }
        throw new StorageException($"Blob '{path}' was changed by others {MaxChanges} times while it was to be changed.");
    }

    /// <summary>Creates a JSON blob when there is none; false when it exists.</summary>
    public static Task<bool> TryCreateJsonAsync<T>(this IBlobStore blobs, string path, T value, CancellationToken cancellation = default) =>
        blobs.TryCreateAsync(path, ToJson(value), cancellation);

    /// <summary>Creates or replaces a JSON blob.</summary>
    public static Task WriteJsonAsync<T>(this IBlobStore blobs, string path, T value, CancellationToken cancellation = default) =>
        blobs.WriteAsync(path, ToJson(value), cancellation);

    private static T? Parse<T>(string path, BinaryData data)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(data, R1Json.Options);
        }
        catch (NewerFormException e)
        {
            throw new NewerFormException($"Blob '{path}'", e.Found, e.Known, e);
        }
        catch (JsonException e)
        {
            if (StoredForms.Newer(typeof(T), $"Blob '{path}'", data, e) is { } newer) throw newer;
            throw new StorageException($"Blob '{path}' is not a valid {typeof(T).Name}: {e.Message}", e);
        }
    }

    private static BinaryData ToJson<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, R1Json.Options));
}
