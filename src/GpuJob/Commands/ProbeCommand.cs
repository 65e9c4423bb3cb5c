using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Probing;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob probe</c>: how fast this machine trains and samples.</summary>
internal static class ProbeCommand
{
    private const int MostSeconds = 540;

    public static Command Create(CommandStreams context)
    {
        var seconds = new Option<int>("--seconds") { Description = "Time for all cases; those that there is no time for are skipped.",
            DefaultValueFactory = _ => MostSeconds };
        var only = new Option<string?>("--only") { Description = "Cases whose names hold this, e.g. \"train\" or \"0.5B\"." };
        var machine = new MachineOptions();
        var command = new ExampleCommand("probe",
            "Measures matrix products, memory, disk, decoding and training of models of several sizes; a JSON line a case, the first one "
            + "says on what. A case that does not fit into free memory or the time left says so.",
            "gpujob probe --device cuda", "gpujob probe --only \"4.7M\" --seconds 60") { seconds, only };
        machine.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var limit = parsed.GetValue(seconds);
            if (limit is < 1 or > 86_400) throw new BadInputException($"--seconds is {limit}; allowed is 1 to 86400.");
            var compute = machine.Compute(parsed).Value;
            using var scratch = new ScratchFolder();
            var subject = Machine.Of(compute);
            await WriteAsync(context, new { @case = "machine", figures = subject });
            var cases = new ProbeCases(compute, scratch.Path).All()
                .Where(item => item.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.Ordinal)).ToList();
            var start = Stopwatch.GetTimestamp();
            foreach (var (index, item) in cases.Index())
            {
                cancellation.ThrowIfCancellationRequested();
                var left = limit - Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (item.Bytes > subject.FreeBytes * 0.9)
                    await SkipAsync(item, $"it takes {item.Bytes / 1e9:0.0} GB, of which {subject.FreeBytes / 1e9:0.0} are free");
                else if (left <= 0) await SkipAsync(item, $"the {limit} seconds are over");
                else await RunAsync(item, TimeSpan.FromSeconds(Math.Min(20, left / (cases.Count - index))));
            }
            return ExitCodes.Done;
        });
        return command;

        Task SkipAsync(ProbeCase item, string reason) => WriteAsync(context, new { @case = item.Name, skipped = reason });

        async Task RunAsync(ProbeCase item, TimeSpan budget)
        {
            var start = Stopwatch.GetTimestamp();
            var figures = item.Run(budget).ToDictionary(figure => figure.Key, figure => Rounded(figure.Value));
            await WriteAsync(context, new { @case = item.Name, figures, seconds = Rounded(Stopwatch.GetElapsedTime(start).TotalSeconds) });
        }
    }

    // Four digits: more is noise.
    private static double Rounded(double value) => value == 0 || !double.IsFinite(value)
        ? value : Math.Round(value, Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15));

    private static async Task WriteAsync(CommandStreams context, object line)
    {
        await context.Output.WriteLineAsync(JsonSerializer.Serialize(line, R1Json.Options));
        await context.Output.FlushAsync();
    }
}
