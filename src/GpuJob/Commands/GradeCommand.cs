using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Rewards.Grading;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Processes;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob grade</c>: a reward function on a file of answers.</summary>
internal static class GradeCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>The command.</summary>
    public static Command Create(CommandStreams context)
    {
        var reward = new Option<string>("--reward") { Description = "The reward function, such as accuracy/math.", Required = true };
        var input = new Option<string>("--input") {
            Description =
            "JSONL rows: pred, gold where the reward needs one, the problem's other columns, optional options and expected. - is the "
            + "standard input.", Required = true };
        var output = new Option<string>("--output") {
            Description = "Takes one JSON line a row, in order: correct, score, extracted, reason, outcome. - is the standard output.",
            Required = true };
        var options = new Option<string>("--options") { Description = "Options of the reward for all rows, as a JSON object." };
        var json = new Option<bool>("--json") { Description = "Print the summary as one JSON line." };
        var grade = new ExampleCommand("grade", "Grades answers by a reward function.",
            "gpujob grade --reward accuracy/math --input cases.jsonl --output verdicts.jsonl",
            "gpujob grade --reward accuracy/math --input cases.jsonl --output verdicts.jsonl --options '{\"percent\":\"hundredth\"}' "
            + "--json")
        { reward, input, output, options, json };
        grade.SetAction((parsed, cancellation) => RunAsync(context,
            new(parsed.GetRequiredValue(reward), parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), parsed.GetValue(options),
                parsed.GetValue(json)), cancellation));
        return grade;
    }

    private static async Task<int> RunAsync(CommandStreams context, Arguments arguments, CancellationToken cancellation)
    {
        var grader = Graders.Get(arguments.Reward, ReadOptions(arguments.Options));

        using var source = arguments.Input == "-" ? null : Open(arguments.Input, "--input", path => new StreamReader(path));
        await using var target = arguments.Output == "-" ? null : Open(arguments.Output, "--output", path => new StreamWriter(path));
        var showsProgress = !arguments.Json && !Console.IsErrorRedirected && ReferenceEquals(context.Error, StandardStreams.Error);
        var file = new GradeFile(grader, arguments.Input, message => context.Error.WriteLine($"gpujob: {message}"));
        var summary = await file.RunAsync(source ?? context.Input, target ?? context.Output, done =>
        {
            if (showsProgress) StandardStreams.Error.Rewrite($"{done.ToString("N0", CultureInfo.InvariantCulture)} graded");
        }, cancellation);
        if (showsProgress) StandardStreams.Error.Rewrite("                      ");
        if (showsProgress) StandardStreams.Error.Rewrite("");
        await (arguments.Output == "-" ? context.Error : context.Output)
            .WriteLineAsync(arguments.Json ? JsonSerializer.Serialize(summary, Json) : Describe(summary));
        return summary.Bad > 0 ? ExitCodes.BadInput : ExitCodes.Done;
    }

    private static string Describe(GradeSummary summary)
    {
        var outcomes =
            string.Join(", ",
                summary.Outcomes.Select(pair =>
                    string.Create(CultureInfo.InvariantCulture, $"{pair.Value} {pair.Key.ToString().ToLowerInvariant()}")));
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{summary.Rows} rows, {summary.Correct} correct{(outcomes.Length > 0 ? "; " + outcomes : "")}; {summary.Seconds:F2} s");
        if (summary.Bad > 0) text += string.Create(CultureInfo.InvariantCulture, $"; {summary.Bad} bad rows");
        if (summary.Expected == 0) return text;
        return text + string.Create(CultureInfo.InvariantCulture,
            $"\nas expected: {summary.Agreed} of {summary.Expected} ({100.0 * summary.Agreed / summary.Expected:F2} %), {summary.FalsePositives} wrongly right, {summary.FalseNegatives} wrongly wrong");
    }

    private static JsonElement ReadOptions(string? text)
    {
        if (text is null) return default;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"--options: {text} is not JSON: {e.Message}", e);
        }
    }

    private static T Open<T>(string path, string option, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{option}: {path}: {e.Message}", e);
        }
    }

    private sealed record Arguments(string Reward, string Input, string Output, string? Options, bool Json);
}
