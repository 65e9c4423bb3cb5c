using System.Text.Json;
using R1Cloud.LocalHost.Bench;
using R1Cloud.LocalHost.Hosting;

// Prints one JSON line a case. Arguments: [case name part]
var only = args.Length > 0 ? args[0] : "";
var cases = new (string Name, Func<BenchStorage, Task<object>> Run)[]
{
    ("noop jobs, 1000", storage => NoopCase.RunAsync(storage, 1_000)),
    ("noop jobs, 5000", storage => NoopCase.RunAsync(storage, 5_000)),
    ("checkpoint", CheckpointCase.RunAsync),
    ("ten thousand runs", ManyRunsCase.RunAsync),
    ("recovery", RecoveryCase.RunAsync),
    ("telemetry", _ => Task.FromResult(TelemetryCase.Run())),
};
foreach (var (name, run) in cases.Where(item => item.Name.Contains(only, StringComparison.Ordinal)))
{
    await using var storage = await BenchStorage.StartAsync(AzuritePackage.Find(null, AppContext.BaseDirectory));
    Console.WriteLine(JsonSerializer.Serialize(new { @case = name, figures = await run(storage) }));
}
