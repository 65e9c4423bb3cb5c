using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>
/// The rules of vocabularies: a pretrained model has tokens for the characters of its tasks and for no others, so what it is to read must
/// have no others either.
/// </summary>
internal sealed partial class RecipeCrossRules
{
    private const int MostShown = 12; // characters that a message names

    public void CheckAsked(string path, string task, ModelLimit? model) =>
        CheckCharacters(path, task, BoundsOf(task)?.PromptCharacters, model, "a task that the model can read",
            $"which {task} has: name {task} in its tasks too", $"tasks.{task}");

    // Pairs and labelled responses have more than prompts.
    public void CheckJudged(string path, string task, ModelLimit? model) =>
        CheckCharacters(path, task, BoundsOf(task) is { } bounds ? bounds.Alphabet ?? bounds.PromptCharacters : null, model,
            "a task that the model can read", $"which {task} has: name {task} in its tasks too", $"tasks.{task}");

    // What a stage sampled may hold any character of the model that wrote it.
    public void CheckLearned(string path, string value, string data, ModelLimit? model, string what, params string[] involved) =>
        CheckCharacters(path, value, CharactersOf(data), model, what,
            $"which the rows of {data} may hold: pretrain it on the tasks of the model that writes them", involved);

    // A reward model reads what the policy was asked and what it wrote.
    public void CheckScored(string path, IReadOnlyDictionary<string, RewardRecipe> rewards, string task, ModelLimit? policy)
    {
        foreach (var (reward, settings) in rewards)
        {
            if (ModelRewardCatalog.StageOf(reward, settings) is not { } named || stages.GetValueOrDefault(named) is not RewardModelStage)
                continue;
            CheckCharacters($"{path}.{reward}.options.stage", named,
                Joined(BoundsOf(task)?.PromptCharacters, policy?.Vocabulary?.Characters), ModelOf(named),
                "a reward model that can read the answers",
                $"which answers to {task} may hold: pretrain it on the tasks of the model that it judges", $"tasks.{task}");
        }
    }

    private string? CharactersOf(string data) => stages.GetValueOrDefault(data) switch
    {
        SampleStage sample =>
            Joined(BoundsOf(sample.Task)?.PromptCharacters, ModelOf(data)?.Vocabulary?.Characters,
                sample is not CollectStage collect ? null : collect.Rewrite switch
        {
            TemplateRewrite template =>
                TextCharacters.Of(
                    [template.Summary.Replace("{answer}", "", StringComparison.Ordinal).Replace("{prompt}", "", StringComparison.Ordinal)]),
            ModelRewrite { From: { } rewriter } => ModelOf(rewriter)?.Vocabulary?.Characters,
            _ => null,
        }),
        null => BoundsOf(data)?.Alphabet,
        _ => null,
    };

    private static string? Joined(params IEnumerable<string?> characters) =>
        characters.All(part => part is null) ? null : string.Concat(characters);

    private TaskCharacters VocabularyOf(string name, PretrainStage stage)
    {
        string[] tasks = [.. stage.Corpora().Select(corpus => corpus.Key)];
        string?[] alphabets = [.. tasks.Select(task => BoundsOf(task)?.Alphabet)];
        return new(name, string.Join(", ", tasks), alphabets.Length == 0 || alphabets.Contains(null) ? null : string.Concat(alphabets));
    }

    private void CheckCharacters(string path, string value, string? needed, ModelLimit? model, string what, string where,
        params string[] involved)
    {
        if (needed is null || model?.Vocabulary is not { Characters: { } known } vocabulary) return;
        var missing = string.Concat(needed.Except(known));
        var shown = ScalarNode.Quote(missing[..Math.Min(missing.Length, MostShown)])
            + (missing.Length > MostShown ? $" and {missing.Length - MostShown} more characters" : "");
        Require(missing.Length == 0, path, value,
            $"{what}: stage {vocabulary.Stage} is pretrained on {vocabulary.Tasks} and never saw {shown}, {where}",
            involved: [.. involved, $"stages.{vocabulary.Stage}"]);
    }
}

/// <summary>What a pretrained model can read and write, besides the tags.</summary>
/// <param name="Stage">The stage that pretrains it.</param>
/// <param name="Tasks">That stage's tasks.</param>
/// <param name="Characters">Their characters; null where a task of them is wrong.</param>
internal sealed record TaskCharacters(string Stage, string Tasks, string? Characters);
