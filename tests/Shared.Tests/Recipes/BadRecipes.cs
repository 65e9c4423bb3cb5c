namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>A good recipe made bad at one place, and what the loader must say about it.</summary>
/// <param name="Name">What is bad.</param>
/// <param name="Old">What the good recipe says.</param>
/// <param name="New">What the bad one says instead.</param>
/// <param name="Path">The field that is blamed.</param>
/// <param name="Line">Its line.</param>
/// <param name="Value">The value that is shown.</param>
/// <param name="Message">Part of what is wrong.</param>
/// <param name="Allowed">Part of what is allowed.</param>
/// <param name="InSchema">Whether the JSON Schema can say so too.</param>
public sealed record BadRecipe(string Name, string Old, string New, string Path, int Line, string Value, string Message, string Allowed,
    bool InSchema = true)
{
    public string Json
    {
        get
        {
            var at = RecipeSamples.Good.IndexOf(Old, StringComparison.Ordinal);
            at.ShouldBeGreaterThanOrEqualTo(0, $"{Name}: the good recipe has no {Old}");
            return RecipeSamples.Good[..at] + New + RecipeSamples.Good[(at + Old.Length)..];
        }
    }

    public override string ToString() => Name;
}

/// <summary>Every kind of bad recipe that we know of.</summary>
internal static class BadRecipes
{
    private const bool LoaderOnly = false;

    public static readonly BadRecipe[] All =
    [
        // Fields and types.
        new("unknown field", "\"seed\": 7", "\"sede\": 7", "sede", 3, "7", "\"sede\" is no field here (did you mean \"seed\"?)",
            "name, description, seed"),
        new("unknown field, nothing near", "\"seed\": 7", "\"x\": 7", "x", 3, "7", "\"x\" is no field here", "one of name"),
        new("unknown nested field", "\"clipLow\": 0.2", "\"cliplow\": 0.2", "stages.zero.loss.cliplow", 28, "0.2",
            "did you mean \"clipLow\"?", "klWeight"),
        new("field of another kind", "\"steps\": 100", "\"iterations\": 100", "stages.base.iterations", 13, "100", "is no field here",
            "steps"),
        new("missing name", "\"name\": \"good\",", "", "name", 1, "nothing", "\"name\" is missing", "lower-case letters"),
        new("missing task", "\"task\": \"add\",\n      \"iterations\"", "\"iterations\"", "stages.zero.task", 16, "nothing",
            "\"task\" is missing", "a string"),
        new("missing rewards", "\"rewards\": { \"accuracy/exact\": 1, \"format/think-answer\": 0.5 },", "", "stages.zero.rewards", 16,
            "nothing", "\"rewards\" is missing", "at least one"),
        new("missing from", "\"from\": \"base\",", "", "stages.zero.from", 16, "nothing", "\"from\" is missing", "a string"),
        new("missing evaluation", ", \"evaluation\": { \"task\": \"add\", \"problems\": 100 } }", " }", "stages.test.evaluation", 32,
            "nothing", "is missing", "an object with task"),
        new("missing kind", "\"kind\": \"rl\",", "", "stages.zero.kind", 16, "nothing", "\"kind\" is missing",
            "pretrain, rl, collect, rejection-sample, sft"),
        new("unknown kind", "\"kind\": \"rl\"", "\"kind\": \"pretrian\"", "stages.zero.kind", 17, "\"pretrian\"",
            "did you mean \"pretrain\"?", "pretrain, rl, collect, rejection-sample, sft"),
        new("kind of a wrong type", "\"kind\": \"arithmetic\"", "\"kind\": 3", "tasks.add.kind", 5, "3", "3 is not allowed",
            "one of arithmetic"),
        new("string for a number", "\"iterations\": 10", "\"iterations\": \"10\"", "stages.zero.iterations", 20, "\"10\"",
            "\"10\" is not allowed", "a whole number, at least 1"),
        new("number for a string", "\"task\": \"add\",", "\"task\": 5,", "stages.base.task", 10, "5", "5 is not allowed", "a string"),
        new("fraction for a count", "\"groupSize\": 4", "\"groupSize\": 4.5", "stages.zero.groupSize", 22, "4.5", "4.5 is not allowed",
            "a whole number"),
        new("string for a boolean", "\"count\": 2", "\"deterministic\": \"yes\"", "workers.deterministic", 35, "\"yes\"", "is not allowed",
            "true or false"),
        new("array for an object", "{ \"temperature\": 1, \"topP\": 1, \"maxNewTokens\": 40 }", "[1]", "stages.zero.sampling", 26, "[…]",
            "[…] is not allowed", "an object with temperature"),
        new("object for a number", "\"questions\": 8", "\"questions\": {}", "stages.zero.questions", 21, "{}", "{} is not allowed",
            "a whole number"),
        new("stage that is no object",
            "{ \"kind\": \"evaluate\", \"from\": \"zero\", \"evaluation\": { \"task\": \"add\", \"problems\": 100 } }", "true",
            "stages.test", 32, "true", "true is not allowed", "an object with a kind"),
        new("unknown prompt", "\"sampling\": { \"temperature\": 1, \"topP\": 1",
            "\"prompt\": { \"template\": \"chatt\" }, \"sampling\": { \"temperature\": 1, \"topP\": 1", "stages.zero.prompt.template", 26,
            "\"chatt\"", "chatt", "one of plain, r1-zero, chat"),
        new("chat without a chat template", "\"sampling\": { \"temperature\": 1, \"topP\": 1",
            "\"prompt\": { \"template\": \"chat\" }, \"sampling\": { \"temperature\": 1, \"topP\": 1", "stages.zero.prompt.template", 26,
            "\"chat\"", "chat", "plain: a pretrained model", LoaderOnly),
        new("system without chat", "\"sampling\": { \"temperature\": 1, \"topP\": 1",
            "\"prompt\": { \"system\": \"Think.\" }, \"sampling\": { \"temperature\": 1, \"topP\": 1", "stages.zero.prompt.system", 26,
            "\"Think.\"", "Think.", "only chat has a system message", LoaderOnly),
        new("null where nothing is inherited", "\"iterations\": 10", "\"iterations\": null", "stages.zero.iterations", 20, "null",
            "nothing is", "a whole number", LoaderOnly),
        new("unknown enum value", "\"schedule\": \"linear\"", "\"schedule\": \"linaer\"", "stages.base.optimizer.schedule", 14,
            "\"linaer\"", "did you mean \"linear\"?", "constant, linear, cosine"),
        new("enum value in capitals", "\"operation\": \"add\"", "\"operation\": \"Add\"", "tasks.add.operation", 5, "\"Add\"",
            "did you mean \"add\"?", "add, multiply"),
        new("name twice", "\"seed\": 7", "\"name\": \"again\"", "name", 3, "\"again\"", "\"name\" is here twice", "line 2", LoaderOnly),
        new("stage twice", "\"test\": {", "\"zero\": {", "stages.zero", 32, "{…}", "\"zero\" is here twice", "line 16", LoaderOnly),

        // Limits.
        new("name with capitals", "\"name\": \"good\"", "\"name\": \"Good Run\"", "name", 2, "\"Good Run\"", "is not allowed",
            "lower-case letters, digits and single dashes"),
        new("name too long for a queue", "\"name\": \"good\"", "\"name\": \"a2345678901234567890123456789012345678901\"", "name", 2,
            "\"a2345678901234567890123456789012345678901\"", "is not allowed", "at most 40"),
        new("name with two dashes", "\"name\": \"good\"", "\"name\": \"go--od\"", "name", 2, "\"go--od\"", "is not allowed",
            "single dashes"),
        new("stage name with a slash", "\"test\": {", "\"te/st\": {", "stages.te/st", 32, "\"te/st\"", "is not allowed as a name",
            "single dashes"),
        new("task name with a space", "\"add\": {", "\"a b\": {", "tasks.a b", 5, "\"a b\"", "is not allowed as a name", "single dashes"),
        new("no digits", "\"digits\": 2", "\"digits\": 0", "tasks.add.digits", 5, "0", "0 is not allowed", "at least 1 and at most 6"),
        new("held out share", "\"heldOutPercent\": 10", "\"heldOutPercent\": 60", "tasks.add.heldOutPercent", 5, "60", "60 is not allowed",
            "at most 50"),
        new("steps 0", "\"steps\": 100", "\"steps\": 0", "stages.base.steps", 13, "0", "0 is not allowed", "at least 1"),
        new("share above 1", "\"tagged\": 0.2", "\"tagged\": 1.2", "stages.base.corpus.tagged", 12, "1.2", "1.2 is not allowed",
            "at least 0 and at most 1"),
        new("learning rate 0", "\"learningRate\": 2e-4", "\"learningRate\": 0", "stages.zero.optimizer.learningRate", 29, "0",
            "0 is not allowed", "above 0"),
        new("number beyond doubles", "\"learningRate\": 2e-4", "\"learningRate\": 1e999", "stages.zero.optimizer.learningRate", 29, "1e999",
            "1e999 is not allowed", "a number", LoaderOnly),
        new("group of one", "\"groupSize\": 4", "\"groupSize\": 1", "stages.zero.groupSize", 22, "1", "1 is not allowed", "at least 2"),
        new("clip 0", "\"clipLow\": 0.2", "\"clipLow\": 0", "stages.zero.loss.clipLow", 28, "0", "0 is not allowed", "above 0"),
        new("negative KL weight", "\"klWeight\": 0.01", "\"klWeight\": -0.01", "stages.zero.loss.klWeight", 28, "-0.01",
            "-0.01 is not allowed", "at least 0"),
        new("unknown loss", "\"name\": \"grpo\"", "\"name\": \"gpro\"", "stages.zero.loss.name", 28, "\"gpro\"", "did you mean \"grpo\"?",
            "grpo, dapo, dr-grpo"),
        new("unknown reward", "\"accuracy/exact\": 1", "\"accuracy\": 1", "stages.zero.rewards.accuracy", 27, "\"accuracy\"",
            "did you mean \"accuracy/code\"?", "format/think-answer"),
        new("reward weight as text", "\"accuracy/exact\": 1", "\"accuracy/exact\": \"much\"", "stages.zero.rewards.accuracy/exact", 27,
            "\"much\"", "is not allowed", "a number"),
        new("no rewards", "{ \"accuracy/exact\": 1, \"format/think-answer\": 0.5 }", "{}", "stages.zero.rewards", 27, "{}",
            "{} is not allowed", "at least one"),
        new("top-p 0", "\"topP\": 1", "\"topP\": 0", "stages.zero.sampling.topP", 26, "0", "0 is not allowed", "above 0 and at most 1"),
        new("device", "\"device\": \"cpu\"", "\"device\": \"gpu\"", "workers.device", 35, "\"gpu\"", "\"gpu\" is not allowed",
            "auto, cpu, cuda (all GPUs), cuda:N"),
        new("devices that are no whole replicas", "\"device\": \"cpu\"",
            "\"device\": \"cuda:0,cuda:1,cuda:2\", \"devicesPerReplica\": 2", "workers.devicesPerReplica", 35, "2", "2 is not allowed",
            "a divisor of the devices of workers.device, 3", LoaderOnly),
        new("device twice", "\"device\": \"cpu\"", "\"device\": \"cuda:1,cuda:1\"", "workers.device", 35, "\"cuda:1,cuda:1\"",
            "\"cuda:1,cuda:1\" is not allowed", "each once", LoaderOnly),
        new("no workers", "\"count\": 2", "\"count\": 0", "workers.count", 35, "0", "0 is not allowed", "at least 1"),
        new("no attempts", "\"maxAttempts\": 3", "\"maxAttempts\": 0", "jobs.maxAttempts", 36, "0", "0 is not allowed", "at least 1"),
        new("pretraining from a model", "\"steps\": 100", "\"from\": \"zero\"", "stages.base.from", 13, "\"zero\"", "makes its own model",
            "kind, task"),

        // Rules between fields.
        new("unknown task", "\"task\": \"add\",\n      \"iterations\"", "\"task\": \"ad\",\n      \"iterations\"", "stages.zero.task", 19,
            "\"ad\"", "did you mean \"add\"?", "a name in \"tasks\": add", LoaderOnly),
        new("pretraining on no task", "\"task\": \"add\",\n      \"model\"", "\"model\"", "stages.base.task", 8, "nothing",
            "\"task\" is missing", "one of task and tasks", LoaderOnly),
        new("pretraining on one task and several", "\"task\": \"add\",\n      \"model\"",
            "\"task\": \"add\", \"tasks\": { \"add\": 1 },\n      \"model\"", "stages.base.tasks", 10, "{…}", "{…} is not allowed",
            "one of task and tasks", LoaderOnly),
        new("pretraining on an unknown task of several", "\"task\": \"add\",\n      \"model\"",
            "\"tasks\": { \"add\": 1, \"ad\": 2 },\n      \"model\"", "stages.base.tasks.ad", 10, "2", "did you mean \"add\"?",
            "a name in \"tasks\": add", LoaderOnly),
        new("part of nothing", "\"task\": \"add\",\n      \"model\"", "\"tasks\": { \"add\": 0 },\n      \"model\"",
            "stages.base.tasks.add", 10, "0", "0 is not allowed", "above 0"),
        new("language twice", "{ \"kind\": \"arithmetic\", \"operation\": \"add\", \"digits\": 2, \"heldOutPercent\": 10 }",
            "{ \"kind\": \"number-words\", \"languages\": [\"en\", \"en\"] }", "tasks.add.languages", 5, "[…]", "[…] is not allowed",
            "each language once", LoaderOnly),
        new("from an unknown stage", "\"from\": \"base\"", "\"from\": \"bas\"", "stages.zero.from", 18, "\"bas\"", "did you mean \"base\"?",
            "an earlier stage", LoaderOnly),
        new("from a later stage", "\"from\": \"base\"", "\"from\": \"test\"", "stages.zero.from", 18, "\"test\"", "is not allowed",
            "an earlier stage that yields a model: base", LoaderOnly),
        new("from itself", "\"from\": \"base\"", "\"from\": \"zero\"", "stages.zero.from", 18, "\"zero\"", "is not allowed",
            "an earlier stage that yields a model: base", LoaderOnly),
        new("heads and hidden size", "\"heads\": 4", "\"heads\": 5", "stages.base.model.heads", 11, "5", "5 is not allowed",
            "a divisor of hiddenSize, 64", LoaderOnly),
        new("odd head", "\"heads\": 4", "\"heads\": 64", "stages.base.model.heads", 11, "64", "64 is not allowed", "even", LoaderOnly),
        new("heads and key heads", "\"kvHeads\": 2", "\"kvHeads\": 3", "stages.base.model.kvHeads", 11, "3", "3 is not allowed",
            "a divisor of heads, 4", LoaderOnly),
        new("worked examples do not fit", "\"maxPositions\": 96", "\"maxPositions\": 20", "stages.base.model.maxPositions", 11, "20",
            "20 is not allowed", "at least 32", LoaderOnly),
        new("completions do not fit", "\"topP\": 1, \"maxNewTokens\": 40", "\"topP\": 1, \"maxNewTokens\": 91",
            "stages.zero.sampling.maxNewTokens", 26, "91", "91 is not allowed", "at most 89: stages.base.model.maxPositions, 96, less 7",
            LoaderOnly),
        new("evaluations do not fit", "\"temperature\": 0.6, \"maxNewTokens\": 40", "\"temperature\": 0.6, \"maxNewTokens\": 90",
            "evaluation.sampling.maxNewTokens", 34, "90", "90 is not allowed", "at most 89", LoaderOnly),
        new("uneven mini-batches", "\"miniBatches\": 4", "\"miniBatches\": 5", "stages.zero.miniBatches", 24, "5", "5 is not allowed",
            "8 × 4 = 32", LoaderOnly),
        new("states apart with update shards", "\"microBatchSize\": 4", "\"updateShards\": 2, \"keepStateEvery\": 5",
            "stages.zero.keepStateEvery", 25, "5", "5 is not allowed", "1 with updateShards above 1", LoaderOnly),
        new("more update shards than rows", "\"microBatchSize\": 4", "\"updateShards\": 9", "stages.zero.updateShards", 25, "9",
            "9 is not allowed", "32 / 4 rows", LoaderOnly),
        new("more update replicas than a job's rows", "\"microBatchSize\": 4", "\"updateShards\": 2, \"updateReplicas\": 5",
            "stages.zero.updateReplicas", 25, "5", "5 is not allowed", "32 / 4 / 2 (updateShards)", LoaderOnly),
        new("staleness above one", "\"microBatchSize\": 4", "\"staleness\": 2", "stages.zero.staleness", 25, "2", "2 is not allowed",
            "at least 0 and at most 1"),
        new("micro-batch above mini-batch", "\"microBatchSize\": 4", "\"microBatchSize\": 9", "stages.zero.microBatchSize", 25, "9",
            "9 is not allowed", "32 / 4 rows", LoaderOnly),
        new("more shards than questions", "\"shards\": 2", "\"shards\": 9", "stages.zero.shards", 23, "9", "9 is not allowed",
            "at most questions, 8", LoaderOnly),
        new("more questions than problems", "\"questions\": 8", "\"questions\": 9999", "stages.zero.questions", 21, "9999",
            "9999 is not allowed", "the training problems of task add", LoaderOnly),
        new("greedy rollouts", "{ \"temperature\": 1,", "{ \"temperature\": 0,", "stages.zero.sampling.temperature", 26, "0",
            "0 is not allowed", "above 0", LoaderOnly),
        new("rewards all 0", "\"accuracy/exact\": 1, \"format/think-answer\": 0.5", "\"accuracy/exact\": 0", "stages.zero.rewards", 27,
            "{…}", "{…} is not allowed", "not 0", LoaderOnly),
        new("warm-up longer than training", "\"warmupSteps\": 10", "\"warmupSteps\": 101", "stages.base.optimizer.warmupSteps", 14, "101",
            "101 is not allowed", "at most steps, 100", LoaderOnly),
        new("more problems than held out", "\"problems\": 100, \"samples\"", "\"problems\": 5000, \"samples\"", "evaluation.problems", 34,
            "5000", "5000 is not allowed", "the held-out problems of task add", LoaderOnly),
        new("many greedy samples", "\"temperature\": 0.6", "\"temperature\": 0", "evaluation.samples", 34, "4", "4 is not allowed",
            "1 at temperature 0", LoaderOnly),
        new("curve without evaluation",
            "\"evaluation\": { \"task\": \"add\", \"problems\": 100, \"samples\": 4, \"sampling\": { \"temperature\": 0.6, "
            + "\"maxNewTokens\": 40 } },", "", "stages.zero.evaluateEvery", 30, "5", "5 is not allowed", "an \"evaluation\" in the recipe",
                LoaderOnly),
        new("default that breaks a rule", "\"maxPositions\": 96", "\"maxPositions\": 46", "stages.test.evaluation.sampling.maxNewTokens",
            32, "40", "40, the default, is not allowed", "at most 39", LoaderOnly),

        // Files.
        new("unknown preset", "\"name\": \"good\"", "\"extends\": \"r1-zer\", \"name\": \"good\"", "extends", 2, "\"r1-zer\"",
            "did you mean \"r1-zero\"?", "a preset (", LoaderOnly),
        new("file where there are none", "\"name\": \"good\"", "\"extends\": \"./x.json\", \"name\": \"good\"", "extends", 2,
            "\"./x.json\"", "is a file, and there are none here", "a preset (", LoaderOnly),
        new("extends of a wrong type", "\"name\": \"good\"", "\"extends\": 5, \"name\": \"good\"", "extends", 2, "5", "5 is not allowed",
            "a preset ("),
        new("comma missing", "\"seed\": 7,", "\"seed\": 7", "", 4, "", "not JSON", "comments and trailing commas are fine", LoaderOnly),
        new("half a character", "\"name\": \"good\"", "\"description\": \"\\ud800\", \"name\": \"good\"", "description", 2, "\"\\ud800\"",
            "is not text", "valid Unicode", LoaderOnly),
    ];
}
