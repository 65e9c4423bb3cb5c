using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob run-job</c>: one job by hand, without a queue.</summary>
internal static class RunJobCommand
{
    public static Command Create(CommandStreams context)
    {
        var spec = new Argument<string>("spec") { Description = "The job's spec: a JSON file as found at jobs/…/spec.json." };
        var storageOption = new Option<string?>("--storage") {
            Description = $"A folder, a connection string or a storage account's URL; {StorageConnection.Variable} when left out." };
        var machine = new MachineOptions(several: true);
        var command = new ExampleCommand("run-job",
            "Runs one job by hand and prints its result. Nothing is announced, and result.json is left alone.",
            "gpujob run-job spec.json --storage ./blobs",
                "gpujob run-job spec.json --storage \"UseDevelopmentStorage=true\" --device cpu") { spec, storageOption };
        machine.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new WorkerStopSignals(parentPipe: false, TimeSpan.Zero);
            using var logs = LoggerFactory.Create(Logs.ToError);
            var job = Read(parsed.GetValue(spec)!);
            var storage =
                StorageConnection.Open(parsed.GetValue(storageOption) ?? Environment.GetEnvironmentVariable(StorageConnection.Variable));
            using var models = machine.Models(parsed);
            using var scratch = new ScratchFolder();
            var log = logs.CreateLogger("gpujob");
            var code = await RunAsync(job, storage.Blobs, JobHandlerRegistry.All(models), scratch.Path, context, log, signals.Token);
            await models.Uploads.WaitAsync();
            return code;
        });
        return command;
    }

    private static async Task<int> RunAsync(JobSpec spec, IBlobStore blobs, JobHandlerRegistry handlers, string scratch,
        CommandStreams context,
        ILogger log, CancellationToken stop)
    {
        var (start, startedAt, attempt) =
            (TimeProvider.System.GetTimestamp(), TimeProvider.System.GetUtcNow(), $"hand-{Guid.NewGuid().ToString("n")[..8]}");
        var job = new JobContext
        {
            Spec = spec, Attempt = attempt, AttemptNumber = 1, Blobs = blobs, Hub = new HubArguments(context).Reader,
                ScratchFolder = scratch, Preemption = stop, Log = log,
            Progress = (step, steps, metrics) => context.Error.WriteLine(
                $"{step}/{steps} {string.Join(' ', metrics.Select(metric => FormattableString.Invariant($"{metric.Key}={metric.Value:g5}")))}"),
        };
        JobResult result;
        var code = ExitCodes.Done;
        try
        {
            var outcome = await handlers.RunAsync(job);
            result = new() { JobId = spec.JobId, Status = JobStatus.Succeeded, Attempt = attempt, Numerics = TrainerNumerics.Version,
                Outputs = outcome.Outputs, Metrics = outcome.Metrics };
        }
        catch (Exception e)
        {
            var error = Failures.Describe(e);
            code = error.ExitCode;
            context.Fail(error.Message, code);
            result = new() { JobId = spec.JobId, Status = JobStatus.Failed, Attempt = attempt, Error = error };
        }
        result = result with { Worker = "hand", Timing = JobTimings.Of(job, startedAt, TimeProvider.System.GetElapsedTime(start)) };
        await context.Output.WriteLineAsync(JsonSerializer.Serialize(result, R1Json.Indented));
        return code;
    }

    private static JobSpec Read(string file)
    {
        try
        {
            return JobSpecs.Read(file, new BinaryData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{file}: cannot be read: {e.Message}", e);
        }
        catch (UnreadableJobException e)
        {
            throw new BadInputException($"{file}: not a job spec: {e.Message}", e);
        }
    }
}
