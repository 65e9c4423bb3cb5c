using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers.Bpe;

/// <summary>Reads the field <c>model</c> of <c>tokenizer.json</c>.</summary>
internal static class BpeModelReader
{
    /// <summary>The vocabulary: token to id.</summary>
    /// <exception cref="BadInputException">It is malformed.</exception>
    public static Dictionary<string, int> Vocabulary(Component model)
    {
        var field = model.Field("vocab");
        if (field.Element.ValueKind != JsonValueKind.Object) throw field.Bad("an object of tokens and ids");
        var vocabulary = new Dictionary<string, int>(field.Element.GetPropertyCount());
        foreach (var token in field.Element.EnumerateObject())
        {
            vocabulary[token.Name] = token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out var id)
                && TokenIds.IsOne(id)
                ? id
                : throw new BadInputException(
                    $"{field.File}: field '{field.Path}': the id of '{token.Name}' is {token.Value.GetRawText()}, but must "
                    + $"be {TokenIds.Allowed}.");
        }
        return vocabulary;
    }

    /// <summary>The model over a vocabulary.</summary>
    /// <exception cref="BadInputException">A field is malformed or not supported.</exception>
    public static BpeModel Read(Component model, Dictionary<string, int> vocabulary, bool mapsBytes)
    {
        if (model.Optional("dropout") is { } dropout
            && !(dropout.Element.ValueKind == JsonValueKind.Number && dropout.Element.GetDouble() == 0))
            throw dropout.Bad("null: merges that are left out at random are not supported");
        var options = new BpeOptions(
            model.Flag("ignore_merges"), model.Flag("byte_fallback"), model.Optional("unk_token")?.AsText(), model.Flag("fuse_unk"),
            model.Text("continuing_subword_prefix", ""), model.Text("end_of_word_suffix", ""), mapsBytes);
        return new BpeModel(model.File, vocabulary, Merges(model, vocabulary, options.SubwordPrefix), options);
    }

    private static PairTable Merges(Component model, Dictionary<string, int> vocabulary, string prefix)
    {
        var field = model.Field("merges");
        if (field.Element.ValueKind != JsonValueKind.Array) throw field.Bad("an array");
        var merges = new PairTable(field.Element.GetArrayLength());
        var rank = 0;
        foreach (var merge in field.Element.EnumerateArray())
        {
            var (left, right) = Pair(merge) ?? throw new BadInputException(
                $"{field.File}: field '{field.Path}[{rank}]' is {merge.GetRawText()}, but must be two tokens: \"a b\" or [\"a\", \"b\"].");
            var merged = left + (prefix.Length > 0 && right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right);
            merges.Add(Id(left), Id(right), rank++, Id(merged));
        }
        return merges;

        int Id(string token) => vocabulary.TryGetValue(token, out var id)
            ? id
            : throw new BadInputException($"{field.File}: field '{field.Path}[{rank}]': '{token}' is not in the vocabulary.");
    }

    private static (string Left, string Right)? Pair(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.String) return merge.GetString()!.Split(' ') is [var left, var right] ? (left, right) : null;
        return merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
            && merge.EnumerateArray().All(half => half.ValueKind == JsonValueKind.String)
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : null;
    }
}
