using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Plan;

/// <summary>Rows to learn from, as far as a plan knows them.</summary>
/// <param name="Count">How many there are at most.</param>
/// <param name="Tokens">Tokens of a row, prompt and completion.</param>
internal readonly record struct DataRows(double Count, double Tokens)
{
    /// <summary>Bytes of a token in a file of rows.</summary>
    public const int BytesPerToken = 4;

    private const int CharactersPerToken = 4;

    /// <summary>Those of a stage that samples.</summary>
    public static DataRows Of(EstimateContext context, SampleStage stage) =>
        new((double)stage.Questions * stage.Keep, context.PromptTokens(stage.Task) + stage.Sampling.MaxNewTokens * context.LengthShare);

    /// <summary>
    /// Those of a data set on this machine or on the Hub. One in storage, or one that is not here, is not known.
    /// </summary>
    public static DataRows? Of(EstimateContext context, TaskRecipe? task)
    {
        if (context.Datasets is not { } datasets || task is not DatasetTask dataset) return null;
        try
        {
            var here = dataset.AllFiles().Distinct().ToDictionary(file => file, file => !HubName.Is(file) ? file
                : context.Hub?.Ask(hub => hub.DataFileAsync(HubName.Parse(file))) ?? file);
            if (here.Values.Any(file => BlobReference.Is(file) || !File.Exists(file))) return null;
            var facts = datasets.Read(dataset, file => here[file]);
            return new DataRows(facts.Training, facts.TrainingLength / CharactersPerToken);
        }
        catch (Exception e) when (e is DatasetException or BadInputException or StorageException)
        {
            return null; // the recipe's check says what is wrong with it
        }
    }
}
