using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// Parses a final answer by recursive descent. This part: answers of several items, relations, words and units around a formula.
/// </summary>
internal sealed partial class AnswerParser
{
    // What an exception costs, in steps.
    private const int Refusal = 50;

    private readonly List<Token> tokens;
    private readonly WorkBudget budget;
    private int at;
    private int bars;
    private bool inInterval;

    private AnswerParser(List<Token> tokens, WorkBudget budget) => (this.tokens, this.budget) = (tokens, budget);

    private Token Now => tokens[at];

    /// <summary>The tree of an answer, or null when it is not one.</summary>
    /// <exception cref="WorkLimitException">The budget is spent.</exception>
    public static Node? TryParse(string text, NumberStyle style, WorkBudget budget)
    {
        if (CalendarDate.TryRead(text) is { } date) return date;
        if (SetsInWords.TryRead(text, part => TryParse(part, style, budget)) is { } inWords) return inWords;
        if (Permutations.TryRead(text, part => TryParse(part, style, budget)) is { } orders) return orders;
        if (NumberedParts.TryRead(text, part => TryParse(part, style, budget)) is { } numbered) return numbered;
        var depth = budget.Depth;
        var parser = new AnswerParser(Lexer.Read(WholeNumberNames.Rewrite(Respelling.Rewrite(text)), style, budget), budget);
        try
        {
            return parser.Answer();
        }
        catch (NotMathException)
        {
            budget.Depth = depth;
            budget.Step(Refusal);
            return null;
        }
    }

    private Node Answer()
    {
        if (Now.Is(TokenKind.Relation, "=") || Now.Is(TokenKind.Relation, "≈") || Now.Is(TokenKind.Relation, "⇒")) at++;
        var items = Items(TokenKind.End);
        return items ?? throw new NotMathException();
    }

    // Items between separators up to a closing token, which stays; null when there are none.
    private Node? Items(TokenKind close, string closeText = "")
    {
        budget.Enter();
        var outerInterval = inInterval;
        inInterval = false;
        var items = new List<Node>();
        bool and = false, or = false;
        while (!AtEnd(close, closeText, items.Count))
        {
            budget.Step();
            if (Now.Kind is TokenKind.Comma or TokenKind.Semicolon or TokenKind.RowBreak or TokenKind.Period or TokenKind.Ampersand
                || IsConnective(Now))
            {
                // "42 and" says that something is missing.
                if (IsConnective(Now) && tokens[at + 1].Kind is TokenKind.End) throw new NotMathException();
                if (Now.Kind is TokenKind.Period && !OnlyPunctuationFollows()) throw new NotMathException();
                inInterval |= close == TokenKind.Close && closeText is "]" or ")" && items.Count == 1
                    && Now.Kind is TokenKind.Comma or TokenKind.Semicolon;
                and |= Now.Is(TokenKind.Word, "and");
                or |= Now.Is(TokenKind.Word, "or");
                at++;
                continue;
            }
            items.Add(Item());
            if (!AtEnd(close, closeText, items.Count)
                && Now.Kind is not (TokenKind.Comma or TokenKind.Semicolon or TokenKind.RowBreak or TokenKind.Period or TokenKind.Ampersand)
                && !IsConnective(Now)) throw new NotMathException();
        }
        budget.Leave();
        inInterval = outerInterval;
        return items.Count switch
        {
            0 => null,
            1 => items[0],
            _ => new Sequence(or ? SequenceKind.Any : and ? SequenceKind.All : SequenceKind.List, items),
        };
    }

    private bool AtEnd(TokenKind close, string closeText, int items) =>
        Now.Kind == TokenKind.End || Now.Kind == close && (closeText.Length == 0 || Now.Text == closeText) || close == TokenKind.Close
            && Now.Kind == TokenKind.Close
        || close == TokenKind.Close && items == 2 && Now.Is(TokenKind.Open, "[") // [0, 1[
        || close == TokenKind.Close && inBuilder && items > 0 && Now.Kind is TokenKind.Bar or TokenKind.Colon
        || close == TokenKind.GroupClose && Now.Kind == TokenKind.Command && Now.Text is "over" or "choose";

    private static bool IsConnective(Token token) => token.Kind == TokenKind.Word && token.Text is "and" or "or";

    private bool OnlyPunctuationFollows()
    {
        var i = at;
        while (tokens[i].Kind is TokenKind.Period or TokenKind.Comma or TokenKind.Semicolon or TokenKind.RowBreak) i++;
        return tokens[i].Kind is TokenKind.End or TokenKind.GroupClose or TokenKind.Close || IsConnective(tokens[i]);
    }

    // One item: a statement with words before and a unit after it, or nothing but words.
    private Node Item()
    {
        if (Excluded() is { } chosen) return chosen;
        var words = LeadingWords(out var isAll);
        if (isAll) return new Words(words);
        // −$40 is $−40
        var isNegative = Now.Is(TokenKind.Operator, "-") && tokens[at + 1].Kind is TokenKind.Currency
            && tokens[at + 2].Kind is TokenKind.Number;
        if (isNegative) at++;
        var currency = CurrencySign();
        var statement = isNegative ? Tree.Negate(Statement()) : Statement();
        if (BaseInWords(statement) is { } inBase) return inBase;
        for (; Now.Kind is TokenKind.Word && Numerals.Magnitude(Now.Text) is { } magnitude; at++) statement = Scale(statement, magnitude);
        if (Now.Is(TokenKind.Word, "to") && statement is Number && tokens[at + 1].Kind is TokenKind.Number)
        {
            at++;
            return new Sequence(SequenceKind.Ratio, [statement, Expression()]);
        }
        var unit = TrailingUnit();
        if (unit.Length > 0 && currency is null) (statement, unit) = Compound(statement, unit);
        if (currency is not null)
            unit = unit.Length == 0 ? currency : currency == "$" && unit is "dollars" or "USD" ? "$" : $"{currency} {unit}";
        return unit.Length == 0 ? statement : Measure(statement, unit);
    }

    // "not 41 but 42" is 42.
    private Node? Excluded()
    {
        if (!Now.Is(TokenKind.Word, "not")) return null;
        for (var i = at + 1; tokens[i].Kind is not TokenKind.End; i++)
        {
            if (tokens[i].Kind is not TokenKind.Word || tokens[i].Text is not ("but" or "sondern" or "mais" or "sino")) continue;
            at = i + 1;
            if (Now.Is(TokenKind.Word, "rather")) at++;
            return Item();
        }
        return null;
    }

    // 52 base 8, 52 in base eight.
    private Call? BaseInWords(Node statement)
    {
        if (statement is not Number { Value.IsInteger: true } number) return null;
        var i = at;
        while (tokens[i].Is(TokenKind.Open, "(") || tokens[i].Is(TokenKind.Word, "in")) i++;
        if (!tokens[i].Is(TokenKind.Word, "base") || tokens[i + 1].Kind is not TokenKind.Number
            || tokens[i + 1].Text.Length > 2) return null;
        at = i + 2;
        if (Now.Is(TokenKind.Close, ")")) at++;
        return InBase(number, new Number(Rational.Parse(tokens[i + 1].Text)));
    }

    // Skips words that introduce the answer.
    // isAll: Whether the item is nothing but words; they are returned.
    private string LeadingWords(out bool isAll)
    {
        isAll = false;
        // dead_{16}
        if (Now.Kind is TokenKind.Word && (tokens[at + 1].Kind is TokenKind.Underscore || tokens[at + 1].Is(TokenKind.Word, "base"))
            && Now.Text.All(char.IsAsciiHexDigit)) return "";
        var article = Now is { Kind: TokenKind.Letter, Text: "a" } && tokens[at + 1] is { Kind: TokenKind.Word, SpaceBefore: true };
        if (Now.Kind != TokenKind.Word && !article || IsCurrencyCode()) return "";
        var start = at;
        if (article) at++;
        while (Now.Kind is TokenKind.Word && !IsConnective(Now) || Now.Kind is TokenKind.Letter && at > start
            && tokens[at + 1].Kind is TokenKind.Word or TokenKind.End
            || Now.Kind is TokenKind.Operator && Now.Text == "-" && tokens[at + 1].Kind is TokenKind.Word) at++;
        var words = string.Join(' ', tokens.Skip(start).Take(at - start).Select(token => token.Text));
        if (Now.Kind is TokenKind.End or TokenKind.Comma or TokenKind.Semicolon or TokenKind.Period or TokenKind.GroupClose
            or TokenKind.Close or TokenKind.RowBreak or TokenKind.Ampersand || IsConnective(Now))
        {
            isAll = true;
            return words;
        }
        if (Now.Kind == TokenKind.Colon)
        {
            // "wrong: 12"
            for (var i = start; i < at; i++)
                if (Vocabulary.DenyingWords.Contains(tokens[i].Text.ToLowerInvariant())) throw new NotMathException();
            at++;
            return LeadingWords(out isAll);
        }
        if (Now.Kind == TokenKind.Relation || Now.Is(TokenKind.Open, "(") && !Now.SpaceBefore && at == start + 1)
        {
            // "Area = 5": the words name the left side.
            at = start;
            return "";
        }
        for (var i = start; i < at; i++)
        {
            if (tokens[i].Kind == TokenKind.Word && !Vocabulary.LabelWords.Contains(tokens[i].Text.ToLowerInvariant()))
                throw new NotMathException();
        }
        return "";
    }

    // A relation, a chain of relations, or a single side; of statements that follow from each other the last.
    private Node Statement()
    {
        var statement = RelationChain();
        while (Now.Kind is TokenKind.Relation && Now.Text is "⇒" or "⇔")
        {
            var sign = Now.Text;
            at++;
            if (Now.Kind is TokenKind.Ampersand) at++;
            var conclusion = RelationChain();
            statement = statement is Relation or Sequence ? conclusion : new Relation([statement, conclusion], [sign]);
        }
        return statement;
    }

    private Node RelationChain()
    {
        budget.Enter();
        var sides = new List<Node> { Side() };
        var operators = new List<string>();
        while (true)
        {
            if (Now.Is(TokenKind.Command, "not") && tokens[at + 1].Kind == TokenKind.Relation)
            {
                at++;
                operators.Add(Now.Text switch { "=" => "≠", "∈" => "∉", "≡" => "≢", var other => "not " + other });
            }
            else if (Now.Kind == TokenKind.Relation && Now.Text is not ("⇒" or "⇔")) operators.Add(Now.Text);
            else if (inBounds && Now.Kind is TokenKind.Bar) operators.Add("∣"); // the divisors d of n: d | n
            else break;
            at++;
            if (Now.Kind is TokenKind.Ampersand) at++;
            _ = CurrencySign();
            sides.Add(Now.Kind == TokenKind.Word ? WordsSide() : Side());
        }
        budget.Leave();
        return operators.Count == 0 ? sides[0] : Alternatives(sides, operators) ?? (Node)new Relation(sides, operators);
    }

    // x < -1 ∪ x > 3: relations that a sign for sets joins are alternatives; null where none does.
    private static Sequence? Alternatives(List<Node> sides, List<string> operators)
    {
        var cut = sides.FindIndex(side => side is SetOperation { Operator: '∪', Left: Number or Symbol or Sum or Product or Power,
            Right: Number or Symbol or Sum or Product or Power });
        if (cut <= 0 || cut == sides.Count - 1) return null;
        var joint = (SetOperation)sides[cut];
        return new(SequenceKind.Any, [new Relation([.. sides[..cut], joint.Left], operators[..cut]),
            new Relation([joint.Right, .. sides[(cut + 1)..]], operators[cut..])]);
    }

    private Words WordsSide()
    {
        var words = new List<string>();
        for (; Now.Kind is TokenKind.Word && !IsConnective(Now); at++) words.Add(Now.Text);
        return words.Count > 0 ? new Words(string.Join(' ', words)) : throw new NotMathException();
    }

    // One side of a relation: sets joined by operators, or a ratio, or an expression.
    private Node Side()
    {
        budget.Enter();
        var left = Ratio();
        while (Now.Kind == TokenKind.SetOperator)
        {
            var sign = Now.Text[0];
            at++;
            left = new SetOperation(sign, left, Ratio());
        }
        budget.Leave();
        return left is Sum { Terms: [NamedSet whole, Product { Factors: [Number { Value: var minus }, var part] }] }
            && minus == Rational.MinusOne && part is Sequence or Interval ? new SetOperation('\\', whole, part) : left;
    }

    private Node Ratio()
    {
        var start = at;
        var first = Expression();
        if (Now.Kind != TokenKind.Colon || tokens[at + 1].Kind is TokenKind.End || inBuilder) return first;
        var parts = new List<Node> { first };
        while (Now.Kind == TokenKind.Colon)
        {
            at++;
            parts.Add(Expression());
        }
        return new Sequence(SequenceKind.Ratio, parts) { IsClock = at == start + 3 && Clock.IsWritten(tokens[start], tokens[start + 2]) };
    }
}

/// <summary>The text is not an answer in a notation that the parser knows; never leaves the parser.</summary>
internal sealed class NotMathException() : Exception("not a formula");
