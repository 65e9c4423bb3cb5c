using System.Security.Cryptography;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers;

/// <summary>The files of a tokenizer in Hugging Face layout, in memory: the folder they came from may go.</summary>
internal sealed class TokenizerFiles
{
    /// <summary>The tokenizer itself.</summary>
    public const string Tokenizer = "tokenizer.json";

    /// <summary>Its settings: special tokens, chat template.</summary>
    public const string Settings = "tokenizer_config.json";

    /// <summary>Special tokens by name.</summary>
    public const string SpecialTokensMap = "special_tokens_map.json";

    /// <summary>How the model generates: among others the ids that end a completion.</summary>
    public const string Generation = "generation_config.json";

    /// <summary>The model's shape, with ids of its own.</summary>
    public const string Model = "config.json";

    /// <summary>A chat template by itself.</summary>
    public const string ChatTemplate = "chat_template.jinja";

    /// <summary>More chat templates, by their file names.</summary>
    public const string ChatTemplates = "additional_chat_templates";

    private static readonly string[] Kept =
    [
        Tokenizer, Settings, SpecialTokensMap, "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", ChatTemplate,
            "chat_template.json",
    ];

    private readonly Dictionary<string, byte[]> contents = [];
    private readonly string folder;

    private TokenizerFiles(string folder) => this.folder = folder;

    /// <summary>Reads the files that a folder has.</summary>
    /// <exception cref="BadInputException">There is no such folder, or it has no tokenizer.</exception>
    public static TokenizerFiles Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new BadInputException($"{folder}: there is no such folder.");
        var files = new TokenizerFiles(folder);
        var more = Path.Combine(folder, ChatTemplates);
        IEnumerable<string> names = Directory.Exists(more)
            ? Directory.GetFiles(more, "*.jinja").Select(file => $"{ChatTemplates}/{Path.GetFileName(file)}").Order(StringComparer.Ordinal)
            : [];
        foreach (var name in (IEnumerable<string>)[.. Kept, Generation, Model, .. names])
        {
            var file = Path.Combine(folder, name);
            ModelFile.RefuseLostLink(file);
            if (File.Exists(file)) files.contents[name] = ModelFile.Read(FolderLinks.Resolve(folder, name));
        }
        return files.contents.ContainsKey(Tokenizer)
            ? files
            : throw new BadInputException(
                $"{folder}: there is no {Tokenizer}{(files.contents.ContainsKey("tokenizer.model") ? "; a tokenizer.model alone is not "
                    + "supported: save the tokenizer with transformers' AutoTokenizer to get one" : "")}.");
    }

    /// <summary>The names of the files that were found.</summary>
    public IEnumerable<string> Names => contents.Keys;

    /// <summary>A hash of all names and contents: tokenizers with equal ones do the same.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, bytes) in contents.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{name}\0{bytes.Length}\0"));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A file's full name, for messages.</summary>
    public string FullName(string name) => Path.Combine(folder, name);

    /// <summary>A file's text, or null.</summary>
    public string? Text(string name) => contents.TryGetValue(name, out var bytes) ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    /// <summary>A JSON file, or null.</summary>
    /// <exception cref="BadInputException">The file is not JSON.</exception>
    public Component? Json(string name)
    {
        return contents.TryGetValue(name, out var bytes)
            ? new Component(FullName(name), "", ModelFile.ParseElement(bytes, FullName(name))) : null;
    }

    /// <summary>Writes the tokenizer's files as they were; what the model has (such as its generation settings) is not touched.</summary>
    public void Save(string target)
    {
        foreach (var (name, bytes) in contents)
        {
            var file = SafePath.Join(target, name).FullName;
            if (name == Model || (name == Generation && File.Exists(file))) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }
}
