using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class FolderLinksTests : IDisposable
{
    private readonly TempFolder folder = new();

    public FolderLinksTests()
    {
        Write("home/.aws/credentials", "secret");
        Write("model/config.json", "{}");
        Write("model/parts/a.bin", "a");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_NoLinks_AreAllButHiddenOnesInOrder()
    {
        Write("model/.git/HEAD", "x");
        Link("model/.hidden", folder["home/.aws/credentials"]);
        FolderLinks.Files(folder["model"]).Select(file => file.Name).ShouldBe(["config.json", "parts/a.bin"]);
    }

    [Theory]
    [InlineData("model/LICENSE", "home/.aws/credentials", false)]
    [InlineData("model/LICENSE", "../home/.aws/credentials", true)]
    [InlineData("model/parts/b.bin", "../../home/.aws/credentials", true)]
    [InlineData("model/more", "home", false)]
    [InlineData("model/more", "../home/.aws", true)]
    public void Files_LinkOut_IsRefusedByName(string link, string target, bool relative)
    {
        Link(link, relative ? target : folder[target]);
        Should.Throw<BadInputException>(() => FolderLinks.Files(folder["model"])).Message.ShouldSatisfyAllConditions(
            message => message.ShouldContain(folder[link]), message => message.ShouldContain("outside"));
    }

    [Fact]
    public void Resolve_LinkThroughAFolderThatLeadsOut_IsRefused()
    {
        Link("model/more", "../home");
        Should.Throw<BadInputException>(() => FolderLinks.Resolve(folder["model"], "more/.aws/credentials"));
        Should.Throw<StorageException>(() => FolderLinks.Resolve(folder["model"], "../home/.aws/credentials"));
    }

    [Fact]
    public void Files_LinkToAFolderOfASimilarName_IsOutside()
    {
        Write("model-2/x", "x");
        Link("model/x", "../model-2/x");
        Should.Throw<BadInputException>(() => FolderLinks.Files(folder["model"]));
    }

    [Fact]
    public void Files_LinksWithin_AreFollowedToWhatTheyAre()
    {
        Link("model/b.bin", "parts/a.bin");
        Link("model/more", "parts");
        FolderLinks.Files(folder["model"]).ShouldBe([
            ("b.bin", folder["model/parts/a.bin"]), ("config.json", folder["model/config.json"]),
                ("more/a.bin", folder["model/parts/a.bin"]), ("parts/a.bin", folder["model/parts/a.bin"])]);
    }

    [Theory]
    [InlineData("model/parts/up", "..")]
    [InlineData("model/parts/self", ".")]
    [InlineData("model/parts/loop", "loop")]
    public void Files_CircleOfLinks_IsRefused(string link, string target)
    {
        Link(link, target);
        Should.Throw<BadInputException>(() => FolderLinks.Files(folder["model"]));
    }

    [Fact]
    public void Files_TheFolderItselfIsALink_IsFine()
    {
        Link("alias", folder["model"]);
        FolderLinks.Files(folder["alias"]).Count.ShouldBe(2);
    }

    [Fact]
    public void Files_HubSnapshot_FollowsLinksToItsOwnBlobsAlone()
    {
        Write("hub/models--org--name/blobs/abc", "weights");
        Write("hub/models--org--other/blobs/def", "foreign");
        Directory.CreateDirectory(folder["hub/models--org--name/snapshots/rev"]);
        Link("hub/models--org--name/snapshots/rev/model.safetensors", "../../blobs/abc");
        FolderLinks.Files(folder["hub/models--org--name/snapshots/rev"])
            .ShouldBe([("model.safetensors", folder["hub/models--org--name/blobs/abc"])]);

        Link("hub/models--org--name/snapshots/rev/other", "../../../models--org--other/blobs/def");
        Should.Throw<BadInputException>(() => FolderLinks.Files(folder["hub/models--org--name/snapshots/rev"]));
    }

    [Fact]
    public void Files_FolderThatOnlyLooksLikeACache_FollowsNothing()
    {
        Write("x/blobs/abc", "y");
        Directory.CreateDirectory(folder["x/snapshots/rev"]);
        Link("x/snapshots/rev/a", "../../blobs/abc");
        Should.Throw<BadInputException>(() => FolderLinks.Files(folder["x/snapshots/rev"]));
    }

    [Fact]
    public async Task CheckpointStore_LinkOut_IsNotUploaded()
    {
        Link("model/LICENSE", "../home/.aws/credentials");
        var blobs = new FolderBlobStore(folder["store"]);
        await Should.ThrowAsync<BadInputException>(() => new CheckpointStore(blobs).WriteAsync("c/", "s", 1, "a", null, folder["model"]));
        (await blobs.ExistsAsync("c/a/LICENSE")).ShouldBeFalse();
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllText(folder[name], text);
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(folder[name], target);
}
