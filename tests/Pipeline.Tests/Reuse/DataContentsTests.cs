using Microsoft.Extensions.Time.Testing;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Reuse;

/// <summary>A look at what a recipe names costs no more than allowed, whatever is there.</summary>
public sealed class DataContentsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-contents-");

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(1000, false)]
    [InlineData(40 << 20, true)]
    public async Task Dated_TemplateTooLongToRead_CountsAsDatedAndIsNotRead(int length, bool isDated)
    {
        using (var file = File.Create(Path.Combine(folder.FullName, "chat_template.jinja"))) file.SetLength(length);
        var before = GC.GetTotalAllocatedBytes();
        (await Contents(new MemoryBlobs()).DatedAsync(Recipe(folder.FullName), Test)).Count.ShouldBe(isDated ? 1 : 0);
        if (isDated) (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(length);
    }

    [Fact]
    public async Task Look_StorageThatAnswersSlowly_EndsInTime()
    {
        var clock = new FakeTimeProvider();
        using var blobs = new WatchedBlobStore();
        await blobs.WriteAsync("model/chat_template.jinja", new("{{ messages }}"), Test);
        var contents = Contents(blobs, clock);
        (await contents.OfAsync(Recipe("blob:model"), Test))["blob:model"].ShouldNotBeNull();
        (await contents.DatedAsync(Recipe("blob:model"), Test)).ShouldBeEmpty();

        blobs.OnList = _ => clock.Advance(TimeSpan.FromMinutes(6));
        (await contents.OfAsync(Recipe("blob:model"), Test))["blob:model"].ShouldBeNull();
        (await contents.DatedAsync(Recipe("blob:model"), Test)).ShouldBe(["blob:model"]);
    }

    private static DataContents Contents(IBlobStore blobs, TimeProvider? clock = null) =>
        new(blobs, new PipelineOptions(), clock ?? TimeProvider.System);

    private static Recipe Recipe(string model) => RecipeLoader.Parse($$"""
        {
          "name": "dated", "tasks": { "add": { "kind": "arithmetic" } },
          "stages": {
            "base": { "kind": "import", "path": "{{model}}" },
            "zero": { "kind": "rl", "from": "base", "task": "add", "iterations": 2, "rewards": { "accuracy/exact": 1 }, "prompt": { "template": "chat" } }
          }
        }
        """, "recipe").Recipe;
}
