using System.Globalization;
using System.Text;
using R1Cloud.Tokenizers.Decoders;
using R1Cloud.Tokenizers.PreTokenizers;

namespace R1Cloud.Tokenizers;

/// <summary>
/// Turns ids into text as they come. What it returns is final: no code point is split, and all of it together is exactly what the ids
/// decode to at once.
/// </summary>
/// <param name="plan">How tokens become text.</param>
/// <param name="token">The token of an id; null for ids that leave no trace.</param>
internal sealed class StreamingDecoder(DecoderPlan plan, Func<int, string?> token)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly StringBuilder ready = new();
    private readonly List<byte> pending = [];
    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();
    private int stripped;
    private bool first = true;

    /// <summary>Takes an id.</summary>
    /// <returns>The text that is final now and was not before; often empty.</returns>
    public string Append(int id) => Append([id]);

    /// <summary>Takes ids.</summary>
    /// <returns>The text that is final now and was not before.</returns>
    public string Append(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (token(id) is { } text) Add(text);
        }
        return Take();
    }

    /// <summary>Ends the text: bytes that never became a code point become U+FFFD. The decoder can be used for another text then.</summary>
    public string Flush()
    {
        EndBytes();
        if (plan.Bytes == TokenBytes.Alphabet) AddBytes([], flush: true);
        (first, stripped) = (true, 0);
        return Take();
    }

    private void Add(string text)
    {
        if (!first && plan.Separator.Length > 0) Emit(plan.Separator);
        foreach (var step in plan.Steps) text = step(text, first);
        first = false;
        switch (plan.Bytes)
        {
            case TokenBytes.Alphabet:
                AddBytes(AlphabetBytes(text), flush: false);
                break;
            case TokenBytes.Fallback when Byte(text) is { } value:
                pending.Add(value);
                break;
            default:
                EndBytes();
                Emit(text);
                break;
        }
    }

    private void AddBytes(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> characters = stackalloc char[256];
        for (var done = false; !done;)
        {
            utf8.Convert(bytes, characters, flush, out var used, out var written, out done);
            bytes = bytes[used..];
            Emit(characters[..written]);
        }
    }

    // A token with a character outside the alphabet (such as an added token) is text.
    private static byte[] AlphabetBytes(string text)
    {
        var bytes = new byte[text.Length];
        for (var i = 0; i < text.Length; i++)
        {
            var value = ByteAlphabet.ByteOf(text[i]);
            if (value < 0) return Encoding.UTF8.GetBytes(text);
            bytes[i] = (byte)value;
        }
        return bytes;
    }

    private static byte? Byte(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    // A run of byte tokens is text if it is well-formed as a whole; else each byte becomes U+FFFD.
    private void EndBytes()
    {
        if (pending.Count == 0) return;
        string text;
        try
        {
            text = Strict.GetString([.. pending]);
        }
        catch (DecoderFallbackException)
        {
            text = new string('\uFFFD', pending.Count);
        }
        pending.Clear();
        Emit(text);
    }

    private void Emit(ReadOnlySpan<char> text)
    {
        for (; stripped < plan.StripCount && !text.IsEmpty; stripped++)
        {
            if (text[0] == plan.StripCharacter)
            {
                text = text[1..];
            }
            else
            {
                stripped = plan.StripCount;
                break;
            }
        }
        ready.Append(text);
    }

    private string Take()
    {
        if (ready.Length == 0) return "";
        var text = ready.ToString();
        ready.Clear();
        return text;
    }
}
