using System.Text.Json;
using R1Cloud.HubStandIn;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Push;
using R1Cloud.LocalHost.Tests.Commands;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests.Push;

/// <summary>Data on its way into a run's storage, on Azurite.</summary>
public sealed class PushTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly TestFolder folder = new();

    private IBlobStore Blobs => azurite.Open().Blobs;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Push_File_PrintsABlobThatHoldsIt()
    {
        var file = folder.Write("train.jsonl", "one\n");

        var outcome = await R1Async("push", file);

        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        // printf 'one\n' | sha256sum
        outcome.Output.ShouldBe("blob:data/2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806/train.jsonl\n");
        (await Blobs.TryReadAsync(outcome.Output.Trim()["blob:".Length..]))!.ToString().ShouldBe("one\n");
    }

    [Fact]
    public async Task Push_Folder_KeepsItsNamesAndLeavesHiddenFilesOut()
    {
        folder.Write("model/config.json", "{}");
        folder.Write("model/weights/a.safetensors", "aaa");
        folder.Write("model/.git/HEAD", "x");

        var pushed = await new Pusher(Blobs).PushAsync(folder["model"], null, null, TestContext.Current.CancellationToken);

        (pushed.Files, pushed.Uploaded, pushed.Bytes).ShouldBe((2, 2, 5));
        var prefix = pushed.Path["blob:".Length..];
        prefix.ShouldEndWith("/model");
        (await NamesAsync(prefix)).ShouldBe([prefix + "/config.json", prefix + "/weights/a.safetensors"]);
    }

    [Fact]
    public async Task Push_Again_SendsOnlyWhatIsMissing()
    {
        for (var i = 0; i < 4; i++) folder.Write($"parts/{i}.jsonl", $"part {i}");
        var pusher = new Pusher(Blobs);
        var first = await pusher.PushAsync(folder["parts"], null, null, TestContext.Current.CancellationToken);
        await Blobs.DeleteAsync(first.Path["blob:".Length..] + "/2.jsonl"); // as if it had broken off there
        var reports = new Reports();

        var second = await pusher.PushAsync(folder["parts"], null, reports, TestContext.Current.CancellationToken);

        (second.Path, second.Uploaded).ShouldBe((first.Path, 1));
        reports.Last.ShouldBe(new("uploading 2.jsonl", 2 * 4 * 6 - 6, 2 * 4 * 6)); // the last file is skipped without a report
        (await pusher.PushAsync(folder["parts"], null, null, TestContext.Current.CancellationToken)).Uploaded.ShouldBe(0);
    }

    [Fact]
    public async Task Push_OtherContent_IsAnotherBlob()
    {
        var pusher = new Pusher(Blobs);
        var first = await pusher.PushAsync(folder.Write("a.jsonl", "old"), null, null, TestContext.Current.CancellationToken);
        (await pusher.PushAsync(folder.Write("a.jsonl", "new"), null, null, TestContext.Current.CancellationToken))
            .Path.ShouldNotBe(first.Path);
    }

    [Fact]
    public async Task Push_LinkOutOfTheFolder_PublishesNothing()
    {
        folder.Write("home/.aws/credentials", "secret");
        folder.Write("cloned/config.json", "{}");
        File.CreateSymbolicLink(folder["cloned/LICENSE"], folder["home/.aws/credentials"]);

        var outcome = await R1Async("push", folder["cloned"]);

        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("LICENSE");
        outcome.Output.ShouldBeEmpty();
        (await NamesAsync("data/")).ShouldNotContain(name => name.Contains("/cloned/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_SnapshotOfTheHubCache_IsPushedUnderItsOwnNames()
    {
        folder.Write("hub/models--org--m/blobs/0123", "weights");
        Directory.CreateDirectory(folder["hub/models--org--m/snapshots/main"]);
        File.CreateSymbolicLink(folder["hub/models--org--m/snapshots/main/model.safetensors"], "../../blobs/0123");

        var pushed = await new Pusher(Blobs)
            .PushAsync(folder["hub/models--org--m/snapshots/main"], null, null, TestContext.Current.CancellationToken);

        (await NamesAsync(pushed.Path["blob:".Length..])).ShouldHaveSingleItem().ShouldEndWith("/main/model.safetensors");
    }

    [Fact]
    public async Task Push_NamesOnTheHub_AreFetchedAndPushed()
    {
        await using var hub = await StandInHub.StartAsync();
        hub.Add("models", "acme/tiny", new Dictionary<string, byte[]>
        {
            ["config.json"] = "{}"u8.ToArray(), ["model.safetensors"] = "weights"u8.ToArray(), ["model.gguf"] = "others"u8.ToArray(),
        });
        hub.Add("datasets", "acme/sums", new Dictionary<string, byte[]> { ["train.jsonl"] = "{}"u8.ToArray() });
        var variables = new Dictionary<string, string?>
        {
            ["R1_STORAGE"] = azurite.ConnectionString, ["HF_ENDPOINT"] = hub.Url, ["HF_HOME"] = folder["hf"],
        };

        var model = await R1.RunWithAsync(folder, variables, "push", "hf:acme/tiny");
        var rows = await R1.RunWithAsync(folder, variables, "push", "--dataset", "hf:acme/sums");
        var absent = await R1.RunWithAsync(folder, variables, "push", "hf:acme/absent");

        model.ExitCode.ShouldBe(ExitCode.Ok, model.All);
        model.Output.Trim().ShouldEndWith("/tiny");
        (await NamesAsync(model.Output.Trim()["blob:".Length..])).Select(name => name.Split('/')[^1])
            .ShouldBe(["config.json", "model.safetensors"]);
        rows.Output.Trim().ShouldEndWith("/train.jsonl");
        absent.ExitCode.ShouldBe(ExitCode.BadInput, absent.All);
        absent.Error.ShouldContain("acme/absent");
    }

    [Fact]
    public async Task Push_Json_TellsWhatWasSent()
    {
        var outcome = await R1Async("push", folder.Write("b.jsonl", "four"), "--json");
        var item = JsonDocument.Parse(outcome.Output).RootElement[0];
        (item.GetProperty("bytes").GetInt64(), item.GetProperty("uploaded").GetInt32()).ShouldBe((4, 1));
    }

    [Fact]
    public async Task Push_Nothing_IsBadInput()
    {
        Directory.CreateDirectory(folder["empty"]);
        (await R1Async("push", folder["absent.jsonl"])).ShouldSatisfyAllConditions(
            outcome => outcome.ExitCode.ShouldBe(ExitCode.BadInput), outcome => outcome.Error.ShouldContain("absent.jsonl"));
        (await R1Async("push", folder["empty"])).Error.ShouldContain("has no files");
    }

    [Fact]
    public async Task Push_WithoutStorage_SaysHowToNameIt()
    {
        var outcome = await R1.RunAsync(folder, "push", folder.Write("c.jsonl", "c"));
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldContain("--storage");
        outcome.Error.ShouldContain("R1_STORAGE");
    }

    [Fact]
    public async Task Start_LocalFilesAndARemoteHost_NamesThemAndWhatToDo()
    {
        var outcome = await R1.RunAsync(folder, "start", Recipe(), "--url", "http://r1.invalid");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain($"tasks.data.files[0]: {folder["train.jsonl"]}");
        outcome.Error.ShouldContain("--storage");
        outcome.Error.ShouldContain("r1 push");
    }

    [Fact]
    public async Task Start_WithStorage_PushesAndStartsWithBlobs()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await R1.RunAsync(folder, "start", Recipe(), "--url", api.Url, "--storage", azurite.ConnectionString);

        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldContain(SampleRuns.Id);
        var file = JsonDocument.Parse(api.Bodies.ShouldHaveSingleItem()).RootElement.GetProperty("tasks").GetProperty("data")
            .GetProperty("files")[0].GetString()!;
        file.ShouldStartWith("blob:data/");
        (await Blobs.ExistsAsync(file["blob:".Length..])).ShouldBeTrue();
    }

    [Fact]
    public async Task Start_FreshRecipeThatHasARun_StartsAnother()
    {
        await using var api = await FakeApi.StartAsync();
        await R1.RunAsync(folder, "start", Recipe(), "--url", api.Url);
        var id = api.Requests.Single(request => request.StartsWith("POST", StringComparison.Ordinal)).Split("id=")[1].Split('&')[0];
        api.Run = api.Run with { Id = id };

        await R1.RunAsync(folder, "start", Recipe(), "--url", api.Url, "--fresh");

        api.Requests[^1].ShouldContain($"id={id}-2");
        api.Requests[^1].ShouldContain("reuse=false");
    }

    private string Recipe()
    {
        folder.Write("train.jsonl",
            string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"question":"What is {{i}}+1?","answer":"{{i + 1}}"}""" + "\n")));
        return folder.Write("recipe.json", """
            {
              "name": "on-data",
              "tasks": { "addition": { "kind": "arithmetic" }, "data": { "kind": "dataset", "files": ["train.jsonl"] } },
              "stages": { "base": { "kind": "pretrain", "task": "addition", "steps": 6, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2 } } }
            }
            """);
    }

    private Task<ProcessOutcome> R1Async(params string[] arguments) =>
        R1.RunWithAsync(folder, new() { [StorageConnection.Variable] = azurite.ConnectionString }, arguments);

    private async Task<List<string>> NamesAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var blob in Blobs.ListAsync(prefix)) names.Add(blob.Path);
        return names;
    }

    private sealed class Reports : IProgress<PushProgress>
    {
        public PushProgress Last { get; private set; }

        public void Report(PushProgress value) => Last = value;
    }
}
