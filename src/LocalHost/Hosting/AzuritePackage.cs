using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Where Azurite's starter and its installed packages are.</summary>
internal static class AzuritePackage
{
    /// <summary>Names another folder.</summary>
    public const string OverrideVariable = "R1_AZURITE";

    /// <summary>
    /// <c>eng/azurite</c> of the repository that this program was built in, or what <see cref="OverrideVariable"/> names.
    /// </summary>
    /// <exception cref="EnvironmentException">It is not there.</exception>
    public static string Find(string? named, string baseDirectory)
    {
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(Path.Combine(named, "azurite.mjs"))
                ? named
                : throw new EnvironmentException($"{OverrideVariable} names '{named}', which holds no azurite.mjs.");
        }
        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            var package = Path.Combine(folder.FullName, "eng", "azurite");
            if (File.Exists(Path.Combine(package, "azurite.mjs"))) return package;
        }
        throw new EnvironmentException(
            $"Azurite's starter eng/azurite/azurite.mjs is neither in nor above '{baseDirectory}'. Start through ./r1, or name its folder "
            + $"in {OverrideVariable}.");
    }
}
