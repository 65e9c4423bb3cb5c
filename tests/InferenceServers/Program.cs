using System.Globalization;
using R1Cloud.InferenceServers;
using R1Cloud.InferenceServers.Sglang;

// Started as the real programs are: vLLM by "serve FOLDER …", SGLang by "serve --model-path FOLDER …". What goes wrong stands in
// R1_STANDIN_FAULTS as JSON.
var options = new Dictionary<string, string>(StringComparer.Ordinal);
for (var place = 1; place < args.Length; place++)
{
    if (args[place].StartsWith("--", StringComparison.Ordinal) && place + 1 < args.Length
        && !args[place + 1].StartsWith("--", StringComparison.Ordinal)) options[args[place]] = args[++place];
    else options[args[place]] = "";
}
var isSglang = options.TryGetValue("--model-path", out var folder);
folder ??= args.ElementAtOrDefault(1);
if (args is not ["serve", _, ..] || options.GetValueOrDefault("--host") != "127.0.0.1")
{
    await Console.Error.WriteLineAsync("serve FOLDER --host 127.0.0.1 --port P, or serve --model-path FOLDER --host …, is needed");
    return 2;
}
var faults = Environment.GetEnvironmentVariable("R1_STANDIN_FAULTS") is { Length: > 0 } told
    ? System.Text.Json.JsonSerializer.Deserialize<StandInFaults>(told, R1Cloud.Shared.R1Json.Options)! : new StandInFaults();
int? Number(string name) => options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : null;
var started = new StandInOptions
{
    Port = Number("--port") ?? 0,
    Type = options.GetValueOrDefault("--dtype", "float32") is "auto" or "float32" ? "float32" : options["--dtype"],
    Name = options.GetValueOrDefault("--served-model-name", folder!),
    MaxLength = Number("--max-model-len") ?? Number("--context-length"),
    Key = isSglang ? KeyOf(options.GetValueOrDefault("--config")) : Environment.GetEnvironmentVariable("VLLM_API_KEY"),
    Seed = (ulong)(Number("--random-seed") ?? 0),
    Deterministic = options.ContainsKey("--enable-deterministic-inference"),
    OnDeath = () => Environment.Exit(137),
    Faults = faults,
};
await using StandInServer server = isSglang ? await StandInSglang.StartAsync(folder!, started)
    : await StandInVllm.StartAsync(folder!, started);
Console.WriteLine($"ready on {server.Address}");
await server.WaitAsync();
return 0;

static string? KeyOf(string? file) => file is null ? null : File.ReadAllText(file).Split('"')[1];
