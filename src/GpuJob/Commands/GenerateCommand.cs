using System.CommandLine;
using System.Text.Json;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob generate</c>: continues prompts, as text or as token ids.</summary>
internal static class GenerateCommand
{
    public static Command Create(CommandStreams context)
    {
        var prompt = new Option<string?>("--prompt", "-p") { Description = "The text to continue." };
        var ids = new Option<string?>("--ids") {
            Description = "A file of token ids to continue, a JSON array a line; - for the standard input." };
        var samples = new Option<int>("--samples") { Description = "Continuations of each prompt.", DefaultValueFactory = _ => 1 };
        var eos = new Option<int[]>("--eos") {
            Description = "A token id that ends a continuation. Text ends at the model's own; with --ids none does unless named here." };
        var json = new Option<bool>("--json") { Description = "Print a JSON object a continuation: ids, log-probabilities, why it ended." };
        var (model, sampling) = (new ModelOptions(context), new SamplingOptions());
        var command = new ExampleCommand("generate", "Continues a prompt; the text appears as it is made.",
            "gpujob generate --model ./qwen3 --prompt \"The capital of France is\"",
                "gpujob generate --model ./qwen3 --ids ids.jsonl --greedy --max-tokens 40 --json")
        {
            prompt, ids, samples, eos, json,
        };
        model.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(prompt) is null == parsed.GetValue(ids) is null)
                throw new BadInputException("One of --prompt and --ids is needed.");
            if (parsed.GetValue(samples) < 1)
                throw new BadInputException($"--samples is {parsed.GetValue(samples)}; allowed is 1 or more.");
            var (loaded, compute) = await model.LoadAsync(parsed);
            using var __ = loaded;
            var recipe = sampling.Recipe(parsed);
            var folder = await model.FolderAsync(parsed);
            var tokenizer = parsed.GetValue(prompt) is not null || File.Exists(Path.Combine(folder, TokenizerFiles.Tokenizer))
                ? TokenizerLoader.Load(folder) : null;
            if (tokenizer is not null) loaded.LeaveOut(tokenizer.IdsWithoutToken(loaded.Config.VocabularySize));
            var stops = sampling.Stops(parsed, tokenizer);

            IReadOnlyList<int> ends = parsed.GetValue(eos) ?? [];
            IReadOnlyList<int[]> prompts;
            if (parsed.GetValue(ids) is { } file)
            {
                prompts = TokenIdLines.Read(file, context, loaded.Config.VocabularySize);
            }
            else
            {
                prompts = [tokenizer!.EncodeMarked(parsed.GetValue(prompt)!)];
                ends = [.. ends, .. loaded.Config.EosTokenIds, .. tokenizer.EosIds];
            }
            var requests = prompts.Select((tokens, index) => new GenerationRequest(
                tokens, [.. Enumerable.Range(0, parsed.GetValue(samples))
                    .Select(sample => Seeds.Derive((long)sampling.Seed(parsed), "generate", index, sample))], ends, stops)).ToArray();

            using var generator = GeneratorFactory.Create(loaded, compute.Threads);
            var streams = !parsed.GetValue(json) && tokenizer is not null && requests is [{ Seeds.Length: 1 }];
            var results = streams
                ? Stream(context, generator, requests, recipe, tokenizer!, cancellation)
                : Guarded(() => generator.Generate(requests, recipe, cancellation));
            if (!streams) Print(context, results, parsed.GetValue(json), tokenizer);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Prints one continuation as it comes.</summary>
    internal static IReadOnlyList<IReadOnlyList<GenerationResult>> Stream(
        CommandStreams context, IGenerator generator, GenerationRequest[] requests, Shared.Recipes.SamplingRecipe recipe,
            ITokenizer tokenizer, CancellationToken cancellation)
    {
        var decoder = tokenizer.Stream();
        var results = Guarded(() => generator.Generate(requests, recipe, cancellation, (_, _, id) =>
        {
            context.Output.Write(decoder.Append(id));
            context.Output.Flush();
        }));
        context.Output.WriteLine(decoder.Flush());
        return results;
    }

    private static void Print(CommandStreams context, IReadOnlyList<IReadOnlyList<GenerationResult>> results, bool json,
        ITokenizer? tokenizer)
    {
        foreach (var (prompt, continuations) in results.Index())
        {
            foreach (var (sample, result) in continuations.Index())
            {
                context.Output.WriteLine(json
                    ? JsonSerializer.Serialize(
                        new Continuation(prompt, sample, result.Tokens, result.Finish == FinishReason.Stop ? "stop" : "length",
                            result.LogProbs, result.PolicyLogProbs, tokenizer?.Decode(result.Tokens)), R1Json.Options)
                    : tokenizer?.Decode(result.Tokens) ?? $"[{string.Join(", ", result.Tokens)}]");
            }
        }
    }

    // What the generator refuses here came from the command line.
    private static IReadOnlyList<IReadOnlyList<GenerationResult>> Guarded(Func<IReadOnlyList<IReadOnlyList<GenerationResult>>> generate)
    {
        try
        {
            return generate();
        }
        catch (ArgumentException error)
        {
            throw new BadInputException(error.Message, error);
        }
    }

    /// <summary>A line of <c>--json</c>.</summary>
    /// <param name="Prompt">Number of the prompt, from 0.</param>
    /// <param name="Sample">Which of its continuations, from 0.</param>
    /// <param name="Ids">New token ids.</param>
    /// <param name="Finish">stop or length.</param>
    /// <param name="LogProbs">Log-probability of each under the distribution it was drawn from.</param>
    /// <param name="PolicyLogProbs">The same under the plain model.</param>
    /// <param name="Text">The continuation as text, where the folder has a tokenizer.</param>
    internal sealed record Continuation(int Prompt, int Sample, int[] Ids, string Finish, float[] LogProbs, float[] PolicyLogProbs,
        string? Text);
}
