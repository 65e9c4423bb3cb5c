using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Instructions;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob data</c>: looks through data sets as a run would, and says what it finds.</summary>
internal static class DataCommand
{
    private const int MostShown = 10;

    /// <summary>The command.</summary>
    public static Command Create(CommandStreams context)
    {
        var files = new Argument<string[]>("DATASET") { Description =
            "The files, .jsonl or .parquet, or hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION].", Arity = ArgumentArity.OneOrMore };
        var layout = new Option<string>("--layout") { Description = "How the columns are named.", DefaultValueFactory = _ => "plain" };
        layout.AcceptOnlyFromAmong([.. Enum.GetValues<DatasetLayout>().Select(Name)]);
        var against = new Option<string[]>("--against") { Description = "Evaluation sets to decontaminate against.",
            AllowMultipleArgumentsPerToken = true };
        var heldOut = new Option<int>("--held-out") { Description = "Share held out for evaluation, in percent.",
            DefaultValueFactory = _ => new DatasetTask { Files = [] }.HeldOutPercent };
        heldOut.Validators.Add(
            result => { if (result.GetValue(heldOut) is < 0 or > 100)
                result.AddError($"--held-out {result.GetValue(heldOut)} is not allowed: a whole number from 0 to 100"); });
        var rewards = new Option<string[]>("--reward") {
            Description = "Rewards that the rows are for: rows that they cannot judge are reported.",
            AllowMultipleArgumentsPerToken = true };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var command = new ExampleCommand("data", "Checks data sets and prints counts, splits and contamination.",
            "gpujob data train.jsonl", "gpujob data train.jsonl --reward accuracy/math",
                "gpujob data gsm8k.jsonl --layout gsm8k --against math500.jsonl aime.jsonl --json",
                "gpujob data hf:openai/gsm8k/main/train --layout gsm8k") { files, layout, against, heldOut,
                rewards, json };
        command.SetAction((parsed, _) => RunAsync(
            context,
            new DatasetTask
            {
                Files = parsed.GetValue(files)!,
                    Layout = Enum.GetValues<DatasetLayout>().Single(value => Name(value) == parsed.GetValue(layout)),
                Against = parsed.GetValue(against) ?? [], HeldOutPercent = parsed.GetValue(heldOut),
            },
            parsed.GetValue(rewards) ?? [],
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(CommandStreams context, DatasetTask task, string[] rewards, bool json)
    {
        var hub = new HubArguments(context);
        var (files, against) = (await hub.FilesAsync(task.Files), await hub.FilesAsync(task.Against));
        var here = files.Concat(against).DistinctBy(file => file.Shown).ToDictionary(file => file.Shown, file => file.File);
        task = task with { Files = [.. files.Select(file => file.Shown)], Against = [.. against.Select(file => file.Shown)] };
        Dataset dataset;
        try
        {
            dataset = Dataset.Load(task, file => here.GetValueOrDefault(file, file));
            CheckInstructions(dataset);
            CheckRewards(dataset, rewards);
        }
        catch (DatasetException e)
        {
            if (json) await context.Output.WriteLineAsync(JsonSerializer.Serialize(new { e.Problems }, R1Json.Options));
            foreach (var problem in e.Problems) await context.Error.WriteLineAsync($"gpujob: {problem}");
            return ExitCodes.BadInput;
        }
        if (json) await context.Output.WriteLineAsync(JsonSerializer.Serialize(dataset.Report, R1Json.Options));
        else Print(context.Output, dataset.Report);
        return ExitCodes.Done;
    }

    // What a reward would find out only when it scores.
    private static void CheckInstructions(Dataset dataset)
    {
        var problems = new List<DataProblem>();
        foreach (var row in dataset.Training.Concat(dataset.HeldOut).Where(row => row.Fields.ContainsKey(InstructionReward.Ids)))
        {
            try
            {
                InstructionReward.Check(InstructionReward.Read(row.Fields));
            }
            catch (InstructionException e)
            {
                problems.Add(new(row.File, row.Number, InstructionReward.Ids, e.Message));
            }
        }
        if (problems.Count > 0)
            throw new DatasetException(
                [.. problems.OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Row)]);
    }

    private static void CheckRewards(Dataset dataset, string[] rewards)
    {
        var problems = new List<DataProblem>();
        foreach (var reward in rewards)
        {
            if (RowCheck.For(reward, options: null) is not { } check) continue;
            foreach (var row in dataset.Training.Concat(dataset.HeldOut))
            {
                if (check.Problem(row.Answer, row.Fields) is { } problem) problems.Add(new(row.File, row.Number, reward, problem));
            }
        }
        if (problems.Count > 0)
            throw new DatasetException(
                [.. problems.OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Row)]);
    }

    private static void Print(TextWriter output, DatasetReport report)
    {
        void Line(string name, int count) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-14} {count,9:N0}"));
        Line("rows", report.Rows);
        foreach (var (domain, count) in report.Domains.Where(domain => domain.Key.Length > 0)) Line($"  {domain}", count);
        Line("duplicates", report.Duplicates);
        if (report.EvaluationRows > 0) Line("contaminated", report.Contaminated.Count);
        Line("unrated", report.Unrated);
        Line("training", report.Training);
        Line("held out", report.HeldOut);
        foreach (var found in report.Contaminated.Take(MostShown))
            output.WriteLine(
                $"{found.File}({found.Row}) shares {Decontamination.NgramWords} words with {found.EvaluationFile}({found.EvaluationRow})");
        if (report.Contaminated.Count > MostShown)
            output.WriteLine($"… and {report.Contaminated.Count - MostShown} more; --json lists all");
    }

    private static string Name(DatasetLayout layout) => JsonSerializer.Serialize(layout, R1Json.Options).Trim('"');
}
