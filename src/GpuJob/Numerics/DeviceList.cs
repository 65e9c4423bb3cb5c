using System.Globalization;
using R1Cloud.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>Reads where to compute.</summary>
internal static class DeviceList
{
    /// <summary>What may be said where one device computes.</summary>
    public const string One = "auto, cpu, cuda or cuda:N";

    /// <summary>What may be said where all devices of a machine compute.</summary>
    public const string Several = "auto, cpu, cuda (all GPUs), cuda:N, or several of one kind as cuda:0,cuda:1";

    /// <summary>Reads a list of devices.</summary>
    /// <param name="text">
    /// One of <see cref="Several"/>; <c>cpu</c> may stand several times, to try out what is done with several GPUs.
    /// </param>
    /// <param name="gpus">How many GPUs there are.</param>
    /// <exception cref="BadInputException">It is no such list, or names a GPU that is not there.</exception>
    public static IReadOnlyList<Device> Read(string text, int gpus)
    {
        if (text == "auto" && gpus == 0) return [CPU];
        if (text == "auto" || (text == "cuda" && gpus > 0)) return [.. Enumerable.Range(0, gpus).Select(Gpu)];
        var devices = text.Split(',').Select(name => Single(text, name, gpus)).ToList();
        if (devices.Select(device => device.type).Distinct().Count() > 1)
            throw new BadInputException($"device: '{text}' mixes GPUs and the CPU, which round differently; allowed are {Several}.");
        var twice = devices.Where(device => device.type == DeviceType.CUDA).GroupBy(device => device.index)
            .FirstOrDefault(group => group.Skip(1).Any());
        if (twice is not null)
            throw new BadInputException($"device: '{text}' names cuda:{twice.Key} twice; allowed are {Several}.");
        return devices;
    }

    /// <summary>Reads the one device of what computes on one: of all GPUs the first.</summary>
    /// <exception cref="BadInputException">It is none, is not there, or there are several.</exception>
    public static Device ReadOne(string text, int gpus) => text.Contains(',', StringComparison.Ordinal)
        ? throw new BadInputException($"device: '{text}' names several, and one computes here; allowed are {One}.")
        : Read(text, gpus)[0];

    private static Device Single(string text, string name, int gpus)
    {
        if (name == "cpu") return CPU;
        var index = 0;
        if (name != "cuda" && !(name.Split(':') is ["cuda", var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new BadInputException($"device: '{text}' is not known; allowed are {Several}.");
        if (index >= gpus) throw new BadInputException($"device: '{name}' is absent; this machine has {gpus} CUDA device(s).");
        return Gpu(index);
    }

    private static Device Gpu(int index) => new(DeviceType.CUDA, index);
}
