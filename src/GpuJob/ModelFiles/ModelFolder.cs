using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.ModelFiles;

/// <summary>A model's folder in Hugging Face layout, checked without a tensor in memory.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Files">The names of the files that make it up: configuration, weights, tokenizer, chat template, generation settings.
/// Whatever else is there is no part of it.</param>
/// <param name="Bytes">Their length in all.</param>
internal sealed record ModelFolder(ModelConfig Config, IReadOnlyList<string> Files, long Bytes)
{
    /// <summary>Files of a model beside its configuration and weights.</summary>
    public static readonly IReadOnlyList<string> Companions =
    [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
            "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json", "LICENSE", "LICENSE.txt",
    ];

    /// <summary>
    /// Those of them that a folder has, further chat templates (<c>additional_chat_templates/*.jinja</c>) among them; names with slashes.
    /// </summary>
    public static IEnumerable<string> CompanionsIn(string folder)
    {
        var templates = Path.Combine(folder, TokenizerFiles.ChatTemplates);
        IEnumerable<string> more = Directory.Exists(templates)
            ? Directory.GetFiles(templates, "*.jinja").Select(file => $"{TokenizerFiles.ChatTemplates}/{Path.GetFileName(file)}")
            .Order(StringComparer.Ordinal) : [];
        return Companions.Where(name => File.Exists(Path.Combine(folder, name))).Concat(more);
    }

    /// <summary>
    /// Checks a folder: the architecture, every tensor's name, shape and type against it, that its numbers are finite, the tokenizer
    /// against the vocabulary.
    /// </summary>
    /// <exception cref="BadInputException">Something is missing, torn, unknown or does not fit; the message names it.</exception>
    public static ModelFolder Check(string folder)
    {
        if (File.Exists(Path.Combine(folder, RewardModelInfo.FileName)))
            throw new BadInputException(
                $"{folder}: it is a reward model ({RewardModelInfo.FileName}): it scores responses and writes none. Import the model that "
                + $"it was trained from, and train a reward model in a stage of kind reward-model.");
        var config = ModelConfig.Load(folder);
        return ModelFile.Guard(folder, () => Check(folder, config));
    }

    private static ModelFolder Check(string folder, ModelConfig config)
    {
        if (LoraAdapter.IsIn(folder))
            throw new BadInputException($"{folder}: it has a LoRA adapter beside the model; merge the two first (gpujob export).");
        List<string> files = [ModelConfig.FileName];
        using (var weights = SafetensorsModel.Open(folder))
        {
            WeightLoading.Check(weights, config);
            weights.RequireFinite();
            files.AddRange(weights.Files);
        }
        CheckTokenizer(folder, config);
        files.AddRange(CompanionsIn(folder));
        return new(config, files, files.Sum(name => LocalFiles.Stat(Path.Combine(folder, name)).Length));
    }

    private static void CheckTokenizer(string folder, ModelConfig config)
    {
        var tokenizer = TokenizerLoader.Load(folder);
        if (tokenizer.VocabularySize > config.VocabularySize)
            throw new BadInputException(
                $"{folder}: the tokenizer has {tokenizer.VocabularySize} ids, the model takes {config.VocabularySize} (vocab_size).");
        // Asking for them throws where nothing ends a completion.
        if (tokenizer.EosIds.FirstOrDefault(id => id >= config.VocabularySize, -1) is >= 0 and var beyond)
            throw new BadInputException(
                $"{folder}: eos_token_id {beyond} is none of the model's {config.VocabularySize} ids (vocab_size): no completion would "
                + $"end with it.");
    }
}
