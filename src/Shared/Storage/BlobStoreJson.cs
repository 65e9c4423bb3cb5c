using System.Text.Json;

namespace R1Cloud.Shared.Storage;

/// <summary>Typed JSON blobs.</summary>
public static class BlobStoreJson
{
    /// <summary>Reads a JSON blob.</summary>
    /// <exception cref="StorageException">There is none, or it is not valid.</exception>
    public static async Task<T> ReadJsonAsync<T>(this IBlobStore blobs, string path, CancellationToken cancellation = default) =>
        await blobs.TryReadJsonAsync<T>(path, cancellation) is { } value ? value : throw new StorageException($"There is no blob '{path}'.");

    /// <summary>Reads a JSON blob; the default value when there is none.</summary>
    /// <exception cref="NewerFormException">A newer version of the program wrote it.</exception>
    /// <exception cref="StorageException">It is not valid.</exception>
    public static async Task<T?> TryReadJsonAsync<T>(this IBlobStore blobs, string path, CancellationToken cancellation = default)
    {
        if (await blobs.TryReadAsync(path, cancellation) is not { } data) return default;
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

    /// <summary>Creates a JSON blob when there is none; false when it exists.</summary>
    public static Task<bool> TryCreateJsonAsync<T>(this IBlobStore blobs, string path, T value, CancellationToken cancellation = default) =>
        blobs.TryCreateAsync(path, ToJson(value), cancellation);

    /// <summary>Creates or replaces a JSON blob.</summary>
    public static Task WriteJsonAsync<T>(this IBlobStore blobs, string path, T value, CancellationToken cancellation = default) =>
        blobs.WriteAsync(path, ToJson(value), cancellation);

    private static BinaryData ToJson<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, R1Json.Options));
}
