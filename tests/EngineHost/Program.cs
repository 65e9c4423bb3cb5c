using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.EngineHost;
using R1Cloud.LocalHost.Engine;
using R1Cloud.Pipeline.Orchestration;

// run DATABASE LOG SEED: carries the random orchestration of that seed to its end, then prints its output.
// hold DATABASE: keeps an engine on the database until it is killed.
// bench: times 500 activities and 500 sub-orchestrations.
var mode = args[0];
var folder = mode == "bench" ? Directory.CreateTempSubdirectory("r1-bench-").FullName : "";
var database = mode == "bench" ? Path.Combine(folder, "engine.db") : args[1];
var registry = mode switch
{
    "run" => RandomOrchestration.Registry(args[2]),
    "bench" => EngineBench.Registry(),
    _ => new OrchestrationRegistry(),
};
await using var engine = new EmbeddedEngine(new EngineOptions { DatabasePath = database }, registry,
    new ServiceCollection().BuildServiceProvider(), NullLoggerFactory.Instance);
await engine.StartAsync(CancellationToken.None);
Console.WriteLine("started");
switch (mode)
{
    case "run":
        await engine.ScheduleNewAsync(RandomOrchestration.Name, new RandomOrchestration.Plan(int.Parse(args[3]), Rounds: 2, Depth: 2),
            "root");
        var state = await engine.WaitForCompletionAsync("root", CancellationToken.None);
        Console.WriteLine(state.Status == OrchestrationStatus.Completed
            ? state.Output!.Value.GetString() : $"{state.Status}: {state.Failure}");
        break;
    case "bench":
        await EngineBench.RunAsync(engine);
        await engine.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        break;
    default:
        await Task.Delay(Timeout.Infinite);
        break;
}
