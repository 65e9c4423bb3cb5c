using R1Cloud.GpuJob.Models;
using R1Cloud.Inference.Proofs;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.ModelFiles;

/// <summary>Writes what an inference engine must show once it has loaded a folder's weights.</summary>
internal static class ModelProof
{
    /// <summary>Writes the proof of a folder that is otherwise whole.</summary>
    /// <param name="model">The model whose weights it holds, with its adapter if it has one.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="type">The type that the weights are stored in.</param>
    /// <returns>The proof.</returns>
    public static WeightsProof Write(CausalLm model, string folder, ScalarType type)
    {
        var ids = WeightsProof.Text(model.Config.VocabularySize, model.Config.MaxPositions);
        var proof = WeightsProof.Of(folder, Weights.StoredTypes.ConfigName(type), ids, Score(model, ids));
        proof.Write(folder);
        return proof;
    }

    // Of all rows of the vocabulary: an engine does not know which ids are of no token.
    private static float[] Score(CausalLm model, int[] ids)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var all = ids.Select(id => (long)id).ToArray();
        var scores = model.forward(tensor(all, [1, all.Length], device: model.Device)).select(0, 0).log_softmax(-1);
        var next = tensor(all[1..], device: model.Device).unsqueeze(1);
        return scores.narrow(0, 0, all.Length - 1).gather(1, next).squeeze(1).cpu().data<float>().ToArray();
    }
}
