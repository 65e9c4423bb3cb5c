using System.Text.Json;

namespace R1Cloud.Shared.Storage;

/// <summary>JSON lines.</summary>
public static class JsonLines
{
    /// <summary>Values, a line each.</summary>
    public static BinaryData Write<T>(IEnumerable<T> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using var buffer = new MemoryStream();
        foreach (var value in values)
        {
            JsonSerializer.Serialize(buffer, value, R1Json.Options);
            buffer.WriteByte((byte)'\n');
        }
        return new BinaryData(buffer.ToArray());
    }

    /// <summary>The values of all non-empty lines.</summary>
    /// <exception cref="StorageException">A line is not valid; the message names the blob and the line.</exception>
    public static IEnumerable<T> Read<T>(BinaryData data, string path)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ReadLines<T>(data, path);
    }

    private static IEnumerable<T> ReadLines<T>(BinaryData data, string path)
    {
        var number = 0;
        foreach (var line in data.ToString().Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            yield return Parse<T>(line, path, number);
        }
    }

    private static T Parse<T>(string line, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, R1Json.Options) ?? throw new JsonException("The line is null.");
        }
        catch (JsonException e)
        {
            throw new StorageException($"Blob '{path}', line {number} is not a valid {typeof(T).Name}: {e.Message}", e);
        }
    }
}
