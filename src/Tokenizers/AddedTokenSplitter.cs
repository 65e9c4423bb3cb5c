using System.Buffers;
using System.Text;
using R1Cloud.Tokenizers.Patterns;

namespace R1Cloud.Tokenizers;

/// <summary>
/// Finds added tokens in a text: leftmost first, of several at one place the longest. A special token with a guard before it is passed
/// over: the text only spells it.
/// </summary>
internal sealed class AddedTokenSplitter
{
    private readonly Node root = new();
    private readonly SearchValues<char> firsts;

    /// <summary>Makes a splitter.</summary>
    /// <param name="tokens">The tokens, with the text to look for.</param>
    public AddedTokenSplitter(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens.Where(entry => entry.Text.Length > 0))
        {
            var node = root;
            foreach (var character in text)
            {
                if (!node.Next.TryGetValue(character, out var next)) node.Next[character] = next = new Node();
                node = next;
            }
            node.Token = token;
        }
        firsts = SearchValues.Create([.. root.Next.Keys]);
    }

    /// <summary>The parts of a text: added tokens by their id, and what lies between them with id -1. None is empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="guard">Stands before special tokens that are only spelt; null where all are meant.</param>
    public List<(int Start, int End, int Id)> Split(ReadOnlySpan<char> text, char? guard = null)
    {
        var parts = new List<(int, int, int)>();
        var end = 0;
        for (var at = 0; at < text.Length;)
        {
            var skip = text[at..].IndexOfAny(firsts);
            if (skip < 0) break;
            at += skip;
            if (Longest(text, at) is not var (stop, token))
            {
                at++;
                continue;
            }
            var (start, rest) = (at, stop);
            at = stop;
            if (guard is { } sign && token.IsControl && start > 0 && text[start - 1] == sign) continue;
            if (token.SingleWord && (TouchesWord(text[..start], last: true) || TouchesWord(text[stop..], last: false))) continue;
            if (token.StripLeft) start -= text[..start].Length - text[..start].TrimEnd().Length;
            if (token.StripRight) rest += text[stop..].Length - text[stop..].TrimStart().Length;
            start = Math.Max(start, end);
            if (start > end) parts.Add((end, start, -1));
            parts.Add((start, rest, token.Id));
            end = rest;
        }
        if (end < text.Length) parts.Add((end, text.Length, -1));
        return parts;
    }

    private (int Stop, AddedToken Token)? Longest(ReadOnlySpan<char> text, int at)
    {
        (int, AddedToken)? longest = null;
        var node = root;
        while (at < text.Length && node.Next.TryGetValue(text[at++], out var next))
        {
            node = next;
            if (node.Token is { } token) longest = (at, token);
        }
        return longest;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, bool last)
    {
        var status = last ? Rune.DecodeLastFromUtf16(text, out var rune, out _) : Rune.DecodeFromUtf16(text, out rune, out _);
        return status == OperationStatus.Done && UnicodeProperties.IsWord(rune);
    }

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
