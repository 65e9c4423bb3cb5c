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

    /// <summary>Holds the ids of the marks to those of their tokens.</summary>
    /// <param name="part">The part of the file.</param>
    /// <param name="ids">The tokens' ids.</param>
    /// <exception cref="BadInputException">A mark is no token, or has another id.</exception>
    public static void Require(Component part, IReadOnlyDictionary<string, int> ids)
    {
        var type = part.Text("type", "");
        if (type == "Sequence") foreach (var processor in part.Items("processors")) Require(processor, ids);
        if (type != "TemplateProcessing") return;
        foreach (var item in part.Items("single").Where(item => !item.Has("Sequence")))
        {
            var mark = part.Field("special_tokens").Field(item.Field("SpecialToken").Text("id"));
            List<Component> given = [.. mark.Items("ids")];
            if (given.Find(id => !ids.Values.Contains(Id(id))) is { } unknown) throw unknown.Bad("the id of a token");
            if (!mark.Has("tokens")) continue;
            foreach (var (id, token) in given.Zip(mark.Items("tokens").Select(token => token.AsText())))
            {
                if (!ids.TryGetValue(token, out var known)) throw id.Bad($"the id of a token, and '{token}' is none");
                if (Id(id) != known) throw id.Bad($"{known}, the id of '{token}'");
            }
        }
    }

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

    private static int Id(Component part) => TokenIds.Read(part);
}
