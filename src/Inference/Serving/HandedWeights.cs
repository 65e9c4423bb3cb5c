using R1Cloud.Inference.Proofs;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Weights;
using R1Cloud.Shared;

namespace R1Cloud.Inference.Serving;

/// <summary>Weights that servers are given.</summary>
/// <param name="Folder">Their folder, where the servers see it.</param>
/// <param name="Proof">What a server must show of them.</param>
/// <param name="Vocabulary">Rows of the embedding.</param>
/// <param name="Seed">What a server's noise is derived from that is started with them and heeds no request's seed.</param>
internal sealed record HandedWeights(string Folder, WeightsProof Proof, long Vocabulary, ulong Seed)
{
    private const string Embedding = "model.embed_tokens.weight";

    /// <summary>Reads a folder.</summary>
    /// <exception cref="BadInputException">The folder has no proof.</exception>
    public static HandedWeights Read(string folder, ulong seed)
    {
        var proof = WeightsProof.Read(folder);
        using var model = SafetensorsModel.Open(folder);
        return new(folder, proof, model.Find(Embedding)?.Shape[0] ?? int.MaxValue, seed);
    }

    /// <summary>Looks at ids before a server does: one that is no row of the model's ends the process of some.</summary>
    /// <exception cref="BadInputException">An id is none of the model's.</exception>
    public void Check(EngineRequest request)
    {
        foreach (var id in request.Prompt.Concat(request.StopIds))
        {
            if (id < 0 || id >= Vocabulary)
                throw new BadInputException($"The token id {id} is none of the model's; allowed is 0 to {Vocabulary - 1}.");
        }
    }
}
