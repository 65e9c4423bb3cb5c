using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Jobs.Checking;

/// <summary>What is known of stages' models before there are any: training changes neither tokenizer nor length.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="blobs">Where folders in storage are; null where there is no storage to look into.</param>
/// <param name="hub">Brings models of the Hub.</param>
/// <param name="scratch">A folder for what is fetched from there.</param>
internal sealed class CheckedModels(Recipe recipe, IBlobStore? blobs, IHubReader hub, string scratch)
{
    private readonly Dictionary<string, RowMeasures?> known = new(StringComparer.Ordinal);

    private readonly Dictionary<string, DecoderSize> sizes = new(StringComparer.Ordinal);

    private DateOnly? Date => recipe.TemplateDay();

    /// <summary>The size of a stage's model that was looked at; null where it is not known.</summary>
    public DecoderSize? SizeOf(string stage) => sizes.TryGetValue(stage, out var size) ? size
        : recipe.Stages.GetValueOrDefault(stage) is { From: { } from } ? SizeOf(from) : null;

    /// <summary>The measures of a stage's model, looked at once; null where it cannot be known here.</summary>
    /// <exception cref="BadInputException">Its folder is missing, torn or malformed.</exception>
    public async Task<RowMeasures?> OfAsync(string stage, CancellationToken cancellation)
    {
        if (known.TryGetValue(stage, out var measures)) return measures;
        known[stage] = null; // a wrong one is reported once
        return known[stage] = recipe.Stages.GetValueOrDefault(stage) switch
        {
            ImportStage import when BlobReference.Is(import.Path) =>
                blobs is null ? null : Imported(stage, await FetchAsync(import.Path, cancellation)),
            ImportStage import when HubName.Is(import.Path) =>
                Imported(stage, await hub.ModelFolderAsync(HubName.Parse(import.Path), weights: false, cancellation)),
            ImportStage import when GgufFile.Is(import.Path) => Imported(stage, Unpack(import.Path)),
            ImportStage import => Whole(stage, import.Path),
            PretrainStage pretrain => await PretrainedAsync(stage, pretrain, cancellation),
            { From: { } from } => await OfAsync(from, cancellation),
            _ => null,
        };
    }

    // Weights that are here are held against the configuration too; those elsewhere when the import fetches them.
    private RowMeasures Whole(string stage, string folder)
    {
        GgufFile.RefuseOther(folder);
        _ = ModelFolder.Check(folder);
        return Imported(stage, folder);
    }

    private RowMeasures Imported(string stage, string folder)
    {
        var config = ModelConfig.Load(folder);
        sizes[stage] = config.Size();
        return new(TokenizerLoader.Load(folder), config.MaxPositions, Date);
    }

    private string Unpack(string file)
    {
        var folder = Path.Combine(scratch, $"model-{known.Count}");
        GgufUnpacking.Unpack(file, folder, weights: false);
        return folder;
    }

    private async Task<RowMeasures?> PretrainedAsync(string name, PretrainStage stage, CancellationToken cancellation)
    {
        var sources = new List<CorpusSource>();
        foreach (var (task, share) in stage.Corpora())
        {
            if (blobs is null && recipe.Tasks[task] is DatasetTask) return null;
            sources.Add(new(await ProblemTasks.CreateWorkedAsync(recipe.Tasks[task], blobs, hub, cancellation), share));
        }
        var tokenizer = new SymbolTokenizer(Corpus.Alphabet(sources));
        sizes[name] = PretrainedShape.Config(stage.Model, tokenizer).Size();
        return new(tokenizer, stage.Model.MaxPositions, Date);
    }

    private async Task<string> FetchAsync(string path, CancellationToken cancellation)
    {
        var name = $"model-{known.Count}";
        var fetched = await StoredModel.FetchAsync(blobs!, path, scratch, name,
            file => file == ModelConfig.FileName || ModelFolder.Companions.Contains(file), cancellation);
        // What is missing in an empty folder is told by who reads it.
        if (fetched is null || Directory.Exists(fetched)) return Path.Combine(scratch, name);
        GgufFile.RefuseOther(fetched);
        return Unpack(fetched);
    }
}
