using System.Globalization;
using R1Cloud.Inference.Processes;
using R1Cloud.Shared;

namespace R1Cloud.Inference.Vllm;

/// <summary>
/// How <c>vllm serve</c> is started: safetensors only, no code of the model's, on loopback, with the calls that a hand-over needs.
/// </summary>
public static class VllmLaunch
{
    // What would undo that.
    private static readonly string[] Refused =
        ["--trust-remote-code", "--host", "--port", "--api-key", "--load-format", "--served-model-name", "--logprobs-mode",
            "--generation-config"];

    /// <summary>Makes the command.</summary>
    /// <param name="program">The program.</param>
    /// <param name="more">Further arguments, as <c>--max-model-len 8192</c>.</param>
    /// <param name="type">What it computes in: auto, float32, bfloat16 or float16.</param>
    /// <param name="gpus">The GPUs that it sees, as their driver counts them; null for all that this process sees.</param>
    /// <exception cref="BadInputException">A further argument is one that is ours to give.</exception>
    public static EngineLaunch Of(string program, IReadOnlyList<string> more, string type, string? gpus)
    {
        OwnArguments.Refuse(more, Refused);
        return new(program, start =>
        [
            "serve", start.Folder, "--host", "127.0.0.1", "--port", start.Port.ToString(CultureInfo.InvariantCulture),
            "--served-model-name", VllmProtocol.ModelName, "--dtype", type, "--load-format", "safetensors", "--generation-config",
            "vllm", "--logprobs-mode", "processed_logprobs", "--enable-scale-out", "--seed", "0", .. more,
        ], key =>
        {
            var variables = new Dictionary<string, string>
            {
                ["VLLM_SERVER_DEV_MODE"] = "1", ["VLLM_API_KEY"] = key, ["VLLM_NO_USAGE_STATS"] = "1", ["DO_NOT_TRACK"] = "1",
                ["HF_HUB_OFFLINE"] = "1", ["TRANSFORMERS_OFFLINE"] = "1",
            };
            if (gpus is not null) variables["CUDA_VISIBLE_DEVICES"] = gpus;
            return variables;
        });
    }
}
