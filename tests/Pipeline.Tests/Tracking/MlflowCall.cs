namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>A call of MLflow's REST protocol, and the fields of its request.</summary>
internal sealed record MlflowCall(string Method, string Name, IReadOnlyList<MlflowField> Fields)
{
    private static readonly string[] Statuses = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
        Views = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];

    private static readonly MlflowField RunId = Text("run_id", true), RunUuid = Text("run_uuid"), Key = Text("key", true),
        Value = Text("value"), Experiment = Text("experiment_id"), OfExperiment = Text("experiment_id", true);

    private static readonly MlflowField[] Metric = [Key, new("value", MlflowKind.Real, true), new("timestamp", MlflowKind.Whole, true),
        new("step", MlflowKind.Whole)], Pair = [Key, Value];

    private static readonly MlflowField Tags = new("tags", MlflowKind.Entries, Of: Pair);

    private static readonly MlflowCall[] All =
    [
        new("GET", "experiments/get", [OfExperiment]),
        new("GET", "experiments/get-by-name", [Text("experiment_name", true)]),
        new("POST", "experiments/create", [Text("name", true), Tags]),
        new("POST", "experiments/delete", [OfExperiment]),
        new("POST", "experiments/restore", [OfExperiment]),
        new("POST", "experiments/set-experiment-tag", [OfExperiment, Key, Value]),
        new("GET", "runs/get", [RunId]),
        new("POST", "runs/create", [Experiment, Text("run_name"), Text("user_id"), new("start_time", MlflowKind.Whole), Tags]),
        new("POST", "runs/search", [new("experiment_ids", MlflowKind.Texts), Text("filter"), new("max_results", MlflowKind.Whole),
            new("order_by", MlflowKind.Texts), Text("page_token"), new("run_view_type", MlflowKind.Choice, Choices: Views)]),
        new("POST", "runs/log-batch", [RunId, new("metrics", MlflowKind.Entries, Of: Metric),
            new("params", MlflowKind.Entries, Of: Pair), Tags]),
        new("POST", "runs/log-metric", [RunId, RunUuid, .. Metric]),
        new("POST", "runs/log-parameter", [RunId, RunUuid, .. Pair]),
        new("POST", "runs/set-tag", [RunId, RunUuid, .. Pair]),
        new("POST", "runs/delete-tag", [RunId, Key]),
        new("POST", "runs/delete", [RunId]),
        new("POST", "runs/restore", [RunId]),
        new("POST", "runs/update", [RunId, RunUuid, new("status", MlflowKind.Choice, Choices: Statuses),
            new("end_time", MlflowKind.Whole), Text("run_name")]),
        new("GET", "metrics/get-history", [RunId, Text("metric_key", true)]),
    ];

    /// <summary>The fields that say what a request is about.</summary>
    public static IReadOnlyList<MlflowField> Named { get; } = [Text("run_id"), Experiment];

    /// <summary>The call of a path, if there is one.</summary>
    public static MlflowCall? Find(string path) => Array.Find(All, call => call.Name == path);

    private static MlflowField Text(string name, bool isRequired = false) => new(name, MlflowKind.Text, isRequired);
}
