using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>
/// Mutations of a tiny model folder, each loaded and used in a child process. None ends it, and what is refused is bad input. The suite
/// takes a few; <c>R1_FUZZ=20000</c> in the environment takes that many, <c>R1_FUZZ_SEED</c> others.
/// </summary>
public sealed class ModelFuzzTests
{
    private const string Count = "R1_FUZZ", SeedName = "R1_FUZZ_SEED", Child = "R1_FUZZ_CHILD";
    private const int InOneProcess = 300, FewInTheSuite = 300;
    private const long MostGrowth = 256L << 20;

    private static readonly TimeSpan MostCpu = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromMinutes(20);

    [Fact]
    public async Task Load_MutatedFolders_NoneCrashesOrTakesMuch()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable(Count), CultureInfo.InvariantCulture, out var asked)
            ? asked : FewInTheSuite;
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedName), CultureInfo.InvariantCulture, out var given) ? given : 1;
        var problems = new List<string>();
        for (var first = 0; first < count; first += InOneProcess)
            problems.AddRange(await RunChildAsync(seed, first, Math.Min(InOneProcess, count - first)));
        problems.ShouldBeEmpty();
    }

    /// <summary>The child's part: writes a line before each mutation and one after it.</summary>
    [Fact]
    public void Child_Mutations_AreLoadedAndUsed()
    {
        var order = Environment.GetEnvironmentVariable(Child);
        Assert.SkipWhen(order is null, "A part of Load_MutatedFolders_NoneCrashesOrTakesMuch, in a process of its own.");
        var parts = order!.Split(':', 4);
        var (seed, first, count) =
            (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture),
                int.Parse(parts[2], CultureInfo.InvariantCulture));
        using var log = new StreamWriter(parts[3]) { AutoFlush = true };
        using var folder = WholeFolder();
        var original = Directory.GetFiles(folder.Root, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder.Root, file), File.ReadAllBytes);
        Use(folder.Root); // what is compiled and loaded once is nobody's
        using var process = Process.GetCurrentProcess();
        for (var number = first; number < first + count; number++)
        {
            var mutation = Mutation.Create(original, seed, number);
            log.WriteLine($"{number} begins: {mutation.File}: {mutation.What.ReplaceLineEndings(" ")}");
            File.WriteAllBytes(folder.At(mutation.File), mutation.Content);
            GC.Collect();
            ResetPeak();
            process.Refresh();
            var (cpu, memory) = (process.TotalProcessorTime, Resident("VmRSS"));
            var outcome = Outcome(folder.Root);
            process.Refresh();
            var (took, grew) = (process.TotalProcessorTime - cpu, Resident("VmHWM") - memory);
            if (took > MostCpu) outcome = $"took {took.TotalSeconds:0.0} s of CPU; {outcome}";
            else if (grew > MostGrowth) outcome = $"grew by {grew >> 20} MiB; {outcome}";
            log.WriteLine($"{number} ends: {outcome}");
            File.WriteAllBytes(folder.At(mutation.File), original[mutation.File]);
        }
        log.WriteLine("done");
    }

    private static StrangersFolder WholeFolder()
    {
        var folder = new StrangersFolder();
        folder.WithText("chat_template.jinja", StrangersFolder.Template);
        using var model = CausalLm.Load(folder.Root, CPU);
        ModelExport.Write(model, folder.At("sharded"), ScalarType.Float32, folder.Root, shardBytes: 8_000);
        return folder;
    }

    private static async Task<IReadOnlyList<string>> RunChildAsync(int seed, int first, int count)
    {
        var file = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!,
                ["--filter-method", $"{typeof(ModelFuzzTests).FullName}.{nameof(Child_Mutations_AreLoadedAndUsed)}", "--no-ansi",
                    "--progress", "off"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
                    Environment = { [Child] = $"{seed}:{first}:{count}:{file}", ["OMP_NUM_THREADS"] = "1" },
            };
            using var child = Process.Start(start)!;
            using var limit = new CancellationTokenSource(Patience);
            var output = Task.WhenAll(child.StandardOutput.ReadToEndAsync(limit.Token), child.StandardError.ReadToEndAsync(limit.Token));
            string[] texts = ["", ""];
            try
            {
                texts = await output;
                await child.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                child.Kill(entireProcessTree: true);
            }
            var lines = await File.ReadAllLinesAsync(file, CancellationToken.None);
            var names = lines.Where(line => line.Contains(" begins: ", StringComparison.Ordinal))
                .ToDictionary(line => line.Split(' ')[0], line => line);
            var problems =
                lines.Where(line =>
                    line.Contains(" ends: ", StringComparison.Ordinal) && !line.EndsWith("ends: ok", StringComparison.Ordinal))
                .Select(line => $"seed {seed}, {names[line.Split(' ')[0]]}: {line}").ToList();
            if (lines is not [.., "done"])
                problems.Add(
                    $"seed {seed}: the process ended or hung in: {lines.LastOrDefault() ?? "its start"}\n{string.Join('\n', texts)}");
            return problems;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Outcome(string root)
    {
        foreach (var use in Uses)
        {
            try
            {
                use(root);
            }
            catch (Exception e) when (e is BadInputException)
            {
                if (e.Message.Contains('\n', StringComparison.Ordinal))
                    return $"a message of several lines: {e.Message.ReplaceLineEndings("⏎")}";
            }
            catch (Exception e)
            {
                if (Failures.ExitCode(e) != ExitCodes.BadInput) return $"{e.ToString().ReplaceLineEndings("⏎")}";
            }
        }
        return "ok";
    }

    private static readonly Action<string>[] Uses =
    [
        root => ModelFolder.Check(root),
        root => Generate(root, adapter: null),
        root => Generate(Path.Combine(root, "sharded"), adapter: null),
        root => Generate(root, Path.Combine(root, StrangersFolder.Adapter)),
        Tokenize,
        Chat,
    ];

    private static void Use(string root)
    {
        foreach (var use in Uses) use(root);
    }

    private static void Generate(string folder, string? adapter)
    {
        using var model = CausalLm.Load(folder, CPU);
        if (adapter is not null) LoraAdapter.Load(model, adapter);
        if (model.Config.MaxPositions < 8) return;
        var tokenizer = TokenizerLoader.Load(folder);
        model.LeaveOut(tokenizer.IdsWithoutToken(model.Config.VocabularySize));
        if (model.Unused.Count == model.Config.VocabularySize) return;
        using var generator = GeneratorFactory.Create(model, threads: 1);
        generator.Generate([new([1, 2], [1], [])], new SamplingRecipe { MaxNewTokens = 3 });
    }

    private static void Tokenize(string root)
    {
        var tokenizer = TokenizerLoader.Load(root);
        var ids = tokenizer.EncodeMarked("What is 12 + 345?  \n<s>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab é 👋🏽 </s>");
        tokenizer.Decode(ids, keepSpecial: true);
        tokenizer.Decode([0, 1, 258, 259, 100_000, -1]);
        _ = (tokenizer.PadId, tokenizer.BosId, tokenizer.EosIds);
    }

    private static void Chat(string root)
    {
        if (TokenizerLoader.Load(root) is not HuggingFaceTokenizer tokenizer) return;
        var messages =
            JsonNode.Parse(
                """[{ "role": "user", "content": "What is 2 + 2?" }, { "role": "assistant", "content": "4" }, { "role": "user", "content": "And 3?" }]""")!.AsArray();
        new ChatTemplates(tokenizer).Render(new ChatRequest(messages, AddGenerationPrompt: true));
    }

    private static void ResetPeak()
    {
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", "5");
    }

    // Bytes; 0 where the system does not say.
    private static long Resident(string field) => !OperatingSystem.IsLinux() ? 0
        : long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(field + ":", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
}
