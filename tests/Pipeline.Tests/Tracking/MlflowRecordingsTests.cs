namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>The stand-in answers as the recorded servers did, so that what we learn from it is true of them.</summary>
public sealed class MlflowRecordingsTests : IClassFixture<MlflowRecordingsTests.PlainServer>
{
    // What we never ask for: artifacts, models, data sets, the page's own calls, users.
    private static readonly string[] NotOurs = ["/ajax-api/", "/api/2.0/preview/", "/api/3.0/", "/api/2.0/mlflow-artifacts/",
        "/get-artifact", "/artifacts/list", "/registered-models/", "/model-versions/", "/runs/log-inputs", "/experiments/search",
        "/users/"];

    private readonly PlainServer plain;

    public MlflowRecordingsTests(PlainServer plain) => this.plain = plain;

    [Theory]
    [InlineData("00_health_version")]
    [InlineData("01_experiment_get_by_name_missing")]
    [InlineData("02_experiment_create")]
    [InlineData("03_experiment_create_duplicate")]
    [InlineData("04_experiment_create_bad")]
    [InlineData("05_experiment_deleted_name")]
    [InlineData("06_experiments_search")]
    [InlineData("10_run_create")]
    [InlineData("11_run_create_variants")]
    [InlineData("12_run_nested")]
    [InlineData("13_run_get_unknown")]
    [InlineData("14_runs_search")]
    [InlineData("20_log_batch_ok")]
    [InlineData("21_log_batch_limits")]
    [InlineData("22_log_batch_long_values")]
    [InlineData("23_metric_keys")]
    [InlineData("24_nonfinite_values")]
    [InlineData("25_duplicate_points")]
    [InlineData("26_latest_metric")]
    [InlineData("27_params")]
    [InlineData("28_partial_batch")]
    [InlineData("29_types")]
    [InlineData("30_http_body_forms")]
    [InlineData("31_log_metric_set_tag")]
    [InlineData("32_history_paging")]
    [InlineData("33_run_update")]
    [InlineData("34_finished_run_more")]
    [InlineData("35_run_delete_restore")]
    [InlineData("37_silent_loss")]
    [InlineData("38_resume_flow")]
    [InlineData("39_chunked_bodies")]
    [InlineData("60_headers")]
    public async Task StandIn_AskedAsThePlainServer_AnswersAsItDid(string name) =>
        (await plain.DifferencesAsync(name)).ShouldBeEmpty();

    [Fact]
    public async Task StandIn_AskedAsTheServerWithLogin_AnswersAsItDid()
    {
        await using var replay = await MlflowReplay.StartAsync(server =>
        {
            server.Users["admin"] = "correct-horse-1";
            server.Users["bob"] = "another-pass-1";
        });
        (await replay.ReplayAsync("61_basic_auth", IsNotOurs)).ShouldBeEmpty();
    }

    [Fact]
    public async Task StandIn_AskedAsTheFileStore_AnswersAsItDid()
    {
        await using var replay = await MlflowReplay.StartAsync(server => server.IsFileStore = true);
        (await replay.ReplayAsync("62_file_store_duplicates", IsNotOurs)).ShouldBeEmpty();
    }

    [Fact]
    public void Recordings_OfOurCalls_AreAllReplayed()
    {
        var folder = Testing.Fixtures.Shared("data/mlflow/recordings");
        string[] left = ["36_log_inputs", "40_artifacts", "50_registry"], own = ["61_basic_auth", "62_file_store_duplicates"];
        Directory.EnumerateFiles(folder, "*.json").Select(Path.GetFileNameWithoutExtension).Except(left).Except(own)
            .Order(StringComparer.Ordinal).ShouldBe(PlainServer.Cases);
    }

    private static bool IsNotOurs(MlflowExchange exchange) =>
        Array.Exists(NotOurs, part => exchange.Path.Contains(part, StringComparison.Ordinal));

    /// <summary>One server that is asked all that the recorded one was, in the same order: cases build on the ones before them.</summary>
    public sealed class PlainServer : IAsyncDisposable
    {
        private readonly Dictionary<string, IReadOnlyList<string>> differences = [];
        private readonly SemaphoreSlim once = new(1);

        internal static IReadOnlyList<string> Cases { get; } = [.. typeof(MlflowRecordingsTests)
            .GetMethod(nameof(StandIn_AskedAsThePlainServer_AnswersAsItDid))!.GetCustomAttributesData()
            .Where(data => data.AttributeType == typeof(InlineDataAttribute))
            .Select(data => (string)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)[0]
                .Value!).Order(StringComparer.Ordinal)];

        internal async Task<IReadOnlyList<string>> DifferencesAsync(string name)
        {
            await once.WaitAsync();
            try
            {
                if (differences.Count == 0)
                {
                    await using var replay = await MlflowReplay.StartAsync(_ => { });
                    foreach (var one in Cases) differences[one] = await replay.ReplayAsync(one, IsNotOurs);
                }
                return differences[name];
            }
            finally
            {
                once.Release();
            }
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            once.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
