using System.CommandLine;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.GpuJob.Work;
using R1Cloud.Inference;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Shared.Storage;
using R1Cloud.Telemetry;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob work</c>: what a container or a local worker process runs.</summary>
internal static class WorkCommand
{
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(10);

    public static Command Create(CommandStreams context)
    {
        var run = new Option<string>("--run") { Description = "The run whose jobs are taken.", Required = true };
        var worker = new Option<string>("--worker") { Description = "This worker's name within the run.",
            DefaultValueFactory = _ => Environment.MachineName.ToLowerInvariant() };
        var parentPipe = new Option<bool>("--parent-pipe") { Description = "Leave when the standard input ends: the starter has gone." };
        var idle = new Option<int?>("--idle-limit") { Description = "Leave after so many seconds without a job." };
        var lease = new Option<string?>("--lease") {
            Description = "A file that always names the message at hand, for who gives it back when this process dies." };
        var unsandboxed = UnsandboxedOption.Create();
        var machine = new MachineOptions(several: true);
        var command = new ExampleCommand("work",
            "Takes a run's jobs from its queue until told to stop or the run has ended; before its queue is there, waits. SIGTERM: saves, "
            + "puts the job back, exits with 30. The storage is named by the environment variable " + StorageConnection.Variable + ".",
            "R1_STORAGE=https://ACCOUNT.blob.core.windows.net gpujob work --run quickstart-1a2b3c4d --worker gpu-0 --device cuda")
        {
            run, worker, parentPipe, idle, lease, unsandboxed,
        };
        machine.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new WorkerStopSignals(parsed.GetValue(parentPipe), OrphanGrace);
            SandboxPermission.Set(parsed.GetValue(unsandboxed));
            using var telemetry = TelemetryExport.Start("r1-worker", TelemetryTargets.OfThisProcess());
            using var logs = LoggerFactory.Create(logging =>
            {
                Logs.ToOutput(logging);
                logging.AddTelemetry(telemetry);
            });
            var storage = StorageConnection.FromEnvironment();
            using var scratch = new ScratchFolder();
            await using var engines = new EngineLinks(EngineSettings.FromEnvironment(Environment.GetEnvironmentVariable), scratch.Path,
                TimeProvider.System, logs.CreateLogger<EngineLinks>());
            using var models = machine.Models(parsed, engines);
            var options = new WorkerOptions
            {
                RunId = parsed.GetValue(run)!, Name = parsed.GetValue(worker)!, ScratchFolder = scratch.Path,
                    LeaseFile = parsed.GetValue(lease), CacheFolder = MachineOptions.CacheFolder, Gpus = machine.Gpus(parsed),
                IdleLimit = parsed.GetValue(idle) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            };
            var working = new Worker(storage, JobHandlerRegistry.All(models), options, TimeProvider.System, logs.CreateLogger<Worker>());
            var code = await working.RunAsync(signals.Token);
            return working.Reason is { } reason ? context.Fail(reason, code) : code;
        });
        return command;
    }
}
