using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using R1Cloud.Inference.Serving;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;

namespace R1Cloud.EngineTool;

/// <summary>The commands of <c>r1-engine</c>.</summary>
internal static class EngineCommands
{
    /// <summary><c>start</c>: starts an engine as a worker would, has its weights proven, and keeps it until it is stopped.</summary>
    public static Command Start(TextWriter output)
    {
        var folder = Folder();
        return With("start", "Starts an engine as a worker would, with a folder's weights, and keeps it until Ctrl-C.",
            "r1-engine start ./released --command vllm --arguments \"--max-model-len 4096\"", [folder],
            async (parsed, pool, cancellation) =>
            {
                await HandOverAsync(pool, parsed.GetValue(folder)!, output, cancellation);
                await output.WriteLineAsync("It runs until it is stopped (Ctrl-C).");
                await Task.Delay(Timeout.Infinite, cancellation);
                return ExitCodes.Done;
            });
    }

    /// <summary><c>check</c>: what servers say of themselves.</summary>
    public static Command Check(TextWriter output) => With("check", "Tells what servers say of themselves.",
        "r1-engine check --server http://127.0.0.1:8000", [], async (_, pool, cancellation) =>
        {
            var views = await pool.LookAsync(cancellation);
            await output.WriteLineAsync(JsonSerializer.Serialize(views, R1Json.Indented));
            return views.All(view => view.Trouble is null) ? ExitCodes.Done : ExitCodes.Retryable;
        });

    /// <summary><c>handover</c>: hands weights over and has them proven.</summary>
    public static Command HandOver(TextWriter output)
    {
        var folder = Folder();
        return With("handover",
            "Hands a folder's weights over and has them proven; the folder has a proof.json, as gpujob export writes it.",
            "r1-engine handover ./released --server http://127.0.0.1:8000", [folder], async (parsed, pool, cancellation) =>
            {
                await HandOverAsync(pool, parsed.GetValue(folder)!, output, cancellation);
                return ExitCodes.Done;
            });
    }

    /// <summary><c>sample</c>: completions of token ids.</summary>
    public static Command Sample(TextWriter output)
    {
        var (folder, ids) = (Folder(), new Option<string>("--ids") { Description = "The prompt's token ids, as 2,8,9.", Required = true });
        var count = new Option<int>("--count") { Description = "Completions.", DefaultValueFactory = _ => 1 };
        var most = new Option<int>("--max") { Description = "Most new tokens.", DefaultValueFactory = _ => 64 };
        var temperature = new Option<double>("--temperature") { Description = "0 is greedy.", DefaultValueFactory = _ => 1 };
        var seed = new Option<int>("--seed") { Description = "Of the first; each further one has the next." };
        return With("sample", "Hands weights over and samples completions of token ids: a JSON line each.",
            "r1-engine sample ./released --server http://127.0.0.1:8000 --ids 2,8,9 --count 4",
            [folder, ids, count, most, temperature, seed],
            async (parsed, pool, cancellation) =>
            {
                var prompt = Ids(parsed.GetValue(ids)!);
                await pool.HandOverAsync(Path.GetFullPath(parsed.GetValue(folder)!), cancellation);
                var gate = new Lock();
                await pool.SampleAsync([.. Enumerable.Range(0, parsed.GetValue(count)).Select(i =>
                    new Inference.Protocols.EngineRequest(prompt, (ulong)(parsed.GetValue(seed) + i), parsed.GetValue(most), [])
                    {
                        Temperature = parsed.GetValue(temperature),
                    })], (index, answer) =>
                    {
                        lock (gate) output.WriteLine(JsonSerializer.Serialize(new { sample = index, answer.Tokens, answer.LogProbs,
                            answer.Stopped }, R1Json.Options));
                    }, cancellation);
                return ExitCodes.Done;
            });
    }

    /// <summary><c>report</c>: everything at once, for a file that can be sent.</summary>
    public static Command Report(TextWriter output)
    {
        var (folder, json) = (Folder(), new Option<bool>("--json") { Description = "One JSON object in place of lines." });
        return With("report", "Asks, hands over, has proven and samples, and tells figures of each.",
            "r1-engine report ./released --server http://127.0.0.1:8000 --json", [folder, json], async (parsed, pool, cancellation) =>
            {
                var report = await EngineReport.MakeAsync(pool, Path.GetFullPath(parsed.GetValue(folder)!), TimeProvider.System,
                    cancellation);
                if (parsed.GetValue(json)) await output.WriteLineAsync(JsonSerializer.Serialize(report, R1Json.Indented));
                else foreach (var line in report.Lines()) await output.WriteLineAsync(line);
                return report.IsGood ? ExitCodes.Done : ExitCodes.Retryable;
            });
    }

    private static Argument<string> Folder() => new("dir") { Description = "A folder of weights with its proof.json." };

    private static async Task HandOverAsync(EnginePool pool, string folder, TextWriter output, CancellationToken cancellation)
    {
        foreach (var (name, proven) in await pool.HandOverAsync(Path.GetFullPath(folder), cancellation))
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {proven.Told()}; "
                + $"log-probabilities differ by {proven.MeanDifference:0.#######} on average, {proven.MaxDifference:0.#######} at most"));
    }

    private static int[] Ids(string text)
    {
        try
        {
            return [.. text.Split(',', StringSplitOptions.TrimEntries)
                .Select(id => int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new BadInputException($"--ids is '{text}'; allowed are whole numbers from 0, separated by commas.", e);
        }
    }

    private static ExampleCommand With(string name, string description, string example, Symbol[] symbols,
        Func<ParseResult, EnginePool, CancellationToken, Task<int>> run)
    {
        var (command, engine) = (new ExampleCommand(name, description, example), new TriedEngine());
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }
        engine.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var pool = engine.Open(parsed, out var logs);
            using (logs) return await run(parsed, pool, cancellation);
        });
        return command;
    }
}
