using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
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

    private DateOnly? Date => recipe.TemplateDay();

    /// <summary>The measures of a stage's model, looked at once; null where it cannot be known here.</summary>
    /// <exception cref="BadInputException">Its folder is missing, torn or malformed.</exception>
    public async Task<RowMeasures?> OfAsync(string stage, CancellationToken cancellation)
    {
        if (known.TryGetValue(stage, out var measures)) return measures;
        known[stage] = null; // a wrong one is reported once
        return known[stage] = recipe.Stages.GetValueOrDefault(stage) switch
        {
            ImportStage import when BlobReference.Is(import.Path) =>
                blobs is null ? null : Imported(await FetchAsync(import.Path, cancellation)),
            ImportStage import when HubName.Is(import.Path) =>
                Imported(await hub.ModelFolderAsync(HubName.Parse(import.Path), weights: false, cancellation)),
            ImportStage import when GgufFile.Is(import.Path) => Imported(Unpack(import.Path)),
            ImportStage import => Whole(import.Path),
            PretrainStage pretrain => await PretrainedAsync(pretrain, cancellation),
            { From: { } from } => await OfAsync(from, cancellation),
            _ => null,
        };
    }

    // Weights that are here are held against the configuration too; those elsewhere when the import fetches them.
    private RowMeasures Whole(string folder)
    {
        GgufFile.RefuseOther(folder);
        var model = ModelFolder.Check(folder);
        return new(TokenizerLoader.Load(folder), model.Config.MaxPositions, Date);
    }

    private RowMeasures Imported(string folder) => new(TokenizerLoader.Load(folder), ModelConfig.Load(folder).MaxPositions, Date);

    private string Unpack(string file)
    {
        var folder = Path.Combine(scratch, $"model-{known.Count}");
        GgufUnpacking.Unpack(file, folder, weights: false);
        return folder;
    }

    private async Task<RowMeasures?> PretrainedAsync(PretrainStage stage, CancellationToken cancellation)
    {
        var sources = new List<CorpusSource>();
        foreach (var (name, share) in stage.Corpora())
        {
            if (blobs is null && recipe.Tasks[name] is DatasetTask) return null;
            sources.Add(new(await ProblemTasks.CreateWorkedAsync(recipe.Tasks[name], blobs, hub, cancellation), share));
        }
        return new(new SymbolTokenizer(Corpus.Alphabet(sources)), stage.Model.MaxPositions, Date);
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
