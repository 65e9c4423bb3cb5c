using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Jobs.Pretraining;

public sealed class CorpusTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    private static string Text(ITokenizer tokenizer, int[] ids) => tokenizer.Decode(ids);

    [Fact]
    public void Batch_SeveralTasks_HasTheirSharesInOneVocabulary()
    {
        CorpusSource[] sources = [new(new ArithmeticProblems(new()), 3), new(new NumberWordsProblems(new()), 1)];
        var alphabet = Corpus.Alphabet(sources);
        alphabet.ShouldStartWith(sources[0].Task.Alphabet);
        alphabet.ShouldBeUnique();
        var tokenizer = new SymbolTokenizer(alphabet);
        var corpus = new Corpus(sources, tokenizer, new(), seed: 1, "base");
        var prompts = Enumerable.Range(0, 20).SelectMany(step => corpus.Batch(step, 100)).Select(row => Text(tokenizer, row.Prompt))
            .ToList();
        (prompts.Count(prompt => prompt.Contains('+')) / 2000.0).ShouldBe(0.75, 0.03);
        corpus.Batch(7, 100).Select(row => row.Prompt).ShouldBe(corpus.Batch(7, 100).Select(row => row.Prompt));
    }

    [Fact]
    public void Batch_OneTask_DoesNotDependOnWhetherOthersAreThere()
    {
        CorpusSource sums = new(new ArithmeticProblems(new()), 1), words = new(new NumberWordsProblems(new()), 1);
        var tokenizer = new SymbolTokenizer(Corpus.Alphabet([sums, words]));
        string[] Texts(params CorpusSource[] sources) =>
            [.. new Corpus(sources, tokenizer, new(), 1, "base").Batch(0, 200)
                .Select(row => Text(tokenizer, [.. row.Prompt, .. row.Completion]))];
        Texts(sums, words).Count(text => Texts(sums).Contains(text)).ShouldBeGreaterThan(60); // the rows that drew it are the same
    }

    [Fact]
    public async Task Pretrain_SeveralTasks_ModelReadsThemAll()
    {
        var settings =
            JobRunner.Pretraining with { Task = null, Tasks = new Dictionary<string, double> { ["words"] = 1, ["addition"] = 1 }, Steps = 4,
                Model = JobRunner.Pretraining.Model with { MaxPositions = 104 } };
        var outcome = await jobs.RunAsync(models => new PretrainHandler(models), new PretrainJob
        {
            Seed = 3, Stage = "base", Settings = settings, Checkpoint = "base/",
                Tasks = new Dictionary<string, TaskRecipe> { ["addition"] = JobRunner.Task, ["words"] = new NumberWordsTask() },
        });
        outcome.Metrics["loss"].ShouldBeGreaterThan(0);
        var evaluation = await jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
        {
            Seed = 3, Stage = "base", Task = new NumberWordsTask(), Checkpoint = "base/",
                Settings = new EvaluationRecipe { Task = "words", Problems = 8, Samples = 1 },
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1 },
        });
        evaluation.Metrics["eval/problems"].ShouldBe(8);
    }
}
