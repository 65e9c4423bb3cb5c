namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>What a piece of an answer is.</summary>
internal enum TokenKind
{
    /// <summary>Digits, perhaps with a point; the text is plain: separators are gone and digits are 0 to 9.</summary>
    Number,
    /// <summary>A symbol of one letter, or a Greek letter, or a constant.</summary>
    Letter,
    /// <summary>A word outside of formulas.</summary>
    Word,
    /// <summary>A function that takes the next factor, such as <c>sin</c>.</summary>
    Function,
    /// <summary>A LaTeX command with arguments: <c>frac sqrt binom overline begin end sum …</c>.</summary>
    Command,
    /// <summary><c>+ - * / ± ∓</c>.</summary>
    Operator,
    /// <summary><c>^</c>.</summary>
    Caret,
    /// <summary><c>_</c>.</summary>
    Underscore,
    /// <summary>An opening bracket: <c>( [ { ⌊ ⌈ ⟨</c>.</summary>
    Open,
    /// <summary>A closing bracket.</summary>
    Close,
    /// <summary><c>|</c>; the text is <c>&lt;</c> or <c>&gt;</c> where the side is known.</summary>
    Bar,
    /// <summary>TeX's <c>{</c>.</summary>
    GroupOpen,
    /// <summary>TeX's <c>}</c>.</summary>
    GroupClose,
    /// <summary><c>= ≠ &lt; ≤ &gt; ≥ ∈ ∉ ≡ ~ →</c>.</summary>
    Relation,
    /// <summary><c>∪ ∩ \</c>.</summary>
    SetOperator,
    /// <summary><c>ℝ ℤ ℕ ℚ ℂ ∅</c>.</summary>
    NamedSet,
    /// <summary>A comma.</summary>
    Comma,
    /// <summary>A semicolon or line break.</summary>
    Semicolon,
    /// <summary>A colon.</summary>
    Colon,
    /// <summary>An exclamation mark.</summary>
    Factorial,
    /// <summary>An apostrophe after a symbol.</summary>
    Prime,
    /// <summary>A percent sign.</summary>
    Percent,
    /// <summary>A degree sign.</summary>
    Degree,
    /// <summary>A currency sign.</summary>
    Currency,
    /// <summary>A column break.</summary>
    Ampersand,
    /// <summary>A row break.</summary>
    RowBreak,
    /// <summary>A full stop.</summary>
    Period,
    /// <summary>The end.</summary>
    End,
}

/// <summary>A piece of an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its normalized text.</param>
/// <param name="SpaceBefore">Whether white space stood before it.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool SpaceBefore = false)
{
    public bool Is(TokenKind kind, string text) => Kind == kind && Text == text;
}
