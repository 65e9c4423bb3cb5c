using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// Files of a model folder, which a stranger may have written: an error is one line that names the file.
/// </summary>
public static class ModelFile
{
    private const long LongestText = 256L << 20; // the longest tokenizer.json published has 35 MB

    private const int LongestMessage = 4000;

    private static readonly byte[] LfsPointer = [.. "version https://git-lfs.github.com/spec/"u8];

    private static readonly JsonDocumentOptions Strict = new()
    {
        CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file that is no weights.</summary>
    /// <exception cref="BadInputException">It is a Git LFS pointer, a link to nothing, or far too long.</exception>
    public static byte[] Read(string path)
    {
        RefuseLostLink(path);
        if (LocalFiles.Stat(path).Length is var length and > LongestText)
            throw new BadInputException($"{path}: it has {length} bytes; at most {LongestText} are read.");
        var content = File.ReadAllBytes(path);
        RefusePointer(path, content);
        return content;
    }

    /// <summary>Refuses a link that leads to no file, as in a Hub cache whose blobs are gone.</summary>
    /// <exception cref="BadInputException">It is one.</exception>
    public static void RefuseLostLink(string path)
    {
        if (FileStatus.IsKnown && FileStatus.Of(path) is null && new FileInfo(path).LinkTarget is { } target)
            throw new BadInputException($"{path}: it is a link to '{target}', where there is no file; fetch the folder again.");
    }

    /// <summary>Refuses what stands in for a file of Git LFS.</summary>
    /// <param name="path">The file.</param>
    /// <param name="start">Its first bytes.</param>
    /// <exception cref="BadInputException">It is one.</exception>
    public static void RefusePointer(string path, ReadOnlySpan<byte> start)
    {
        if (IsPointer(start))
            throw new BadInputException($"{path}: it is a Git LFS pointer, not the file itself; fetch the files with: git lfs pull.");
    }

    /// <summary>Whether a file is one that stands in for a file of Git LFS.</summary>
    /// <param name="start">Its first bytes.</param>
    public static bool IsPointer(ReadOnlySpan<byte> start) => start.StartsWith(LfsPointer);

    /// <summary>Parses a JSON object in which no field is named twice: readers would choose differently between the two.</summary>
    /// <param name="json">UTF-8 JSON; comments and trailing commas are fine.</param>
    /// <param name="source">The file's name in errors.</param>
    /// <exception cref="BadInputException">It is none.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> json, string source)
    {
        RequireUtf8(json, source);
        try
        {
            return JsonNode.Parse(json, documentOptions: Strict) as JsonObject
                ?? throw new BadInputException($"{source}: it must be a JSON object.");
        }
        catch (JsonException error)
        {
            throw NotJson(source, error);
        }
    }

    /// <summary>The same as an element, which owns its memory.</summary>
    /// <exception cref="BadInputException">It is no such object.</exception>
    public static JsonElement ParseElement(ReadOnlyMemory<byte> json, string source)
    {
        RequireUtf8(json.Span, source);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new BadInputException($"{source}: it must be a JSON object.");
        }
        catch (JsonException error)
        {
            throw NotJson(source, error);
        }
    }

    /// <summary>
    /// Loads something out of a file; an error that the loader did not foresee is the file's fault and names it. The machine's errors stay
    /// what they are.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="load">The loader.</param>
    /// <exception cref="BadInputException">The file is bad.</exception>
    public static T Guard<T>(string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception error) when (error is WeightsFormatException or BadInputException)
        {
            var line = OneLine(error.Message);
            if (error is BadInputException && line == error.Message) throw;
            throw new BadInputException(line, error);
        }
        catch (Exception error) when (IsTheFiles(error))
        {
            var line = OneLine(error.Message.Split('\n')[0].TrimEnd());
            throw new BadInputException($"{path}: cannot be read: {line} ({error.GetType().Name}).", error);
        }
    }

    // Messages quote what files say, which may be long and of many lines.
    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ");
        return line.Length > LongestMessage ? line[..LongestMessage] + "…" : line;
    }

    private static bool IsTheFiles(Exception error) =>
        error is not (OperationCanceledException or OutOfMemoryException or IOException or StorageException or ExternalException
            or TypeInitializationException or DllNotFoundException);

    // A parser reads texts only when they are asked for, and fails then.
    private static void RequireUtf8(ReadOnlySpan<byte> json, string source)
    {
        if (json.StartsWith("\uFEFF"u8))
            throw new BadInputException($"{source}: it begins with a byte-order mark, which JSON has not: save it as UTF-8 without one.");
        if (!Utf8.IsValid(json)) throw new BadInputException($"{source}: it is not UTF-8 text.");
    }

    private static BadInputException NotJson(string source, JsonException error) =>
        new($"{source}: it is not JSON: {OneLine(error.Message)}", error);
}
