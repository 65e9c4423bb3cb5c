namespace R1Cloud.Tokenizers.Jinja;

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; strings are unescaped.</param>
/// <param name="Line">Its line, from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    /// <summary>Whether it is this operator or mark.</summary>
    public bool IsMark(string mark) => Kind == JinjaTokenKind.Mark && Text == mark;

    /// <summary>Whether it is this name.</summary>
    public bool IsName(string name) => Kind == JinjaTokenKind.Name && Text == name;
}

/// <summary>Kinds of tokens.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text between tags.</summary>
    Data,

    /// <summary><c>{%</c>.</summary>
    BlockBegin,

    /// <summary><c>%}</c>.</summary>
    BlockEnd,

    /// <summary><c>{{</c>.</summary>
    OutputBegin,

    /// <summary><c>}}</c>.</summary>
    OutputEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Float,

    /// <summary>An operator, bracket or separator.</summary>
    Mark,

    /// <summary>The end.</summary>
    End,
}
