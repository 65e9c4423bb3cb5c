using System.Diagnostics;
using System.Text.Json;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Which files of this machine a recipe that comes over HTTP may name.</summary>
public sealed class LocalFileDoorTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("r1-door-");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void Check_FileBelowANamedFolder_IsTaken()
    {
        Look([Write("data/rows.jsonl")], "data").ShouldBeEmpty();
        Look([Write("data/deep/rows.PARQUET")], "data").ShouldBeEmpty();
        Look([Write("one.jsonl")], "one.jsonl").ShouldBeEmpty(); // a single file may be named too
    }

    [Fact]
    public void Check_FileElsewhere_IsRefusedWhetherItIsThereOrNot()
    {
        var there = Look([Write("elsewhere/rows.jsonl")], "data").ShouldHaveSingleItem();
        var gone = Look([At("elsewhere/gone.jsonl")], "data").ShouldHaveSingleItem();
        there.Message.Replace("rows", "gone", StringComparison.Ordinal).ShouldBe(gone.Message); // whoever asks learns nothing
        there.Path.ShouldBe("tasks.t.files[0]");
        there.Allowed.ShouldContain("--files DIR");
        Look([Write("database/rows.jsonl")], "data").Count.ShouldBe(1); // a name that only begins alike
        Look([Write("data/rows.jsonl")]).ShouldHaveSingleItem().Message.ShouldContain("there is none");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_ManyFilesElsewhere_AreToldShortlyAndNotAllLookedAt(bool isLocal)
    {
        var paths = Enumerable.Range(0, 20_000).Select(i => $"/e{i}.jsonl").Prepend($"/{new string('x', 500_000)}.jsonl");
        var json = $$"""{ "tasks": { "t": { "kind": "dataset", "files": [{{string.Join(',', paths.Select(path => $"\"{path}\""))}}] } } }""";
        var problems = Should.Throw<RecipeException>(() =>
            new LocalFileDoor(new() { LocalFiles = isLocal, LocalFolders = [At("")] })
                .Check(new LoadedRecipe(null!, json, ""), "request body")).Problems;
        problems.Count.ShouldBeLessThanOrEqualTo(100);
        problems[^1].Message.ShouldContain("more problems");
        JsonSerializer.SerializeToUtf8Bytes(problems, R1Json.Options).Length.ShouldBeLessThan(256 << 10);
    }

    [Fact]
    public void Check_LinkThatLeadsOut_IsRefused()
    {
        Write("secret/rows.jsonl");
        Directory.CreateDirectory(At("data"));
        File.CreateSymbolicLink(At("data/link.jsonl"), At("secret/rows.jsonl"));
        Directory.CreateSymbolicLink(At("data/folder"), At("secret"));
        Look([At("data/link.jsonl")], "data").Count.ShouldBe(1);
        Look([At("data/folder/rows.jsonl")], "data").Count.ShouldBe(1);
        Look([At("data") + "/../secret/rows.jsonl"], "data").ShouldHaveSingleItem().Allowed.ShouldContain("'..'");
        Look([At("data") + "/folder/../rows.jsonl"], "data").Count.ShouldBe(1);
        // A folder that its user named by a link is the folder that the link leads to.
        Directory.CreateSymbolicLink(At("named"), At("secret"));
        Look([At("named/rows.jsonl")], "named").ShouldBeEmpty();
        Look([At("secret/rows.jsonl")], "named").ShouldBeEmpty();
    }

    [Fact]
    public void Check_LinksInACircle_AreRefused()
    {
        Directory.CreateDirectory(At("data"));
        File.CreateSymbolicLink(At("data/a.jsonl"), At("data/b.jsonl"));
        File.CreateSymbolicLink(At("data/b.jsonl"), At("data/a.jsonl"));
        Look([At("data/a.jsonl")], "data").ShouldHaveSingleItem().Message.ShouldContain("links");
    }

    [Fact]
    public void Check_WhatIsNoFileOfRows_IsRefused()
    {
        Look([Write("data/id_rsa")], "data").ShouldHaveSingleItem().Message.ShouldContain("no known kind");
        Look([Write("data/rows.json")], "data").Count.ShouldBe(1);
        Look([At("data/gone.jsonl")], "data").ShouldHaveSingleItem().Message.ShouldContain("there is no file");
        Directory.CreateDirectory(At("data/folder.jsonl"));
        Look([At("data/folder.jsonl")], "data").ShouldHaveSingleItem().Message.ShouldContain("is a folder");
    }

    [Fact]
    public void Check_PipeOrDevice_IsRefusedWithoutReadingIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not tell a pipe from a file.");
        MakePipe("data/pipe.jsonl");
        File.CreateSymbolicLink(At("data/zero.jsonl"), "/dev/zero");
        Look([At("data/pipe.jsonl")], "data").ShouldHaveSingleItem().Message.ShouldContain("a pipe");
        Look([At("data/zero.jsonl")], "data", "/dev").ShouldHaveSingleItem().Message.ShouldContain("a device");
        Look(["/dev/zero"], "/").Count.ShouldBe(1);
    }

    [Fact]
    public void Check_MoreThanCanBeRead_IsRefusedWithoutReadingIt()
    {
        using (var sparse = File.Create(Write("data/huge.jsonl"))) sparse.SetLength(20L << 30); // takes no room on the disk
        Write("data/small.jsonl");
        Look([At("data/huge.jsonl")], "data").ShouldHaveSingleItem().Allowed.ShouldContain("17179869184 bytes in all");
        // Many that are small enough by themselves, too; one that is named twice is read once.
        using (var sparse = File.OpenWrite(At("data/small.jsonl"))) sparse.SetLength(9L << 30);
        using (var sparse = File.OpenWrite(Write("data/one.jsonl"))) sparse.SetLength(9L << 30);
        Look([At("data/small.jsonl"), At("data/small.jsonl")], "data").ShouldBeEmpty();
        Look([At("data/small.jsonl"), At("data/one.jsonl")], "data").Count.ShouldBe(1);
    }

    [Fact]
    public void Check_ModelFolder_IsLookedAtFileByFile()
    {
        Write("models/m/config.json");
        Import(At("models/m"), "models").ShouldBeEmpty();
        Import(At("models/m/config.json"), "models").ShouldHaveSingleItem().Path.ShouldBe("stages.m.path");
        Import(At("models/gone"), "models").Count.ShouldBe(1);
        Import(At("models/m"), "data").Count.ShouldBe(1);

        File.CreateSymbolicLink(At("models/m/LICENSE"), Write("home/credentials"));
        Import(At("models/m"), "models").ShouldHaveSingleItem().Message.ShouldContain("LICENSE");
        Import(At("models/m"), "models", "home").ShouldBeEmpty();
        File.Delete(At("models/m/LICENSE"));
        if (!OperatingSystem.IsLinux()) return;
        MakePipe("models/m/model.safetensors");
        Import(At("models/m"), "models").ShouldHaveSingleItem().Message.ShouldContain("no regular file");
    }

    [Fact]
    public void Check_ModelInOneFile_IsTakenOrRefusedAsAFile()
    {
        Import(Write("models/m.gguf"), "models").ShouldBeEmpty();
        Import(Write("models/m.GGUF"), "models/m.GGUF").ShouldBeEmpty();
        Import(At("models/m.gguf"), "data").ShouldHaveSingleItem().Message.ShouldContain("is not below");
        Import(At("models/gone.gguf"), "models").ShouldHaveSingleItem().Message.ShouldContain("there is no file");
        Write("models/folder.gguf/config.json"); // a folder may be called so
        Import(At("models/folder.gguf"), "models").ShouldBeEmpty();
        using (var sparse = File.Create(At("models/huge.gguf"))) sparse.SetLength(5L << 40);
        Import(At("models/huge.gguf"), "models").ShouldHaveSingleItem().Message.ShouldContain("too large");
        if (!OperatingSystem.IsLinux()) return;
        MakePipe("models/pipe.gguf");
        Import(At("models/pipe.gguf"), "models").ShouldHaveSingleItem().Message.ShouldContain("a pipe");
    }

    [Fact]
    public void Check_SnapshotOfTheHubsCache_MayLinkToItsBlobs()
    {
        Write("hub/models--o--n/blobs/abc");
        Directory.CreateDirectory(At("hub/models--o--n/snapshots/1"));
        File.CreateSymbolicLink(At("hub/models--o--n/snapshots/1/config.json"), "../../blobs/abc");
        Import(At("hub/models--o--n/snapshots/1"), "hub/models--o--n/snapshots/1").ShouldBeEmpty();
    }

    private IReadOnlyList<RecipeProblem> Look(string[] files, params string[] folders) =>
        Check($$"""{ "tasks": { "t": { "kind": "dataset", "files": [{{string.Join(',', files.Select(file => $"\"{file}\""))}}] } } }""",
            folders);

    private IReadOnlyList<RecipeProblem> Import(string path, params string[] folders) =>
        Check($$"""{ "stages": { "m": { "kind": "import", "path": "{{path}}" } } }""", folders);

    private IReadOnlyList<RecipeProblem> Check(string json, string[] folders)
    {
        var options = new PipelineOptions { LocalFolders = [.. folders.Select(name => Path.GetFullPath(name, root.FullName))] };
        try
        {
            new LocalFileDoor(options).Check(new LoadedRecipe(null!, json, ""), "request body");
            return [];
        }
        catch (RecipeException e)
        {
            return e.Problems;
        }
    }

    private string At(string name) => Path.Combine(root.FullName, name);

    private string Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), "{}");
        return At(name);
    }

    private void MakePipe(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        using var made = Process.Start("mkfifo", At(name));
        made.WaitForExit();
        made.ExitCode.ShouldBe(0);
    }
}
