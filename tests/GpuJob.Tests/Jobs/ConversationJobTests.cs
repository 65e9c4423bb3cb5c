using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>What becomes of conversations and chat templates on their way to a model and back to the rewards.</summary>
public sealed class ConversationJobTests
{
    private const string Turns = "{% for m in messages %}<|begin|>{{ m.role }}:{{ m.content }}<|end|>{% endfor %}";
    private const string Answers = Turns + "{% if add_generation_prompt %}<|begin|>assistant:{% endif %}";

    private static readonly string[] Questions =
        [.. Enumerable.Range(0, 4).Select(number => $$"""{"prompt":"q{{number}}","answer":"{{number}}"}""")];

    [Fact]
    public async Task Sft_Conversation_KeepsItsRoles()
    {
        using var model = new PublishedModel(Answers);
        await model.ImportAsync();
        var outcome = await model.SftAsync(model.Task(DatasetLayout.Completions,
            """{"messages":[{"role":"system","content":"S"},{"role":"user","content":"U1"},{"role":"assistant","content":"A1"},{"role":"user","content":"U2"},{"role":"assistant","content":"A2"}]}"""));

        var tokenizer = TokenizerLoader.Load(model.Path);
        int[] conversation =
            [.. tokenizer.Encode(
                "<|begin|>system:S<|end|><|begin|>user:U1<|end|><|begin|>assistant:A1<|end|><|begin|>user:U2<|end|><|begin|>assistant:"),
                .. tokenizer.Encode("A2<|end|>")];
        outcome.Metrics[MetricNames.Tokens].ShouldBe(conversation.Length);
    }

    [Theory]
    [InlineData("A2", "A2")]
    [InlineData("A2<|end|>", "A2")]
    [InlineData("A2<|end|>\\n", "A2")]
    [InlineData("A<|end|>2", "A<|end|>2")]
    public async Task Sft_Completion_HasOneEndMark(string completion, string text)
    {
        using var model = new PublishedModel(Answers);
        await model.ImportAsync();
        var outcome = await model.SftAsync(model.Task(DatasetLayout.Completions, $$"""{"prompt":"q","completion":"{{completion}}"}"""));
        var tokenizer = TokenizerLoader.Load(model.Path);
        outcome.Metrics[MetricNames.Tokens]
            .ShouldBe(tokenizer.Encode("<|begin|>user:q<|end|><|begin|>assistant:").Length + tokenizer.EncodeText(text).Length + 1);
    }

    /// <summary>The template writes the first tag, the model the rest: together they are in form.</summary>
    [Fact]
    public async Task Rollout_TemplateThatOpensTheThinking_IsJudgedByTheWholeTurn()
    {
        using var model = new PublishedModel(Turns + "{{ '<|begin|>assistant:<think>\n' }}");
        await model.ImportAsync();
        await model.SftAsync(
            model.Task(DatasetLayout.Completions,
                [.. Enumerable.Range(0, 4)
                    .Select(number => $$"""{"prompt":"q{{number}}","completion":"a</think><answer>{{number}}</answer>"}""")]),
            new() { Data = ["rows"], Epochs = 150, BatchSize = 4, Optimizer = new() { LearningRate = 1e-2 } });
        string[] forms = ["format/think-answer", "format/think", "format/tag-count"];
        var outcome = await model.RolloutAsync(
            model.Task(DatasetLayout.Plain, Questions),
            JobRunner.Rl with { Sampling = new() { MaxNewTokens = 64, Temperature = 0.1 },
                Rewards = forms.ToDictionary(name => name, _ => (RewardRecipe)1) }, policy: "sft/step-000150/");
        foreach (var form in forms) outcome.Metrics[$"rewards/{form}/mean"].ShouldBe(1, 1e-9, form);
    }

    /// <summary>A completion that begins with the tag that the template has written already does not write it again.</summary>
    [Fact]
    public async Task Sft_CompletionWithTheTagThatTheTemplateOpens_IsTheRestOfTheTurn()
    {
        using var model = new PublishedModel(Turns + "{{ '<|begin|>assistant:<think>\n' }}");
        await model.ImportAsync();
        var rest = await model.SftAsync(model.Task(DatasetLayout.Completions, """{"prompt":"q","completion":"a</think>b"}"""));
        var whole = await model.SftAsync(model.Task(DatasetLayout.Completions, """{"prompt":"q","completion":"<think>\na</think>b"}"""),
            to: "whole/");
        whole.Metrics[MetricNames.Tokens].ShouldBe(rest.Metrics[MetricNames.Tokens]);
        whole.Metrics[MetricNames.Loss].ShouldBe(rest.Metrics[MetricNames.Loss]);
    }

    [Fact]
    public async Task Rollout_TemplateThatAsksTheTime_IsTheSameWheneverItRuns()
    {
        using var model = new PublishedModel("{% for m in messages %}{{ strftime_now('%Y %H:%M:%S.%f') }}{{ m.content }}{% endfor %}=");
        await model.ImportAsync();
        var task = model.Task(DatasetLayout.Plain, Questions);
        var first = await PromptsAsync(new(2031, 5, 17));
        first.ShouldAllBe(prompt => prompt.StartsWith("2031 00:00:00.000000"));
        (await PromptsAsync(new(2031, 5, 17))).ShouldBe(first);
        (await PromptsAsync(null)).ShouldBe(await PromptsAsync(null));

        async Task<IReadOnlyList<string>> PromptsAsync(DateOnly? date)
        {
            var outcome = await model.RolloutAsync(task, date: date);
            var file = System.IO.Path.Combine(model.Path, "rollout.safetensors");
            await model.Jobs.Blobs.TryDownloadAsync(outcome.Outputs["tokens"], SafePath.Join(model.Path, "rollout.safetensors"), default);
            var tokenizer = TokenizerLoader.Load(model.Path);
            return [.. RolloutFile.Read(file).Select(row => tokenizer.Decode(row.Prompt))];
        }
    }
}
