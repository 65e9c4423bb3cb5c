using System.Text.Json;
using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Instructions;

/// <summary>What an instruction is about, by IFEval's names.</summary>
/// <param name="id">The instruction, for messages.</param>
/// <param name="values">The row's <c>kwargs</c> of this instruction.</param>
internal sealed class InstructionArguments(string id, JsonElement values)
{
    /// <summary>A text.</summary>
    /// <exception cref="InstructionException">It is missing or no text.</exception>
    public string Text(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Wrong(name, "a text");

    /// <summary>Texts.</summary>
    /// <exception cref="InstructionException">They are missing or no list of texts.</exception>
    public IReadOnlyList<string> Texts(string name) =>
        Find(name)?.AsTexts() is { Length: > 0 } texts ? texts : throw Wrong(name, "a list of texts");

    /// <summary>A count.</summary>
    /// <exception cref="InstructionException">It is missing or no whole number from 0.</exception>
    public int Count(string name) =>
        Find(name)?.AsWholeNumber() is { } count and >= 0 and <= int.MaxValue ? (int)count : throw Wrong(name, "a whole number from 0");

    /// <summary>Whether a count stands in the wanted relation to the threshold.</summary>
    /// <exception cref="InstructionException">An argument is missing or unknown.</exception>
    public bool Compare(int count, string threshold, string relation) => Text(relation) switch
    {
        "less than" => count < Count(threshold),
        "at least" => count >= Count(threshold),
        _ => throw Wrong(relation, "\"less than\" or \"at least\""),
    };

    private JsonElement? Find(string name) =>
        values.ValueKind == JsonValueKind.Object && values.TryGetProperty(name, out var value) ? value : null;

    private InstructionException Wrong(string name, string allowed) =>
        new($"instruction {id}: {name} is {(Find(name) is { } value ? value.GetRawText() : "missing")}, not {allowed}");
}

/// <summary>A row's instructions cannot be understood.</summary>
internal sealed class InstructionException(string message) : Exception(message);
