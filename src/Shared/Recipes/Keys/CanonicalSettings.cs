using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Keys;

/// <summary>
/// Settings in the one form that all spellings of them share: every field with its value, defaults too, by name; without those that have no
/// effect; with tasks and the content of data files in place of their names.
/// </summary>
/// <param name="recipe">The recipe whose tasks are named.</param>
/// <param name="contentOf">What stands for a data file's content; null when it cannot be known.</param>
internal sealed class CanonicalSettings(Recipe recipe, Func<string, string?> contentOf)
{
    private static readonly RecipeShape Stage = ((MapShape)Shape(nameof(Recipe.Stages))).Value;
    private static readonly RecipeShape Task = ((MapShape)Shape(nameof(Recipe.Tasks))).Value;
    private static readonly RecipeShape Benchmark =
        ((MapShape)((ObjectShape)Shape(nameof(Recipe.Evaluation)))
            .Fields.First(field => field.Property.Name == nameof(EvaluationRecipe.Benchmarks)).Shape).Value;

    /// <summary>Names of the tasks that occurred.</summary>
    public HashSet<string> Tasks { get; } = new(StringComparer.Ordinal);

    /// <summary>The first data file whose content cannot be known.</summary>
    public string? Unknown { get; private set; }

    /// <summary>A stage's settings.</summary>
    public JsonNode Of(StageRecipe stage)
    {
        var settings = Write(Stage, JsonSerializer.SerializeToNode(stage, R1Json.Options)!, null);
        if (stage is EvaluateStage evaluate) settings["evaluation"] = Of(evaluate.Evaluation);
        return settings;
    }

    /// <summary>An evaluation's benchmarks in their order, the main one first.</summary>
    public JsonNode Of(EvaluationRecipe evaluation) => new JsonArray([.. evaluation.All().Select(benchmark =>
        new JsonArray(benchmark.Key, Write(Benchmark, JsonSerializer.SerializeToNode(benchmark.Value, R1Json.Options)!, null)))]);

    /// <summary>Any JSON with the fields of objects by name.</summary>
    public static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject value => Object(value.Where(field => field.Value is not null).Select(field => (field.Key, Sorted(field.Value!)))),
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Sorted(item))]),
        _ => node.DeepClone(),
    };

    /// <summary>An object with its fields by name.</summary>
    public static JsonObject Object(IEnumerable<(string Name, JsonNode Value)> fields) =>
        new(fields.OrderBy(field => field.Name, StringComparer.Ordinal)
            .Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Value)));

    private static RecipeShape Shape(string property) => RecipeShape.Recipe.Fields.First(field => field.Property.Name == property).Shape;

    private JsonNode Write(RecipeShape shape, JsonNode node, PropertyInfo? field) => (shape, node) switch
    {
        (ObjectShape record, JsonObject value) => Object(Fields(record, value)),
        (UnionShape union, JsonObject value) =>
            Object([.. Fields(union.Kinds[Text(value[union.Discriminator])], value),
                (union.Discriminator, value[union.Discriminator]!.DeepClone())]),
        (MapShape map, JsonObject value) => Map(map, value, field),
        (ListShape list, JsonArray items) => new JsonArray([.. items.Select(item => Write(list.Item, item!, field))]),
        (ScalarShape, JsonValue name) when Marked<TaskNameAttribute>(field) => TaskOf(Text(name)),
        (ScalarShape, JsonValue file) when Marked<DataFileAttribute>(field) => ContentOf(Text(file)),
        _ => Sorted(node),
    };

    private IEnumerable<(string Name, JsonNode Value)> Fields(ObjectShape record, JsonObject value)
    {
        foreach (var field in record.Fields.Where(field => !Marked<NoEffectAttribute>(field.Property)))
        {
            if (value[field.Name] is { } node) yield return (field.Name, Write(field.Shape, node, field.Property));
        }
    }

    private JsonNode Map(MapShape map, JsonObject value, PropertyInfo? field)
    {
        var entries = value.Select(entry => (Name: entry.Key, Value: Entry(entry.Key, Write(map.Value, entry.Value!, null))));
        return map.Ordered ? new JsonArray([.. entries.Select(entry => new JsonArray(entry.Name, entry.Value))]) : Object(entries);

        JsonNode Entry(string name, JsonNode written) =>
            Marked<TaskNameAttribute>(field) ? Object([("task", TaskOf(name)), ("value", written)]) : written;
    }

    // A name that is not a task's may be a stage's: its key is among the inputs then.
    private JsonNode TaskOf(string name)
    {
        if (!recipe.Tasks.TryGetValue(name, out var task)) return JsonValue.Create(name);
        Tasks.Add(name);
        return Write(Task, JsonSerializer.SerializeToNode(task, R1Json.Options)!, null);
    }

    private JsonValue ContentOf(string file)
    {
        if (contentOf(file) is { } content) return JsonValue.Create(content);
        Unknown ??= file;
        return JsonValue.Create("?");
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static bool Marked<T>(PropertyInfo? property)
        where T : Attribute => property?.IsDefined(typeof(T)) == true;
}
