using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Json;

/// <summary>Escapes of half a surrogate pair in JSON, which some programs write and .NET's reader refuses.</summary>
internal static class LoneSurrogates
{
    /// <summary>The JSON with each such escape as U+FFFD.</summary>
    public static string Replace(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal)) return json;
        var built = new StringBuilder(json.Length);
        for (var at = 0; at < json.Length;)
        {
            var unit = Unit(json, at);
            if (unit is null)
            {
                var length = json[at] == '\\' && at + 1 < json.Length ? 2 : 1;
                built.Append(json, at, length);
                at += length;
                continue;
            }
            var isPair = char.IsHighSurrogate(unit.Value) && Unit(json, at + 6) is { } second && char.IsLowSurrogate(second);
            built.Append(char.IsSurrogate(unit.Value) && !isPair ? @"\uFFFD" : json.AsSpan(at, isPair ? 12 : 6));
            at += isPair ? 12 : 6;
        }
        return built.ToString();
    }

    private static char? Unit(string json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
            && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
