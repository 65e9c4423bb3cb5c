using R1Cloud.LocalHost.Hosting;

namespace R1Cloud.LocalHost.Tests.Security;

/// <summary>A host that runs, as its own user started it.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    internal TestFolder Folder { get; } = new();

    internal LocalHostApp Host { get; private set; } = null!;

    /// <summary>The folder whose files recipes may name.</summary>
    internal string Files => Directory.CreateDirectory(Folder["files"]).FullName;

    public async ValueTask InitializeAsync()
    {
        if (OtherUser.IsHere) await OtherUser.TakeAsync(OldNames());
        Host = await LocalHostApp.StartAsync(new LocalHostOptions { DataFolder = Folder[".r1"], Port = 0, FileFolders = [Files] }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        foreach (var name in OldNames()) if (Directory.Exists(name)) Directory.Delete(name);
        Folder.Dispose();
    }

    /// <summary>A client that sends the key, if any.</summary>
    internal HttpClient Client(bool withKey = true)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = Host.Address };
        if (withKey) http.DefaultRequestHeaders.Add("X-Api-Key", Host.Key);
        return http;
    }

    // What the host once made in the folder that all users share, under names that anybody can work out.
    internal string[] OldNames()
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Folder[".r1/azurite"]));
        return [Path.Combine(Path.GetTempPath(), $"r1-azurite-{Convert.ToHexStringLower(hash)[..16]}.sock")];
    }
}
