using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers;

/// <summary>The ids around a text: what the post-processor of <c>tokenizer.json</c> adds.</summary>
/// <param name="Before">The begin marks.</param>
/// <param name="After">The end marks.</param>
internal sealed record TextMarks(int[] Before, int[] After)
{
    /// <summary>No marks.</summary>
    public static TextMarks None { get; } = new([], []);

    private static readonly Dictionary<string, Func<Component, TextMarks>> Builders = new()
    {
        ["ByteLevel"] = _ => None,
        ["TemplateProcessing"] = Template,
        ["Sequence"] = part =>
            part.Items("processors").Select(Create)
            .Aggregate(None, (all, next) => new([.. next.Before, .. all.Before], [.. all.After, .. next.After])),
    };

    /// <summary>The marks that a part of the file describes.</summary>
    /// <exception cref="BadInputException">The post-processor is not supported.</exception>
    public static TextMarks Create(Component part) => part.Build(Builders);

    private static TextMarks Template(Component part)
    {
        List<int> before = [], after = [];
        var current = before;
        foreach (var item in part.Items("single"))
        {
            if (item.Has("Sequence")) current = after;
            else current.AddRange(part.Field("special_tokens").Field(item.Field("SpecialToken").Text("id")).Items("ids").Select(Id));
        }
        return new([.. before], [.. after]);
    }

    private static int Id(Component part) => part.Element.TryGetInt32(out var id) ? id : throw part.Bad("a token id");
}
