using R1Cloud.Shared;

namespace R1Cloud.Tokenizers;

/// <summary>Text to token ids and back.</summary>
internal interface ITokenizer
{
    /// <summary>Number of token ids; ids are below it.</summary>
    int VocabularySize { get; }

    /// <summary>Whether an id is a token's. Ids below <see cref="VocabularySize"/> may be none's.</summary>
    bool HasToken(int id) => (uint)id < (uint)VocabularySize;

    /// <summary>
    /// The ids below a model's vocabulary of no token, in order: a model may have more rows than its tokenizer has tokens.
    /// </summary>
    /// <param name="vocabulary">The model's ids are below it.</param>
    int[] IdsWithoutToken(int vocabulary) => [.. Enumerable.Range(0, vocabulary).Where(id => !HasToken(id))];

    /// <summary>The id that fills rows up; never part of a text.</summary>
    int PadId { get; }

    /// <summary>The id that a text begins with, or null when texts begin with none.</summary>
    int? BosId { get; }

    /// <summary>The id that ends a completion.</summary>
    int EosId { get; }

    /// <summary>All ids that end a completion, <see cref="EosId"/> first.</summary>
    IReadOnlyList<int> EosIds => [EosId];

    /// <summary>
    /// The ids of a text, without begin and end marks. Special tokens that the text spells out are theirs: for text that is a program's
    /// own.
    /// </summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] Encode(string text);

    /// <summary>
    /// The ids of text that somebody wrote: a special token that it spells out is only its letters, so that nobody ends or begins a turn by
    /// writing how.
    /// </summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] EncodeText(string text);

    /// <summary>The ids of text that somebody wrote within a template's own, whose special tokens are meant.</summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] EncodeWithin(string before, string text, string after) => [.. Encode(before), .. EncodeText(text), .. Encode(after)];

    /// <summary>
    /// The ids of a completion that somebody wrote, its end mark last: added where the text does not spell it out itself.
    /// </summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] EncodeCompletion(string text)
    {
        var trimmed = text.AsSpan().TrimEnd();
        foreach (var id in EosIds)
        {
            var mark = Decode([id], keepSpecial: true);
            if (mark.Length > 0 && trimmed.EndsWith(mark, StringComparison.Ordinal))
                return [.. EncodeText(trimmed[..^mark.Length].ToString()), id];
        }
        return [.. EncodeText(text), EosId];
    }

    /// <summary>The ids of a text with its begin and end marks.</summary>
    /// <exception cref="BadInputException">The text holds something that the vocabulary lacks.</exception>
    int[] EncodeMarked(string text) => [.. BosId is { } bos ? (int[])[bos] : [], .. Encode(text)];

    /// <summary>The text of some ids. Ids of no token leave no trace.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="keepSpecial">Whether special tokens (begin, end, padding and other control tokens) are written too.</param>
    string Decode(ReadOnlySpan<int> ids, bool keepSpecial = false)
    {
        var stream = Stream(keepSpecial);
        return stream.Append(ids) + stream.Flush();
    }

    /// <summary>Decodes ids as they come.</summary>
    /// <param name="keepSpecial">Whether special tokens are written too.</param>
    StreamingDecoder Stream(bool keepSpecial = false);

    /// <summary>Writes the tokenizer's files in Hugging Face layout.</summary>
    /// <param name="folder">An existing folder.</param>
    void Save(string folder);
}
