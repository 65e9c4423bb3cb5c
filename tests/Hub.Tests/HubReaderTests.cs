using System.Text;
using R1Cloud.HubStandIn;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Tests;

public sealed class HubReaderTests
{
    private const string Both = "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: train\n    path: main/part-*.jsonl\n"
        + "  - split: test\n    path: main/held.jsonl\n- config_name: extra\n  data_files: extra/rows.jsonl\n---\n# Sums\n";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static HubReader Reader(HubFixture fixture, bool offline = false, string? token = null)
    {
        return new(() => fixture.Http(token, offline).Settings, new(fixture.Time, () => 0.5));
    }

    private static Dictionary<string, byte[]> Files(params string[] names) => names.ToDictionary(name => name, Encoding.UTF8.GetBytes);

    private static StandInRepository Dataset(HubFixture fixture, string id, Dictionary<string, byte[]> files, Dictionary<string,
        byte[]>? copy = null)
    {
        var repository = new StandInRepository("datasets", id);
        repository.Refs["heads"]["main"] = repository.Commit(files);
        if (copy is not null) repository.Refs["convert"]["parquet"] = repository.Commit(copy);
        fixture.Hub.Add(repository);
        return repository;
    }

    private static async Task<IEnumerable<string>> PinAsync(HubFixture fixture, string name)
    {
        using var reader = Reader(fixture);
        var files = await reader.PinDataAsync(HubName.Parse(name), Stop);
        files.ShouldAllBe(file => file.IsPinned && HubName.Parse(file.ToString()) == file);
        return [.. files.Select(file => file.File!)];
    }

    [Fact]
    public async Task PinModel_IsTheCommitOfTheRevision()
    {
        await using var fixture = await HubFixture.StartAsync();
        using var reader = Reader(fixture);
        (await reader.PinModelAsync(HubName.Parse("hf:acme/tiny"), Stop)).ToString().ShouldBe($"hf:acme/tiny@{fixture.Commit}");
        (await reader.PinModelAsync(HubName.Parse("hf:acme/tiny@exp/a"), Stop)).Revision.ShouldNotBe(fixture.Commit);
        (await Should.ThrowAsync<BadInputException>(() => reader.PinModelAsync(HubName.Parse("hf:acme/absent"), Stop)))
            .Message.ShouldContain("acme/absent");
        (await Should.ThrowAsync<BadInputException>(() => reader.PinModelAsync(HubName.Parse("hf:acme/tiny/main"), Stop)))
            .Message.ShouldContain("a part of a data set");
    }

    [Fact]
    public async Task PinData_WithAParquetCopy_IsThatOfTheCopy()
    {
        await using var fixture = await HubFixture.StartAsync();
        var repository = Dataset(fixture, "acme/sums", Files("main/part-1.jsonl"),
            Files("main/train/0000.parquet", "main/train/0001.parquet", "main/test/0000.parquet", "socratic/train/0000.parquet"));
        (await PinAsync(fixture, "hf:acme/sums/main/train")).ShouldBe(["main/train/0000.parquet", "main/train/0001.parquet"]);
        (await PinAsync(fixture, "hf:acme/sums/socratic")).ShouldBe(["socratic/train/0000.parquet"]);
        (await PinAsync(fixture, "hf:acme/sums/main/test@refs/convert/parquet")).ShouldBe(["main/test/0000.parquet"]);
        (await PinAsync(fixture, $"hf:acme/sums/main/test@{repository.Refs["convert"]["parquet"]}")).ShouldBe(["main/test/0000.parquet"]);
        (await PinAsync(fixture, "hf:acme/sums@main")).ShouldBe(["main/part-1.jsonl"], "a revision that is named is the one that is read");
    }

    [Theory]
    [InlineData("hf:acme/sums", "several configurations: name one of main, socratic")]
    [InlineData("hf:acme/sums/main", "several splits: name one of main/test, main/train")]
    [InlineData("hf:acme/sums/other/train", "no configuration 'other': there are main, socratic")]
    [InlineData("hf:acme/sums/main/dev", "no split 'dev' in its configuration 'main': there are test, train")]
    [InlineData("hf:acme/none/main", "acme/none@main: there is no such repository")]
    public async Task PinData_OfWhatIsNotThere_NamesWhatIs(string name, string message)
    {
        await using var fixture = await HubFixture.StartAsync();
        Dataset(fixture, "acme/sums", [], Files("main/train/0000.parquet", "main/test/0000.parquet", "socratic/train/0000.parquet"));
        (await Should.ThrowAsync<BadInputException>(() => PinAsync(fixture, name))).Message.ShouldContain(message);
    }

    // Of large data sets the copy is of the first part alone.
    [Fact]
    public async Task PinData_WithAPartOfACopy_IsTheRepositorysOwn()
    {
        await using var fixture = await HubFixture.StartAsync();
        Dataset(fixture, "acme/large", Files("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"),
            Files("default/partial-train/0000.parquet"));
        (await PinAsync(fixture, "hf:acme/large")).ShouldBe(["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]);
    }

    [Fact]
    public async Task PinData_DeclaredByItsReadme_IsWhatThatSays()
    {
        await using var fixture = await HubFixture.StartAsync();
        var files = Files("main/part-1.jsonl", "main/part-2.jsonl", "main/held.jsonl", "extra/rows.jsonl", "notes.txt");
        files["README.md"] = Encoding.UTF8.GetBytes(Both);
        Dataset(fixture, "acme/sums", files);
        (await PinAsync(fixture, "hf:acme/sums/main/train")).ShouldBe(["main/part-1.jsonl", "main/part-2.jsonl"]);
        (await PinAsync(fixture, "hf:acme/sums/main/test")).ShouldBe(["main/held.jsonl"]);
        (await PinAsync(fixture, "hf:acme/sums/extra")).ShouldBe(["extra/rows.jsonl"]);
    }

    [Theory]
    [InlineData("hf:acme/rows", "train.jsonl|notes.md", "train.jsonl")]
    [InlineData("hf:acme/rows/default/test", "data/train-0.parquet|data/test-0.parquet", "data/test-0.parquet")]
    [InlineData("hf:acme/rows/default/validation", "train/a.jsonl|dev/b.jsonl", "dev/b.jsonl")]
    [InlineData("hf:acme/rows/hard/test", "easy/test.jsonl|hard/test.jsonl|hard/train.jsonl", "hard/test.jsonl")]
    [InlineData("hf:acme/rows", "aime.jsonl|contest.jsonl", "aime.jsonl|contest.jsonl")] // neither is a test set: "contest" is a word
    public async Task PinData_WithoutAWord_GoesByTheFilesNames(string name, string files, string expected)
    {
        await using var fixture = await HubFixture.StartAsync();
        Dataset(fixture, "acme/rows", Files(files.Split('|')));
        (await PinAsync(fixture, name)).ShouldBe(expected.Split('|'));
    }

    [Theory]
    [InlineData("configs:\n- config_name: a\n  data_files: gone.jsonl", "'gone.jsonl'")]
    [InlineData("configs: [", "declares nothing that can be read")]
    [InlineData("a: &x [1]\nb: *x\nconfigs: []", "aliases")]
    [InlineData("configs:\n- data_files: rows.csv", "'rows.csv' cannot be read")]
    public async Task PinData_DeclaredWrongly_SaysWhat(string yaml, string message)
    {
        await using var fixture = await HubFixture.StartAsync();
        var files = Files("rows.csv", "rows.jsonl");
        files["README.md"] = Encoding.UTF8.GetBytes($"---\n{yaml}\n---\n");
        Dataset(fixture, "acme/rows", files);
        (await Should.ThrowAsync<BadInputException>(() => PinAsync(fixture, "hf:acme/rows"))).Message.ShouldContain(message);
    }

    [Fact]
    public async Task PinData_NestedWithoutEnd_EndsNothing()
    {
        await using var fixture = await HubFixture.StartAsync();
        var files = Files("rows.jsonl");
        files["README.md"] = Encoding.UTF8.GetBytes($"---\nconfigs: {new string('[', 100_000)}\n---\n");
        Dataset(fixture, "acme/rows", files);
        (await Should.ThrowAsync<BadInputException>(() => PinAsync(fixture, "hf:acme/rows"))).Message.ShouldContain("nested too deep");
    }

    [Fact]
    public async Task ModelFolder_HoldsTheModelAndNothingElse()
    {
        await using var fixture = await HubFixture.StartAsync();
        var index = """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""";
        var files = Files("config.json", "tokenizer.json", "chat_template.jinja", "additional_chat_templates/tools.jinja", "LICENSE",
            "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "consolidated.safetensors", "pytorch_model.bin",
            "onnx/model.onnx", "original/params.json", "picture.png");
        files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes(index);
        var commit = fixture.Hub.Add("models", "acme/sharded", files);
        using var reader = Reader(fixture);
        var model = new HubName("acme/sharded", null, null, commit);
        string[] small = ["LICENSE", "additional_chat_templates/tools.jinja", "chat_template.jinja", "config.json",
            "model.safetensors.index.json", "tokenizer.json"];
        Names(await reader.ModelFolderAsync(model, weights: false, Stop)).ShouldBe(small, ignoreOrder: true);
        Names(await reader.ModelFolderAsync(model, weights: true, Stop)).ShouldBe(
            [.. small, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], ignoreOrder: true);

        fixture.Hub.Add("models", "acme/pickled", Files("config.json", "pytorch_model.bin"));
        var pickled = await reader.PinModelAsync(HubName.Parse("hf:acme/pickled"), Stop);
        (await Should.ThrowAsync<BadInputException>(() => reader.ModelFolderAsync(pickled, weights: true, Stop)))
            .Message.ShouldContain("'pytorch_model.bin', which is not read: convert it to safetensors");

        static IEnumerable<string> Names(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file));
    }

    [Fact]
    public async Task DataFile_IsTheFileItself_OfflineToo()
    {
        await using var fixture = await HubFixture.StartAsync();
        Dataset(fixture, "acme/rows", new() { ["train.jsonl"] = "{\"question\": \"1\"}"u8.ToArray() });
        using var reader = Reader(fixture);
        var file = (await reader.PinDataAsync(HubName.Parse("hf:acme/rows@main"), Stop)).ShouldHaveSingleItem();
        (await File.ReadAllTextAsync(await reader.DataFileAsync(file, Stop), Stop)).ShouldContain("question");
        fixture.Hub.Take();
        using var offline = Reader(fixture, offline: true);
        (await offline.PinDataAsync(HubName.Parse("hf:acme/rows"), Stop)).ShouldBe([file]);
        File.Exists(await offline.DataFileAsync(file, Stop)).ShouldBeTrue();
        fixture.Hub.Take().ShouldBeEmpty();
        (await Should.ThrowAsync<BadInputException>(() => reader.DataFileAsync(HubName.Parse("hf:acme/rows"), Stop)))
            .Message.ShouldContain("names no file");
    }

    // What another try may mend is no fault of the input.
    [Fact]
    public async Task HubInTrouble_IsNoBadInput()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/api/", "status") { Times = 99 });
        using var reader = Reader(fixture);
        await Should.ThrowAsync<StorageException>(() => reader.PinModelAsync(HubName.Parse("hf:acme/tiny"), Stop));
    }
}
