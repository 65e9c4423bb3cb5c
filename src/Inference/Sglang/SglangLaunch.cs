using System.Globalization;
using R1Cloud.Inference.Processes;
using R1Cloud.Shared;

namespace R1Cloud.Inference.Sglang;

/// <summary>
/// How <c>sglang serve</c> is started: safetensors only, no code of the model's, on loopback, one replica, the key in a file, and a seed of
/// its own for each start, as requests' seeds have no effect there.
/// </summary>
public static class SglangLaunch
{
    // What would undo that. Replicas would draw the same samples, and tensors in other places of a model could not be proven.
    private static readonly string[] Refused =
        ["--trust-remote-code", "--host", "--port", "--api-key", "--admin-api-key", "--config", "--load-format", "--model-path", "--model",
            "--dp-size", "--data-parallel-size", "--dp", "--random-seed", "--skip-tokenizer-init", "--weight-version", "--model-type"];

    /// <summary>Makes the command.</summary>
    /// <param name="program">The program.</param>
    /// <param name="more">Further arguments, as <c>--context-length 8192</c>.</param>
    /// <param name="type">What it computes in: auto, float32, bfloat16 or float16.</param>
    /// <param name="gpus">The GPUs that it sees, as their driver counts them; null for all that this process sees.</param>
    /// <exception cref="BadInputException">A further argument is one that is ours to give.</exception>
    public static EngineLaunch Of(string program, IReadOnlyList<string> more, string type, string? gpus)
    {
        OwnArguments.Refuse(more, Refused);
        return new(program, start =>
        [
            "serve", "--model-path", start.Folder, "--config", start.KeyFile!, "--host", "127.0.0.1",
            "--port", start.Port.ToString(CultureInfo.InvariantCulture), "--dtype", type, "--load-format", "safetensors",
            "--skip-tokenizer-init", "--enable-metrics", "--random-seed", start.Seed.ToString(CultureInfo.InvariantCulture), .. more,
        ], _ =>
        {
            var variables = new Dictionary<string, string>
            {
                ["HF_HUB_OFFLINE"] = "1", ["TRANSFORMERS_OFFLINE"] = "1", ["DO_NOT_TRACK"] = "1",
            };
            if (gpus is not null) variables["CUDA_VISIBLE_DEVICES"] = gpus;
            return variables;
        })
        {
            KeyFile = key => $"api-key: \"{key}\"\n",
        };
    }
}
