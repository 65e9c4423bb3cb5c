namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>What reads the files of data sets, where a program can: contracts know no file formats.</summary>
public interface IDatasetReader
{
    /// <summary>Reads a data set whose files are on this machine.</summary>
    /// <param name="task">The data set.</param>
    /// <param name="locate">Where a file is on this machine, by its name in the recipe; null for the name itself.</param>
    /// <exception cref="DatasetException">A file or a row is wrong; every problem is listed, up to a limit.</exception>
    DatasetFacts Read(DatasetTask task, Func<string, string>? locate = null);

    /// <summary>What is wrong with one file of rows, whatever their layout; every problem, up to a limit.</summary>
    /// <param name="file">The file, which is on this machine.</param>
    IReadOnlyList<DataProblem> ProblemsOf(string file);
}

/// <summary>What a recipe's checks and plans need to know of a data set.</summary>
/// <param name="Training">Rows to learn from.</param>
/// <param name="HeldOut">Rows held out for evaluation.</param>
/// <param name="PromptCharacters">Every character that the prompts hold.</param>
/// <param name="CompletionCharacters">Every character that the completions hold.</param>
/// <param name="TrainingLength">Mean characters of a row to learn from, prompt and completion.</param>
public sealed record DatasetFacts(int Training, int HeldOut, string PromptCharacters, string CompletionCharacters, double TrainingLength);
