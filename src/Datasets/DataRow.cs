using System.Text.Json;

namespace R1Cloud.Datasets;

/// <summary>A problem of a data set, in the one form that all layouts are brought to.</summary>
public sealed record DataRow
{
    /// <summary>The file that it comes from, as the recipe names it.</summary>
    public required string File { get; init; }

    /// <summary>Its row in the file, from 1 (in JSONL: its line).</summary>
    public required int Number { get; init; }

    /// <summary>What is asked.</summary>
    public required string Prompt { get; init; }

    /// <summary>The conversation that the prompt is, each message with role and content; null where it is a text alone.</summary>
    public IReadOnlyList<JsonElement>? Messages { get; init; }

    /// <summary>The right final answer; empty where only tests or instructions decide.</summary>
    public required string Answer { get; init; }

    /// <summary>What a model that learns from the row is to write; null in layouts that have no such column.</summary>
    public string? Completion { get; init; }

    /// <summary>What tells it from others: the prompt without what a layout adds to every row.</summary>
    public required string Key { get; init; }

    /// <summary>Its domain, e.g. <c>math</c>; null where the file says none.</summary>
    public string? Domain { get; init; }

    /// <summary>Share of a model's samples that were right, from 0 to 1; null where nothing is known.</summary>
    public double? PassRate { get; init; }

    /// <summary>The file's other columns, for the rewards.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Fields { get; init; }

    /// <summary>What tells rows of one key apart: a preference row's responses. Empty where the key is all.</summary>
    public string Variant { get; init; } = "";

    /// <summary>Hash of the key alone: rows that share it are on one side of the split.</summary>
    public string KeyId => field ??= Hash(Key);

    /// <summary>Hash of the key without regard to case and spacing: equal ids are the same problem.</summary>
    public string Id => field ??= Variant.Length == 0 ? KeyId : Hash($"{Key}\n{Variant}");

    private static string Hash(string text) => TextKeys.Hash(text).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
