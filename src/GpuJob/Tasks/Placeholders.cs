namespace R1Cloud.GpuJob.Tasks;

/// <summary>Fills the places in braces of a recipe's text, all at once: what a value spells in braces is the value's own.</summary>
internal static class Placeholders
{
    /// <summary>The text with its places filled; braces with other names stay.</summary>
    public static string Fill(string text, params ReadOnlySpan<(string Name, string Value)> values)
    {
        var parts = text.Split('{');
        for (var at = 1; at < parts.Length; at++)
        {
            var part = "{" + parts[at];
            foreach (var (name, value) in values)
            {
                if (!parts[at].StartsWith(name + "}", StringComparison.Ordinal)) continue;
                part = value + parts[at][(name.Length + 1)..];
                break;
            }
            parts[at] = part;
        }
        return string.Concat(parts);
    }
}
