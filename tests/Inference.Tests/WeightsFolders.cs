using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Inference.Weights;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.Inference.Tests;

/// <summary>Folders of weights with their proofs, made of the recorded models.</summary>
internal static class WeightsFolders
{
    /// <summary>A copy of a recorded model with its proof.</summary>
    public static string Proven(TempFolder into, string name)
    {
        var folder = Copy(into, name, name);
        using var model = CausalLm.Load(folder, CPU);
        ModelProof.Write(model, folder, ScalarType.Float32);
        return folder;
    }

    /// <summary>A copy of a recorded model, as it is.</summary>
    public static string Copy(TempFolder into, string name, string called)
    {
        var folder = Directory.CreateDirectory(into[called]).FullName;
        foreach (var file in Directory.GetFiles(Fixtures.Shared($"{VllmRecording.Root}/models/{name}")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            if (!OperatingSystem.IsWindows()) // the recordings may be read-only
                File.SetUnixFileMode(Path.Combine(folder, Path.GetFileName(file)), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        return folder;
    }

    /// <summary>A folder like another, with tensors changed or left out after the proof was written.</summary>
    public static string Changed(TempFolder into, string from, string called, Func<string, Tensor, Tensor?> change)
    {
        var folder = Directory.CreateDirectory(into[called]).FullName;
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var path = Path.Combine(folder, SafetensorsModel.SingleFile);
        var tensors = new List<(string, Tensor)>();
        using (var reader = new SafetensorsReader(path))
        {
            foreach (var name in reader.Tensors.Keys)
                if (change(name, reader.Read(name)) is { } kept) tensors.Add((name, kept));
        }
        SafetensorsWriter.Write(path, tensors);
        return folder;
    }
}
