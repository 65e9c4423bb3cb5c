using System.Text.Json;
using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Tests.Model;

public class JsonDifferencesTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1.0}""", "")]
    [InlineData("""{"a":{"b":1,"c":2}}""", """{"a":{"c":3,"b":1}}""", "a.c: 2 3")]
    [InlineData("""{"a":1,"b":2}""", """{"c":{"d":1},"a":1}""", """b: 2 -; c: - {"d":1}""")]
    [InlineData("""{"a":[1,{"b":2}]}""", """{"a":[1,{"b":3}]}""", "a[1].b: 2 3")]
    [InlineData("""{"a":[1]}""", """{"a":[1,2]}""", "a: [1] [1,2]")]
    [InlineData("""{"a":{"b":1}}""", """{"a":"x"}""", """a: {"b":1} "x" """)]
    public void Of_TwoValues_AreTheFieldsThatDiffer(string from, string to, string expected) =>
        string.Join("; ", JsonDifferences.Of(Parse(from), Parse(to))
            .Select(one => $"{one.Path}: {one.From?.GetRawText() ?? "-"} {one.To?.GetRawText() ?? "-"}")).ShouldBe(expected.TrimEnd());

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
