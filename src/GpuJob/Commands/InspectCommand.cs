using System.CommandLine;
using System.Text.Json;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob inspect</c>: what a model is and what it needs, from its headers alone.</summary>
internal static class InspectCommand
{
    public static Command Create(CommandStreams context)
    {
        var folder = new Argument<string>("folder") { Description = "A folder in Hugging Face layout, or hf:ORG/NAME[@REVISION]." };
        var rows = new Option<int>("--rows") { Description = "Sequences generated or trained at once.", DefaultValueFactory = _ => 1 };
        var length = new Option<int?>("--length") { Description = "Tokens of a sequence; the model's longest when left out." };
        var json = new Option<bool>("--json") { Description = "Print it as JSON." };
        var command = new ExampleCommand("inspect", "Shows a model's size and the memory that it needs; weights are not read.",
            "gpujob inspect ./qwen3", "gpujob inspect ./qwen3 --rows 16 --length 4096 --json") { folder, rows, length, json };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(rows) < 1) throw new BadInputException($"--rows is {parsed.GetValue(rows)}; allowed is 1 or more.");
            if (parsed.GetValue(length) is < 1)
                throw new BadInputException($"--length is {parsed.GetValue(length)}; allowed is 1 or more.");
            var report = Inspect(await new HubArguments(context).FolderAsync(parsed.GetValue(folder)!), parsed.GetValue(rows),
                parsed.GetValue(length));
            await context.Output.WriteLineAsync(
                parsed.GetValue(json) ? JsonSerializer.Serialize(report, R1Json.Indented) : report.ToText());
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Reads a folder's headers.</summary>
    internal static ModelReport Inspect(string folder, int rows, int? length)
    {
        var config = ModelConfig.Load(folder);
        return ModelFile.Guard(folder, () =>
        {
            using var weights = SafetensorsModel.Open(folder);
            ConfiguredSizes.Check(weights, config);
            var tokens = (long)rows * Math.Min(length ?? config.MaxPositions, config.MaxPositions);
            return new ModelReport(
                config.ScoreHead ? config.ModelType + ", reward model" : config.ModelType, config.ParameterCount(),
                    config.ActiveParameterCount(), weights.Types, weights.Tensors.Sum(pair => pair.Value.Bytes), weights.Tensors.Count(),
                config.VocabularySize, config.MaxPositions, rows, tokens / rows, ModelSizes.Generation(config, 2, tokens),
                    ModelSizes.Generation(config, 4, tokens), ModelSizes.Training(config, tokens));
        });
    }
}

/// <summary>What a model is and needs; memory in bytes.</summary>
/// <param name="ModelType">The architecture.</param>
/// <param name="Parameters">Parameters in all.</param>
/// <param name="ActiveParameters">Those that one token passes through.</param>
/// <param name="StoredTypes">Element types in the files, that of most bytes first.</param>
/// <param name="StoredBytes">Bytes of the files' tensors.</param>
/// <param name="Tensors">Tensors in the files.</param>
/// <param name="Vocabulary">Token ids.</param>
/// <param name="MaxPositions">Longest sequence.</param>
/// <param name="Rows">Sequences that the memory is estimated for.</param>
/// <param name="Length">Tokens of each.</param>
/// <param name="GenerateBytesBfloat16">To generate in 16 bits: weights and cache.</param>
/// <param name="GenerateBytesFloat32">To generate in 32 bits.</param>
/// <param name="TrainBytes">To train in bfloat16 over float32 weights with recomputation: weights, gradients, AdamW's moments,
/// activations.</param>
internal sealed record ModelReport(
    string ModelType, long Parameters, long ActiveParameters, IReadOnlyList<string> StoredTypes, long StoredBytes, int Tensors,
        int Vocabulary, int MaxPositions,
    int Rows, long Length, long GenerateBytesBfloat16, long GenerateBytesFloat32, long TrainBytes)
{
    /// <summary>For people.</summary>
    public string ToText() => FormattableString.Invariant($"""
        architecture   {ModelType}
        parameters     {Parameters:N0}{(ActiveParameters == Parameters ? "" : FormattableString.Invariant($", {ActiveParameters:N0} a token"))}
        stored         {string.Join(", ", StoredTypes)}, {Size(StoredBytes)} in {Tensors} tensors
        vocabulary     {Vocabulary:N0}
        positions      {MaxPositions:N0}
        generate       {Size(GenerateBytesBfloat16)} in bfloat16, {Size(GenerateBytesFloat32)} in float32 ({Rows} × {Length:N0} tokens)
        train          {Size(TrainBytes)} (bfloat16 over float32 weights, AdamW, recomputation, {Rows} × {Length:N0} tokens)
        """);

    private static string Size(long bytes) =>
        bytes < 1L << 30
        ? FormattableString.Invariant($"{bytes / 1048576.0:0.0} MiB") : FormattableString.Invariant($"{bytes / 1073741824.0:0.0} GiB");
}
