using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers;

/// <summary>What a folder says about special tokens, across its files.</summary>
/// <param name="Names">Token texts by their names: <c>bos_token</c>, <c>eos_token</c>, <c>pad_token</c>, <c>unk_token</c>…</param>
/// <param name="EosIds">The ids that end a completion, as the model's files give them.</param>
/// <param name="AddBos">Whether texts begin with a mark; null where the files do not say.</param>
/// <param name="AddEos">Whether texts end with a mark; null where the files do not say.</param>
internal sealed record SpecialTokens(IReadOnlyDictionary<string, string> Names, IReadOnlyList<int> EosIds, bool? AddBos, bool? AddEos)
{
    private static readonly string[] Known = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];

    // Those that texts and completions begin and end by.
    private static readonly string[] Deciding = ["bos_token", "eos_token"];

    /// <summary>
    /// Reads <c>tokenizer_config.json</c>, then <c>special_tokens_map.json</c>, <c>generation_config.json</c> and <c>config.json</c>.
    /// </summary>
    /// <exception cref="BadInputException">Two files name different marks.</exception>
    public static SpecialTokens Read(TokenizerFiles files)
    {
        var settings = files.Json(TokenizerFiles.Settings);
        var map = files.Json(TokenizerFiles.SpecialTokensMap);
        var names = new Dictionary<string, string>();
        foreach (var name in Known)
        {
            // The settings decide, also by an explicit null.
            var source = settings is not null && settings.Element.TryGetProperty(name, out _) ? settings : map;
            if (source?.Optional(name) is { } token) names[name] = TextOf(token);
            if (Deciding.Contains(name) && settings?.Optional(name) is { } one && map?.Optional(name) is { } other
                && TextOf(one) != TextOf(other))
            {
                throw new BadInputException(
                    $"{one.File}: {name} is '{TextOf(one)}', and that of {TokenizerFiles.SpecialTokensMap} is '{TextOf(other)}': give one, "
                    + "or both the same.");
            }
        }
        var ids = Ids(files.Json(TokenizerFiles.Generation)) is { Count: > 0 } generation
            ? generation : Ids(files.Json(TokenizerFiles.Model));
        return new(names, ids, AddFlag(settings, "add_bos_token"), AddFlag(settings, "add_eos_token"));
    }

    private static string TextOf(Component token) =>
        token.Element.ValueKind == JsonValueKind.Object ? token.Text("content") : token.AsText();

    private static bool? AddFlag(Component? settings, string name) => settings?.Has(name) == true ? settings.Flag(name) : null;

    private static IReadOnlyList<int> Ids(Component? part) => part?.Optional("eos_token_id") is not { } field
        ? []
        : field.Element.ValueKind == JsonValueKind.Array ? [.. part.Items("eos_token_id").Select(TokenIds.Read)] : [TokenIds.Read(field)];
}
