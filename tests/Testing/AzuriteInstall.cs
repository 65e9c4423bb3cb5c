using System.Diagnostics;

namespace R1Cloud.Testing;

/// <summary>Sees to Azurite's packages: <c>npm ci</c> once, however many test assemblies start together.</summary>
internal static class AzuriteInstall
{
    public static async Task EnsureAsync(string folder, Func<bool> isInstalled)
    {
        if (isInstalled()) return;
        await using var turn = await WaitForTurnAsync(Repository.PathOf("artifacts", "azurite-install.lock"));
        if (isInstalled()) return;
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci --no-audit --no-fund --loglevel=error")
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        var errors = await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
            throw new InvalidOperationException($"`npm ci` in '{folder}' failed with exit code {npm.ExitCode}: {errors}");
    }

    private static async Task<FileStream> WaitForTurnAsync(string lockFile)
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(30); ; await Task.Delay(200))
        {
            try
            {
                return new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (DateTime.UtcNow < deadline)
            {
            }
        }
    }
}
