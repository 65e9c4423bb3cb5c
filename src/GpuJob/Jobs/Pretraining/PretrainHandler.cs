using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Jobs.Pretraining;

/// <summary>Trains a small decoder from scratch on worked examples.</summary>
internal sealed class PretrainHandler(ResidentModels models) : IJobHandler<PretrainJob>
{
    private const int ReadEvery = 10; // steps between two reads from the device

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(PretrainJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var sources = new List<CorpusSource>();
        foreach (var (name, share) in settings.Corpora())
            sources.Add(new(await ProblemTasks.CreateWorkedAsync(payload.Tasks[name], context.Blobs, context.Hub, context.Preemption),
                share));
        var tokenizer = new SymbolTokenizer(Corpus.Alphabet(sources));
        var shape = PretrainedShape.Config(settings.Model, tokenizer);
        models.Fit.Require(context.Spec, shape);
        var corpus = new Corpus(sources, tokenizer, settings.Corpus, payload.Seed, payload.Stage);
        return await new SupervisedTraining<TrainingRow>(models, new()
        {
            Objective = new NextTokens(),
            Steps = settings.Steps,
            Batch = step => corpus.Batch(step, settings.BatchSize),
            Begin = () =>
                Task.FromResult(
                    models.Fresh(shape, tokenizer,
                        Seeds.Derive(payload.Seed, payload.Stage + "/weights"), settings.Optimizer)),
            Optimizer = settings.Optimizer,
            SaveEvery = settings.SaveEvery,
            ReadEvery = ReadEvery,
            Checkpoint = payload.Checkpoint,
            Balance = PretrainedShape.Balance(settings.Model),
        }, context).RunAsync();
    }
}
