using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Processes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>Has the trainer look at a recipe's inputs, in a process of its own: this one has no tokenizers.</summary>
internal static class TrainerCheck
{
    /// <summary>Checks; inputs in storage are left to the run.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="trainer">Finds the trainer; called only where there is something to look at.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>What was measured, a line each; empty where there was nothing to look at.</returns>
    /// <exception cref="BadInputException">An input cannot be used; every problem is listed.</exception>
    /// <exception cref="EnvironmentException">The trainer does not start or breaks off.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(LoadedRecipe recipe, Func<WorkerCommand> trainer,
        CancellationToken cancellation)
    {
        if (StageKeys.Files(recipe.Recipe.Expand()).Count == 0) return [];
        var command = trainer();
        using var process = Start(command);
        try
        {
            var (output, errors) =
                (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
            await WriteAsync(process, recipe.ResolvedJson);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode switch
            {
                ExitCodes.Done => (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                ExitCodes.BadInput => throw new BadInputException((await errors).Trim()),
                var code => throw new EnvironmentException(
                    $"The trainer '{command.FileName}' could not check the recipe's inputs; it ended with exit "
                    + $"code {code}: {(await errors).Trim()}"),
            };
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(WorkerCommand command)
    {
        var start = new ProcessStartInfo(command.FileName, [.. command.Arguments, "check", "-"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(false),
        };
        ChildEnvironment.ForTrainer(start); // without this machine's storage, which is not up yet
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new EnvironmentException($"The trainer '{command.FileName}' does not start: {e.Message}", e);
        }
    }

    private static async Task WriteAsync(Process process, string text)
    {
        try
        {
            await process.StandardInput.WriteAsync(text);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended; its exit code says why.
        }
    }
}
