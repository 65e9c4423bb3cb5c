using System.Text.RegularExpressions;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>The trainer's image as the settings name it.</summary>
internal static partial class TrainerImage
{
    /// <summary>What infra/modules/functions.bicep sets before the first image is there.</summary>
    public const string None = "none-yet";

    /// <summary>What is wrong with the name, and what to do; null for an image by digest.</summary>
    /// <param name="image">The setting.</param>
    public static string? Problem(string image)
    {
        if (ByDigest().IsMatch(image)) return null;
        return image == None
            ? "there is no trainer image yet – build one, set R1_TRAINER_IMAGE to its digest and run `azd provision` (docs/azure.md, Image)"
            : $"R1_IMAGE '{image}' names no digest: a tag may come to mean another image while runs go on – name it as "
                + $"REGISTRY/gpujob@sha256:… (docs/azure.md, Image)";
    }

    [GeneratedRegex("^[^@\\s]+@sha256:[0-9a-f]{64}$")]
    private static partial Regex ByDigest();
}
