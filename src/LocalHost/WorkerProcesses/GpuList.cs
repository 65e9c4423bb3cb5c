using System.Globalization;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>The GPUs of this machine that workers use, one each.</summary>
internal static class GpuList
{
    /// <summary>What the option may be, in words.</summary>
    public const string Allowed = "GPU numbers as nvidia-smi counts them, separated by commas, each once, e.g. 0,1";

    /// <summary>Reads a list like <c>0,1</c>.</summary>
    /// <param name="text">The list.</param>
    /// <param name="gpus">The numbers in the order given.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryParse(string text, out IReadOnlyList<int> gpus, out string error)
    {
        var numbers = new List<int>();
        gpus = numbers;
        error = "";
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Equals("cpu", StringComparison.OrdinalIgnoreCase))
            {
                error = $"--gpus: '{text}' mixes GPUs and the CPU; a run's workers are all of one kind, since the two round differently. "
                    + $"Leave out 'cpu', or leave out --gpus to use the CPU alone.";
                return false;
            }
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 63
                || numbers.Contains(number))
            {
                error = $"--gpus: '{text}' is not allowed; needed: {Allowed}.";
                return false;
            }
            numbers.Add(number);
        }
        return true;
    }

    /// <summary>Refuses a recipe that wants its workers elsewhere.</summary>
    /// <exception cref="BadInputException">
    /// It asks for the CPU, for a GPU that is not among these, or for several a worker.
    /// </exception>
    public static void Check(IReadOnlyList<int> gpus, WorkersRecipe workers)
    {
        if (workers.DevicesPerReplica > 1)
            throw new BadInputException(
                $"workers.devicesPerReplica: the recipe asks for {workers.DevicesPerReplica}, but --gpus {string.Join(',', gpus)} puts a "
                + "worker on each GPU alone. Leave out --gpus: a worker takes all GPUs then, or those of workers.device.");
        if (workers.Device is "auto" or "cuda" || gpus.Any(gpu => workers.Device == Device(gpu))) return;
        throw new BadInputException(
            $"workers.device: the recipe asks for '{workers.Device}', but --gpus {string.Join(',', gpus)} puts every worker on a GPU; a "
            + $"run's workers are all of one kind. " +
            "Set workers.device=auto (--set workers.device=auto), or leave out --gpus.");
    }

    /// <summary>Refuses GPUs that are not there, before anything is started.</summary>
    /// <param name="gpus">The GPUs.</param>
    /// <param name="exists">Whether a GPU is there.</param>
    /// <exception cref="EnvironmentException">One is not.</exception>
    public static void CheckPresent(IReadOnlyList<int> gpus, Func<int, bool> exists)
    {
        if (gpus.FirstOrDefault(gpu => !exists(gpu), -1) is var missing and >= 0)
            throw new EnvironmentException(
                $"--gpus names GPU {missing}, which this machine does not show (see nvidia-smi). Name those that are there, or leave out "
                + $"--gpus to use the CPU.");
    }

    /// <summary>Whether the driver shows a GPU. Where that cannot be told (other than Linux), the worker finds out.</summary>
    public static bool Exists(int gpu) =>
        !OperatingSystem.IsLinux() || File.Exists($"/dev/nvidia{gpu.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>A GPU as the trainer's device.</summary>
    public static string Device(int gpu) => $"cuda:{gpu.ToString(CultureInfo.InvariantCulture)}";
}
