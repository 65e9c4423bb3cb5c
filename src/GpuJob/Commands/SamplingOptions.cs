using System.CommandLine;
using R1Cloud.GpuJob.Generation;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that say how tokens are drawn and when to stop.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<bool> greedy = new("--greedy") { Description = "Always take the most likely token." };
    private readonly Option<double> temperature = new("--temperature") { Description = "Softmax temperature; 0 is greedy.",
        DefaultValueFactory = _ => 0.6 };
    private readonly Option<double> topP = new("--top-p") {
        Description = "The smallest set of tokens with this much probability; 1 for all.", DefaultValueFactory = _ => 0.95 };
    private readonly Option<int> topK = new("--top-k") { Description = "The k most likely tokens; 0 for all." };
    private readonly Option<double> minP = new("--min-p") {
        Description = "Tokens at least this likely relative to the most likely one; 0 for all." };
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Most new tokens.", DefaultValueFactory = _ => 512 };
    private readonly Option<string[]> stop = new("--stop") { Description = "A string that ends the text; may be given several times.",
        AllowMultipleArgumentsPerToken = false };
    private readonly Option<ulong> seed = new("--seed") { Description = "The same seed gives the same text.",
        DefaultValueFactory = _ => 1UL };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { greedy, temperature, topP, topK, minP, maxTokens, stop, seed }) command.Options.Add(option);
    }

    /// <summary>How tokens are drawn.</summary>
    /// <exception cref="BadInputException">A value is out of its bounds.</exception>
    public SamplingRecipe Recipe(ParseResult parsed)
    {
        var limit = parsed.GetValue(maxTokens);
        if (limit < 1) throw new BadInputException($"--max-tokens is {limit}; allowed is 1 or more.");
        return parsed.GetValue(greedy)
            ? new SamplingRecipe { Temperature = 0, MaxNewTokens = limit }
            : new SamplingRecipe
            {
                Temperature = parsed.GetValue(temperature), TopP = parsed.GetValue(topP), TopK = parsed.GetValue(topK),
                    MinP = parsed.GetValue(minP), MaxNewTokens = limit,
            };
    }

    /// <summary>The seed.</summary>
    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed);

    /// <summary>What ends a text besides end ids; null where nothing does.</summary>
    /// <exception cref="BadInputException">A string is empty, or there is no tokenizer to find it with.</exception>
    public Func<IStopCondition>? Stops(ParseResult parsed, ITokenizer? tokenizer)
    {
        var strings = parsed.GetValue(stop) ?? [];
        if (strings.Length == 0) return null;
        if (strings.Contains("")) throw new BadInputException("--stop is empty; allowed is a string of at least one character.");
        return tokenizer is null ? throw new BadInputException("--stop needs a tokenizer in the model's folder.") : () =>
            new StopStrings(tokenizer, strings);
    }
}
