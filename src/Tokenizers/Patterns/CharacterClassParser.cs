using System.Text;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>
/// A bracketed class: ranges, escapes, POSIX names, classes within it, intersections (<c>&amp;&amp;</c>). .NET's classes know only some of
/// these; as every class takes exactly one unit, unions become alternatives and intersections become look-aheads.
/// </summary>
internal sealed class CharacterClassParser(OnigurumaPattern source, bool ignoreCase, int depth = 0)
{
    private const string Any = @"[\s\S]";
    private const int Deepest = 50;

    /// <summary>Parses behind the opening bracket.</summary>
    public string Parse()
    {
        if (depth > Deepest) throw source.Bad("classes nested too deeply");
        var negated = source.Take("^");
        var conditions = new List<string>();
        var items = new StringBuilder();
        var others = new List<string>();
        // A bracket that closes nothing yet is a literal.
        if (source.Take("]")) items.Append(OnigurumaPattern.Escape(']'));
        while (!source.Take("]"))
        {
            if (source.Take("&&"))
            {
                conditions.Add(Union(items, others));
                items.Clear();
                others.Clear();
            }
            else if (source.Take("[:"))
            {
                AddPosix(items, others);
            }
            else if (source.Take("["))
            {
                others.Add(new CharacterClassParser(source, ignoreCase, depth + 1).Parse());
            }
            else
            {
                AddUnit(items, others);
            }
        }
        if (conditions.Count == 0 && others.Count == 0) return negated ? $"[^{items}]" : $"[{items}]";
        var all = $"(?:{string.Concat(conditions.Select(condition => $"(?={condition})"))}{Union(items, others)})";
        return negated ? $"(?:(?!{all}){Any})" : all;
    }

    private void AddUnit(StringBuilder items, List<string> others)
    {
        var (unit, negated, single) = source.Unit(inClass: true, ignoreCase);
        if (single is { } low && source.Sees("-") && !source.Sees("-]"))
        {
            source.Take("-");
            if (source.Sees("[")) throw source.Bad("a range that ends in a class");
            if (source.Unit(inClass: true, ignoreCase: false).Single is not { } high || high < low)
                throw source.Bad("a range without a good end");
            items.Append(OnigurumaPattern.Escape(low)).Append('-').Append(OnigurumaPattern.Escape(high));
            if (!ignoreCase) return;
            for (var character = low; character <= high && character < char.MaxValue; character++)
            {
                foreach (var other in CaseFolding.Cases(character).Where(other => other < low || other > high))
                    items.Append(OnigurumaPattern.Escape(other));
            }
        }
        else if (!negated)
        {
            items.Append(unit);
        }
        else if (unit.Length == 2)
        {
            items.Append('\\').Append(char.ToUpperInvariant(unit[1]));
        }
        else if (unit.StartsWith(@"\p{", StringComparison.Ordinal) && unit.IndexOf('}', StringComparison.Ordinal) == unit.Length - 1)
        {
            items.Append(@"\P").Append(unit[2..]);
        }
        else
        {
            others.Add($"[^{unit}]");
        }
    }

    private void AddPosix(StringBuilder items, List<string> others)
    {
        var negated = source.Take("^");
        var name = new StringBuilder();
        while (!source.Take(":]")) name.Append(source.Next());
        var posix = UnicodeProperties.Items(name.ToString()) ?? throw source.Bad($"the class [:{name}:], which is not supported");
        if (negated) others.Add($"[^{posix}]");
        else items.Append(posix);
    }

    private static string Union(StringBuilder items, List<string> others) => (items.Length, others.Count) switch
    {
        (0, 0) => "(?!)",
        (_, 0) => $"[{items}]",
        (0, 1) => others[0],
        (0, _) => $"(?:{string.Join('|', others)})",
        _ => $"(?:[{items}]|{string.Join('|', others)})",
    };
}
