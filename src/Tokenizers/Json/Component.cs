using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Json;

/// <summary>A part of a tokenizer's JSON file that knows where it stands, so that errors can say it.</summary>
/// <param name="File">The file.</param>
/// <param name="Path">The part's field path, such as <c>pre_tokenizer.pretokenizers[1]</c>.</param>
/// <param name="Element">Its JSON.</param>
internal sealed record Component(string File, string Path, JsonElement Element)
{
    /// <summary>The field <c>type</c>.</summary>
    public string Type => Text("type");

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) =>
        Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A field that must be there.</summary>
    public Component Field(string name) => Has(name)
        ? new Component(File, $"{Path}.{name}".TrimStart('.'), Element.GetProperty(name))
        : throw new BadInputException($"{File}: field '{$"{Path}.{name}".TrimStart('.')}' is missing.");

    /// <summary>A field, or null.</summary>
    public Component? Optional(string name) => Has(name) ? Field(name) : null;

    /// <summary>The items of an array.</summary>
    public IEnumerable<Component> Items(string name)
    {
        var array = Field(name);
        if (array.Element.ValueKind != JsonValueKind.Array) throw array.Bad("an array");
        return array.Element.EnumerateArray().Select((item, i) => new Component(File, $"{array.Path}[{i}]", item));
    }

    /// <summary>A text field.</summary>
    public string Text(string name) => Field(name).AsText();

    /// <summary>This as a text.</summary>
    public string AsText()
    {
        if (Element.ValueKind != JsonValueKind.String) throw Bad("a text");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad("a text of whole characters"); // half a surrogate pair, written as an escape
        }
    }

    /// <summary>A text field, or what stands in for it.</summary>
    public string Text(string name, string otherwise) => Optional(name)?.AsText() ?? otherwise;

    /// <summary>A true-or-false field, or what stands in for it.</summary>
    public bool Flag(string name, bool otherwise = false) => Optional(name) is not { } field
        ? otherwise
        : field.Element.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? field.Element.GetBoolean() : throw field.Bad("true or false");

    /// <summary>A whole number.</summary>
    public int Number(string name)
    {
        var field = Field(name);
        return field.Element.ValueKind == JsonValueKind.Number && field.Element.TryGetInt32(out var number)
            ? number : throw field.Bad("a whole number");
    }

    /// <summary>A field that is one of some words.</summary>
    public T Choice<T>(string name, string otherwise, IReadOnlyDictionary<string, T> choices)
    {
        var word = Text(name, otherwise);
        return choices.TryGetValue(word, out var chosen)
            ? chosen
            : throw new BadInputException(
                $"{File}: field '{$"{Path}.{name}".TrimStart('.')}': '{word}' is not supported; "
                + $"supported: {string.Join(", ", choices.Keys)}.");
    }

    /// <summary>Builds this part by its type.</summary>
    public T Build<T>(IReadOnlyDictionary<string, Func<Component, T>> builders) => builders.TryGetValue(Type, out var build)
        ? build(this)
        : throw new BadInputException($"{File}: {Path}: type '{Type}' is not supported; supported: {string.Join(", ", builders.Keys)}.");

    /// <summary>An error about this part's value.</summary>
    public BadInputException Bad(string allowed)
    {
        var value = Element.GetRawText();
        return new($"{File}: field '{Path}' is {(value.Length > 80 ? value[..80] + "…" : value)}, but must be {allowed}.");
    }
}
