using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Commands;

/// <summary>Files of token ids: a JSON array of them a line.</summary>
internal static class TokenIdLines
{
    /// <summary>Reads a file; <c>-</c> is the standard input.</summary>
    /// <exception cref="BadInputException">It is missing, or a line is no array of ids: both are named.</exception>
    public static IReadOnlyList<int[]> Read(string path, CommandStreams context, int vocabulary)
    {
        if (path != "-" && !File.Exists(path)) throw new BadInputException($"{path}: there is no such file.");
        var lines = path == "-" ? context.Input.ReadToEnd().TrimStart('\uFEFF').Split('\n') : File.ReadAllLines(path);
        var read = new List<int[]>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            var ids = Parse(lines[i]) is { Length: > 0 } parsed
                ? parsed : throw new BadInputException($"{path}: line {i + 1} is no JSON array of token ids, one at least.");
            if (Array.Find(ids, id => (uint)id >= (uint)vocabulary) is var bad && (uint)bad >= (uint)vocabulary)
            {
                throw new BadInputException($"{path}: line {i + 1} has the id {bad}; allowed is 0 to {vocabulary - 1}.");
            }
            read.Add(ids);
        }
        return read.Count > 0 ? read : throw new BadInputException($"{path}: holds no line of token ids.");
    }

    private static int[]? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<int[]>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
