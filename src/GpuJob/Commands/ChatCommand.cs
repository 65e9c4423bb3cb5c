using System.CommandLine;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob chat</c>: a conversation with a model, through its own chat template.</summary>
internal static class ChatCommand
{
    public static Command Create(CommandStreams context)
    {
        var system = new Option<string?>("--system") { Description = "What the model is told before the conversation." };
        var (model, sampling) = (new ModelOptions(context), new SamplingOptions());
        var command = new ExampleCommand("chat",
            "Talks with a model: a line in, an answer out. An empty line or the end of the input ends it.",
            "gpujob chat --model ./qwen3", "echo \"What is 2 + 2?\" | gpujob chat --model ./qwen3 --greedy") { system };
        model.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = await model.FolderAsync(parsed);
            var tokenizer = TokenizerLoader.Load(folder) as HuggingFaceTokenizer
                ?? throw new BadInputException(
                    $"{folder}: a symbol tokenizer has no chat template; `gpujob generate` continues plain text.");
            var templates = new ChatTemplates(tokenizer);
            var (loaded, compute) = await model.LoadAsync(parsed);
            using var _ = loaded;
            loaded.LeaveOut(((ITokenizer)tokenizer).IdsWithoutToken(loaded.Config.VocabularySize));
            using var generator = GeneratorFactory.Create(loaded, compute.Threads);
            var (recipe, stops) = (sampling.Recipe(parsed), sampling.Stops(parsed, tokenizer));
            IReadOnlyList<int> ends = [.. loaded.Config.EosTokenIds, .. ((ITokenizer)tokenizer).EosIds];

            var messages = new JsonArray();
            if (parsed.GetValue(system) is { } told) messages.Add(Message("system", told));
            for (var turn = 0; ; turn++)
            {
                await context.Error.WriteAsync("> ");
                if (await context.Input.ReadLineAsync(cancellation) is not { Length: > 0 } line) return ExitCodes.Done;
                messages.Add(Message("user", line));
                var prompt = templates.Encode(new ChatRequest(messages.DeepClone().AsArray(), true)).Ids;
                if (prompt.Length >= loaded.Config.MaxPositions)
                    throw new BadInputException(
                        $"The conversation has {prompt.Length} tokens; allowed are {loaded.Config.MaxPositions - 1} (the model's "
                        + $"positions less one).");
                GenerationRequest[] requests = [new(prompt, [Seeds.Derive((long)sampling.Seed(parsed), "chat", turn)], ends, stops)];
                var answer = GenerateCommand.Stream(context, generator, requests, recipe, tokenizer, cancellation)[0][0];
                messages.Add(Message("assistant", ((ITokenizer)tokenizer).Decode(answer.Tokens)));
            }
        });
        return command;
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
