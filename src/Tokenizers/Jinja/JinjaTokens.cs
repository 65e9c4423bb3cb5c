namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Tokens, one after the other.</summary>
internal sealed class JinjaTokens(IReadOnlyList<JinjaToken> tokens)
{
    private int at;

    /// <summary>The current token.</summary>
    public JinjaToken Current => tokens[at];

    /// <summary>The token behind the current one.</summary>
    public JinjaToken Ahead => tokens[Math.Min(at + 1, tokens.Count - 1)];

    /// <summary>Takes the current token.</summary>
    public JinjaToken Next() => at + 1 < tokens.Count ? tokens[at++] : tokens[at];

    /// <summary>Takes a mark if it is current.</summary>
    public bool TakeMark(string mark) => Current.IsMark(mark) && Take();

    /// <summary>Takes a name if it is current.</summary>
    public bool TakeName(string name) => Current.IsName(name) && Take();

    /// <summary>Takes a mark that must be there.</summary>
    public void ExpectMark(string mark)
    {
        if (!TakeMark(mark)) throw Unexpected($"'{mark}'");
    }

    /// <summary>Takes a token that must be there.</summary>
    public JinjaToken Expect(JinjaTokenKind kind, string what) => Current.Kind == kind ? Next() : throw Unexpected(what);

    /// <summary>An error about the current token.</summary>
    public JinjaException Unexpected(string? instead = null) => new(
        $"unexpected {(Current.Kind == JinjaTokenKind.End ? "end of the template" : $"'{Current.Text}'")}{(instead is null ? "" : $"; {instead} must come here")}", Current.Line);

    private bool Take()
    {
        Next();
        return true;
    }
}
