using System.Globalization;
using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Numbers that Python must read as floats: transformers' strict configuration classes refuse an int (8) where a float (8.0) is declared.
/// </summary>
internal static class JsonFloat
{
    /// <summary>The number, with a point or an exponent.</summary>
    public static JsonNode Of(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return JsonNode.Parse(text.AsSpan().ContainsAny(".E") ? text : text + ".0")!;
    }
}
