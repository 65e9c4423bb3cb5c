using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>Reads JSON lines.</summary>
internal static class JsonLines
{
    /// <summary>The values of all non-empty lines.</summary>
    /// <exception cref="StorageException">A line is not valid; the message names the blob and the line.</exception>
    public static IEnumerable<T> Read<T>(BinaryData data, string path)
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
