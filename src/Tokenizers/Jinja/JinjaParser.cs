using System.Globalization;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Reads the statements of a template.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokens tokens;
    private readonly ExpressionParser expressions;
    private readonly Dictionary<string, Func<int, Statement>> statements;
    private int loops, depth;

    private JinjaParser(JinjaTokens tokens)
    {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
        statements = new()
        {
            ["for"] = For, ["if"] = If, ["set"] = Set, ["macro"] = Macro, ["call"] = CallBlock, ["filter"] = FilterBlock, ["with"] = With,
            ["generation"] = Generation, ["break"] = line => Jump(line, Flow.Break), ["continue"] = line => Jump(line, Flow.Continue),
        };
    }

    /// <summary>The template's body.</summary>
    /// <exception cref="JinjaException">The template is malformed, or uses what is not supported.</exception>
    public static Body Parse(string template)
    {
        var tokens = new JinjaTokens(JinjaLexer.Tokenize(template));
        var body = new JinjaParser(tokens).BodyUntil();
        return tokens.Current.Kind == JinjaTokenKind.End ? body : throw tokens.Unexpected();
    }

    // Statements up to a block that begins with one of some words; that block's word is current then.
    private Body BodyUntil(params string[] ends)
    {
        if (++depth > 100) throw new JinjaException("blocks are nested too deeply", tokens.Current.Line);
        var line = tokens.Current.Line;
        var body = new List<Statement>();
        while (tokens.Current.Kind != JinjaTokenKind.End)
        {
            var token = tokens.Next();
            if (token.Kind == JinjaTokenKind.Data)
            {
                body.Add(new Data(token.Line, token.Text));
            }
            else if (token.Kind == JinjaTokenKind.OutputBegin)
            {
                body.Add(new Output(token.Line, expressions.Tuple()));
                tokens.Expect(JinjaTokenKind.OutputEnd, "}}");
            }
            else
            {
                if (tokens.Current.Kind == JinjaTokenKind.Name && ends.Contains(tokens.Current.Text))
                {
                    depth--;
                    return new Body(line, body);
                }
                var name = tokens.Expect(JinjaTokenKind.Name, "the name of a block");
                if (!statements.TryGetValue(name.Text, out var parse))
                    throw new JinjaException($"unexpected block '{name.Text}'; supported: {string.Join(", ", statements.Keys)}", name.Line);
                body.Add(parse(name.Line));
            }
        }
        if (ends.Length > 0)
            throw new JinjaException($"the template ends where '{string.Join("' or '", ends)}' must come (the block began in line {line})",
                tokens.Current.Line);
        depth--;
        return new Body(line, body);
    }

    // The body of a block, from the end of its tag up to its end tag.
    private Body BlockBody(string end)
    {
        EndBlock();
        var body = BodyUntil(end);
        tokens.Next();
        EndBlock();
        return body;
    }

    private void EndBlock() => tokens.Expect(JinjaTokenKind.BlockEnd, "%}");

    private ForLoop For(int line)
    {
        var target = TargetList();
        if (!tokens.TakeName("in")) throw tokens.Unexpected("'in'");
        var items = expressions.Tuple(withCondition: false);
        var condition = tokens.TakeName("if") ? expressions.Any() : null;
        var recursive = tokens.TakeName("recursive");
        EndBlock();
        loops++;
        var body = BodyUntil("endfor", "else");
        loops--;
        Body? otherwise = null;
        if (tokens.Next().Text == "else")
        {
            EndBlock();
            otherwise = BodyUntil("endfor");
            tokens.Next();
        }
        EndBlock();
        return new(line, target, items, condition, body, otherwise, recursive);
    }

    private If If(int line)
    {
        var branches = new List<(Expression, Body)>();
        Body? otherwise = null;
        for (var word = "if"; word != "endif"; word = tokens.Next().Text)
        {
            if (word == "else")
            {
                EndBlock();
                otherwise = BodyUntil("endif");
            }
            else
            {
                var condition = expressions.Tuple();
                EndBlock();
                branches.Add((condition, BodyUntil("elif", "else", "endif")));
            }
        }
        EndBlock();
        return new(line, branches, otherwise);
    }

    private Statement Set(int line)
    {
        var target = TargetList();
        if (tokens.TakeMark("="))
        {
            var value = expressions.Tuple();
            EndBlock();
            return new Set(line, target, value);
        }
        var filtered = expressions.FilterChain();
        return new SetBlock(line, target, BlockBody("endset"), filtered);
    }

    private MacroDefinition Macro(int line)
    {
        var name = tokens.Expect(JinjaTokenKind.Name, "the macro's name").Text;
        return new(line, name, Parameters(), MacroBody("endmacro"));
    }

    private Body MacroBody(string end)
    {
        var outside = loops;
        loops = 0;
        var body = BlockBody(end);
        loops = outside;
        return body;
    }

    private CallBlock CallBlock(int line)
    {
        var parameters = tokens.Current.IsMark("(") ? Parameters() : [];
        if (expressions.Any() is not CallExpression call) throw new JinjaException("a call block needs a call", line);
        return new(line, call, new MacroDefinition(line, "caller", parameters, MacroBody("endcall")));
    }

    private List<(string Name, Expression? Default)> Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        tokens.ExpectMark("(");
        while (!tokens.TakeMark(")"))
        {
            if (parameters.Count > 0) tokens.ExpectMark(",");
            if (tokens.TakeMark(")")) break;
            parameters.Add(
                (tokens.Expect(JinjaTokenKind.Name, "a parameter's name").Text, tokens.TakeMark("=") ? expressions.Any() : null));
        }
        return parameters;
    }

    private FilterBlock FilterBlock(int line)
    {
        var filtered = expressions.FilterChain(first: true);
        return new(line, BlockBody("endfilter"), filtered);
    }

    private Scoped With(int line)
    {
        var assignments = new List<(Target, Expression)>();
        while (tokens.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (assignments.Count > 0) tokens.ExpectMark(",");
            var target = SingleTarget();
            tokens.ExpectMark("=");
            assignments.Add((target, expressions.Any()));
        }
        return new(line, assignments, BlockBody("endwith"));
    }

    private Scoped Generation(int line) => new(line, [], BlockBody("endgeneration"));

    private Jump Jump(int line, Flow to)
    {
        if (loops == 0) throw new JinjaException($"'{to.ToString().ToLower(CultureInfo.InvariantCulture)}' stands outside a loop", line);
        EndBlock();
        return new(line, to);
    }

    private Target TargetList()
    {
        var line = tokens.Current.Line;
        var bracketed = tokens.TakeMark("(");
        var targets = new List<Target> { SingleTarget() };
        while (tokens.TakeMark(",") && tokens.Current.Kind == JinjaTokenKind.Name && !tokens.Current.IsName("in"))
            targets.Add(SingleTarget());
        if (bracketed) tokens.ExpectMark(")");
        return targets.Count == 1 ? targets[0] : new Target(line, "", null, targets);
    }

    private Target SingleTarget()
    {
        var name = tokens.Expect(JinjaTokenKind.Name, "a name");
        return new(name.Line, name.Text, tokens.TakeMark(".") ? tokens.Expect(JinjaTokenKind.Name, "an attribute's name").Text : null,
            null);
    }
}
