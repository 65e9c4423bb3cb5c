using System.Runtime.InteropServices;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// Takes libtorch from a folder of the machine's own, say that of its Python's torch: so a build without natives can be carried to it. It
/// must be of the version that TorchSharp was built against; loaded first, it is the one that TorchSharp then finds by name.
/// </summary>
internal static class NativeTorch
{
    private const string Core = "libtorch_cpu.so";

    // What rests on another comes after it; those for CUDA are there or not.
    private static readonly string[] Libraries = ["libc10.so", Core, "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>Loads it, before anything else touches torch.</summary>
    /// <param name="folder">The folder of the libraries.</param>
    /// <exception cref="BadInputException">They are not there, or do not load.</exception>
    public static void Use(string folder)
    {
        if (!OperatingSystem.IsLinux()) throw new BadInputException("--libtorch: only on Linux; elsewhere the build brings its own.");
        if (!File.Exists(Path.Combine(folder, Core)))
            throw new BadInputException($"--libtorch: '{folder}' has no {Core}; name the folder of libtorch's libraries, …/torch/lib.");
        foreach (var path in Libraries.Select(name => Path.Combine(Path.GetFullPath(folder), name)).Where(File.Exists))
        {
            try
            {
                NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new BadInputException($"--libtorch: {path} does not load: {e.Message}", e);
            }
        }
    }
}
