using R1Cloud.GpuJob.Attempts;

namespace R1Cloud.GpuJob.Tests.Attempts;

/// <summary>Temporary folders do not outlive their processes for long.</summary>
public sealed class ScratchFolderTests
{
    [Fact]
    public void Dispose_Folder_IsGone()
    {
        string path;
        using (var scratch = new ScratchFolder())
        {
            path = scratch.Path;
            File.WriteAllText(Path.Combine(path, "weights"), "x");
        }
        Directory.Exists(path).ShouldBeFalse();
    }

    /// <summary>A killed process leaves its folder, and nobody holds the mark in it.</summary>
    [Fact]
    public void Create_WhereAProcessWasKilled_RemovesItsFolderAndNoOther()
    {
        using var living = new ScratchFolder();
        var dead = Directory.CreateTempSubdirectory("r1-scratch-").FullName;
        var fresh = Directory.CreateTempSubdirectory("r1-scratch-").FullName; // its process has not marked it yet
        File.WriteAllText(Path.Combine(dead, ".alive"), "");
        Directory.CreateDirectory(Path.Combine(dead, "checkpoint"));
        using (new ScratchFolder())
        {
            Directory.Exists(dead).ShouldBeFalse();
            Directory.Exists(living.Path).ShouldBeTrue();
            Directory.Exists(fresh).ShouldBeTrue();
        }
        Directory.Delete(fresh);
    }
}
