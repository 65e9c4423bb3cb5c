using System.Text.RegularExpressions;
using R1Cloud.Inference.Weights;

namespace R1Cloud.Inference.Proofs;

/// <summary>A tensor as an inference engine holds it.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Parts">The stored tensors that it is stacked of, in order.</param>
/// <param name="PaddedRows">Rows of zeros at its end.</param>
internal sealed record EngineTensor(string Name, IReadOnlyList<string> Parts, long PaddedRows);

/// <summary>
/// How engines hold a decoder of plain heads and dense layers: q, k and v stacked, gate and up stacked, the vocabulary padded to a multiple
/// of 64 rows. Experts and latent attention are held in forms that differ between versions: they are not among these.
/// </summary>
internal static partial class EngineTensors
{
    private const int VocabularyMultiple = 64;

    private static readonly (string Stacked, string[] Parts)[] Stacks =
        [("self_attn.qkv_proj", ["q_proj", "k_proj", "v_proj"]), ("mlp.gate_up_proj", ["gate_proj", "up_proj"])];

    /// <summary>The tensors of a model's files that an engine holds in a known form.</summary>
    public static IReadOnlyList<EngineTensor> Of(SafetensorsModel model)
    {
        var found = new List<EngineTensor>();
        foreach (var (name, stored) in model.Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal))
        {
            if (name is "model.embed_tokens.weight" or "lm_head.weight")
            {
                var rows = stored.Shape[0];
                found.Add(new(name, [name], (VocabularyMultiple - (rows % VocabularyMultiple)) % VocabularyMultiple));
            }
            else if (Alone().IsMatch(name)) found.Add(new(name, [name], 0));
            else if (Stack(model, name) is { } stack) found.Add(stack);
        }
        return found;
    }

    // The stack that a tensor is the first part of.
    private static EngineTensor? Stack(SafetensorsModel model, string name)
    {
        foreach (var (stacked, parts) in Stacks)
        {
            var block = stacked[..stacked.IndexOf('.', StringComparison.Ordinal)];
            if (Layer().Match(name) is not { Success: true } layer || layer.Groups["rest"].Value is var rest
                && !rest.StartsWith($"{block}.{parts[0]}.", StringComparison.Ordinal)) continue;
            var (prefix, suffix) = (layer.Groups["prefix"].Value, rest[(block.Length + parts[0].Length + 2)..]);
            var names = parts.Select(part => $"{prefix}{block}.{part}.{suffix}").ToArray();
            if (names.All(part => model.Find(part) is not null)) return new($"{prefix}{stacked}.{suffix}", names, 0);
        }
        return null;
    }

    [GeneratedRegex(@"^(?<prefix>model\.layers\.[0-9]+\.)(?<rest>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Layer();

    [GeneratedRegex(@"^model\.(norm|layers\.[0-9]+\.(input_layernorm|post_attention_layernorm|pre_feedforward_layernorm"
        + @"|post_feedforward_layernorm|self_attn\.(o_proj|q_norm|k_norm)|mlp\.down_proj))\.(weight|bias)$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Alone();
}
