using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Model;

/// <summary>Texts in custom statuses, which have no more room than <see cref="CustomStatus.MaxCharacters"/>.</summary>
internal static class StatusText
{
    /// <summary>Stands where a text was cut.</summary>
    public const string Cut = "…";

    // As much as the first sentence of an error needs.
    private const int LongestWaiting = 400;

    /// <summary>What is waited for, as far as a status has room for it; null where there is none.</summary>
    /// <param name="status">The status without it.</param>
    /// <param name="waiting">What is waited for.</param>
    public static string? Fitted<T>(T status, string? waiting)
    {
        if (waiting is null) return null;
        var room = CustomStatus.MaxCharacters - JsonSerializer.Serialize(status, R1Json.Options).Length - ",\"waiting\":\"\"".Length;
        return Shortened(waiting, Math.Min(room, LongestWaiting)) is { Length: > 0 } text ? text : null;
    }

    /// <summary>A text whose JSON is no longer than so many characters.</summary>
    public static string Shortened(string text, int characters)
    {
        if (Length(text) <= characters) return text;
        var most = Math.Min(text.Length, Math.Max(0, characters));
        while (most > 0 && (char.IsHighSurrogate(text[most - 1]) || Length(text[..most] + Cut) > characters)) most--;
        return most > 0 ? text[..most] + Cut : "";
    }

    // As JSON has it: what is not plain ASCII takes six characters.
    private static int Length(string text) => JsonEncodedText.Encode(text).Value.Length;
}
