namespace R1Cloud.Shared.Metrics;

/// <summary>Names of the figures that jobs report and stages record: the field's usual ones.</summary>
public static class MetricNames
{
    /// <summary>Loss of the last optimizer step, or the mean over an update.</summary>
    public const string Loss = "loss";
    /// <summary>Learning rate.</summary>
    public const string LearningRate = "lr";
    /// <summary>Global gradient norm before clipping.</summary>
    public const string GradNorm = "grad_norm";
    /// <summary>Mean estimate of KL(π‖π_ref) per token, in nats.</summary>
    public const string Kl = "kl";
    /// <summary>Mean of log π − log π_teacher over the sampled tokens: KL(student‖teacher), in nats.</summary>
    public const string TeacherReverseKl = "teacher/reverse_kl";
    /// <summary>Mean divergence of the student's from the teacher's distributions, in nats.</summary>
    public const string TeacherJsd = "teacher/jsd";
    /// <summary>Mean entropy of the policy per token, in nats.</summary>
    public const string Entropy = "entropy";
    /// <summary>Mean of the importance ratio π/π_old.</summary>
    public const string RatioMean = "ratio/mean";
    /// <summary>Share of tokens whose ratio is clipped on either side.</summary>
    public const string ClipRatio = "clip_ratio";
    /// <summary>Share of tokens clipped at 1 − ε.</summary>
    public const string ClipRatioLow = "clip_ratio/low";
    /// <summary>Share of tokens clipped at 1 + ε.</summary>
    public const string ClipRatioHigh = "clip_ratio/high";

    /// <summary>Mean |d| over tokens, d = log π_trainer − log π_sampler.</summary>
    public const string MismatchMean = "sampling/sampling_logp_difference/mean";
    /// <summary>The greatest |d|.</summary>
    public const string MismatchMax = "sampling/sampling_logp_difference/max";
    /// <summary>Estimate (k3) of KL(sampler‖trainer) per token, in nats.</summary>
    public const string MismatchKl = "sampling/kl";
    /// <summary>Effective sample size of the tokens by their weights e^d, as a share.</summary>
    public const string MismatchEffective = "sampling/ess";
    /// <summary>Share of tokens whose weight was cut or that were left out.</summary>
    public const string MismatchCut = "sampling/truncated_ratio";
    /// <summary>Share of tokens of which the sampler told no log-probability.</summary>
    public const string MismatchUntold = "sampling/missing_ratio";
    /// <summary>Perplexity of completions under the trainer.</summary>
    public const string PerplexityTrainer = "sampling/ppl/trainer";
    /// <summary>The same under the sampler.</summary>
    public const string PerplexitySampler = "sampling/ppl/sampler";

    /// <summary>Figures of one prompt source begin so; its name, a slash and the figure's own name follow.</summary>
    public const string Sources = "sources/";

    /// <summary>A prompt source's figure.</summary>
    public static string OfSource(string source, string figure) => $"{Sources}{source}/{figure}";

    /// <summary>Takes a figure's name apart: what comes before it when it is a prompt source's, else nothing, and the figure.</summary>
    public static (string Source, string Figure) OfSource(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith(Sources, StringComparison.Ordinal)) return ("", name);
        var end = name.IndexOf('/', Sources.Length) + 1;
        return (name[..end], name[end..]);
    }
    /// <summary>Updates between the policy that sampled an iteration's completions and the one that learns from them.</summary>
    public const string Staleness = "policy/staleness";
    /// <summary>
    /// Updates that were taken again because the worker had not the optimizer's moments; with <c>keepStateEvery</c> above 1.
    /// </summary>
    public const string UpdatesReplayed = "update/replayed";
    /// <summary>1 where updates that were taken again gave other weights than the committed ones, which count.</summary>
    public const string ReplayDiffers = "update/replay_differs";

    /// <summary>Mean reward of an iteration's completions.</summary>
    public const string RewardMean = "reward/mean";
    /// <summary>Standard deviation of an iteration's rewards.</summary>
    public const string RewardStd = "reward/std";
    /// <summary>Share of groups whose rewards are all equal: they teach nothing.</summary>
    public const string FracRewardZeroStd = "frac_reward_zero_std";
    /// <summary>Share of completions with the right answer.</summary>
    public const string Accuracy = "accuracy";
    /// <summary>Share of completions with the right tags.</summary>
    public const string Format = "format";
    /// <summary>Mean tokens a completion.</summary>
    public const string MeanLength = "completions/mean_length";
    /// <summary>Tokens of the shortest completion.</summary>
    public const string MinLength = "completions/min_length";
    /// <summary>Tokens of the longest completion.</summary>
    public const string MaxLength = "completions/max_length";
    /// <summary>Share of completions cut off at the length limit.</summary>
    public const string ClippedRatio = "completions/clipped_ratio";
    /// <summary>Completions.</summary>
    public const string Samples = "samples";
    /// <summary>Samples that an update left out because a reward could not judge them, or all others of their group.</summary>
    public const string SamplesUnjudged = "samples/unjudged";
    /// <summary>Rows trained on, each once an epoch.</summary>
    public const string Rows = "rows";
    /// <summary>Rows left out because the model has no room for them.</summary>
    public const string RowsLeftOut = "rows/left-out";
    /// <summary>Parameters of an imported model.</summary>
    public const string Parameters = "parameters";
    /// <summary>Bytes of an imported model's files.</summary>
    public const string Bytes = "bytes";
    /// <summary>Optimizer steps.</summary>
    public const string Steps = "steps";
    /// <summary>
    /// Optimizer steps after which every trained weight was what it was before; steps that are read together count together.
    /// </summary>
    public const string StepsWithoutEffect = "steps/without_effect";
    /// <summary>Load of the expert with most tokens, of all layers, where an even load is 1; mean over steps.</summary>
    public const string ExpertLoadMax = "experts/load/max";
    /// <summary>Load of the expert with fewest tokens, of all layers, where an even load is 1; mean over steps.</summary>
    public const string ExpertLoadMin = "experts/load/min";
    /// <summary>The balance losses of experts with their weights, no part of the loss.</summary>
    public const string ExpertLoss = "experts/loss";
    /// <summary>Samples kept to learn from.</summary>
    public const string SamplesKept = "samples/kept";
    /// <summary>Samples not kept, by the first reason, whose name follows.</summary>
    public const string SamplesDropped = "samples/dropped/";
    /// <summary>Samples kept in a rewritten form.</summary>
    public const string SamplesRewritten = "samples/rewritten";
    /// <summary>What the reason begins with where a sample was good before it was rewritten.</summary>
    public const string Rewrite = "rewrite/";
    /// <summary>Questions asked.</summary>
    public const string Questions = "questions";
    /// <summary>Questions whose judged samples do not all earn the same: those that an update can learn from.</summary>
    public const string QuestionsUseful = "questions/useful";
    /// <summary>The same as a share of those asked; the others were generated and left unused.</summary>
    public const string QuestionsUsefulRatio = "questions/useful_ratio";
    /// <summary>Questions that the update was to learn from and that dynamic sampling did not find.</summary>
    public const string QuestionsMissing = "questions/missing";
    /// <summary>Useful questions beyond those that the update takes.</summary>
    public const string QuestionsSurplus = "questions/surplus";
    /// <summary>Problems whose pass rates an iteration's curriculum knew.</summary>
    public const string CurriculumProblems = "curriculum/problems";
    /// <summary>Those of them in its band; 0 of more than 0 says that nothing usable is left of what was asked.</summary>
    public const string CurriculumInBand = "curriculum/in_band";
    /// <summary>Share of the questions that were asked again from the band.</summary>
    public const string CurriculumFromBand = "curriculum/from_band";
    /// <summary>Rounds of rollouts that an iteration took.</summary>
    public const string Rounds = "rounds";
    /// <summary>Questions of which at least one sample was kept.</summary>
    public const string QuestionsKept = "questions/kept";
    /// <summary>Questions left out because the stage had drawn the same problem before.</summary>
    public const string QuestionsRepeated = "questions/repeated";
    /// <summary>Share of completions dropped because a reward could not judge them; means of rewards are over the others.</summary>
    public const string DroppedRatio = "completions/dropped_ratio";
    /// <summary>
    /// Share of a reward model's pairs whose chosen response scores higher, or of its labels that the score's sign gives.
    /// </summary>
    public const string ScoreAccuracy = "scores/accuracy";
    /// <summary>Mean of chosen less rejected score, or of the scores of safe less unsafe responses.</summary>
    public const string ScoreMargin = "scores/margin";
    /// <summary>Mean score of a reward model.</summary>
    public const string ScoreMean = "scores/mean";
    /// <summary>Figures of a reward model on held-out rows begin so.</summary>
    public const string HeldOut = "held_out/";
    /// <summary>A reward model's loss on held-out rows.</summary>
    public const string HeldOutLoss = "held_out/loss";
    /// <summary>The same share as <see cref="ScoreAccuracy"/> on held-out rows.</summary>
    public const string HeldOutAccuracy = "held_out/accuracy";
    /// <summary>Area under the ROC curve on held-out labels: the chance that a safe response scores higher than an unsafe one.</summary>
    public const string HeldOutAuc = "held_out/auc";
    /// <summary>The same difference as <see cref="ScoreMargin"/> on held-out rows.</summary>
    public const string HeldOutMargin = "held_out/margin";
    /// <summary>Mean score of held-out responses.</summary>
    public const string HeldOutMean = "held_out/mean";
    /// <summary>Standard deviation of held-out scores.</summary>
    public const string HeldOutStd = "held_out/std";
    /// <summary>Tokens generated or trained on.</summary>
    public const string Tokens = "tokens";

    /// <summary>Trained tokens a second (pretraining).</summary>
    public const string TokensPerSecond = "tokens_per_second";
    /// <summary>Generated tokens a second of generating.</summary>
    public const string TokensPerSecondGeneration = "tokens_per_second/generation";
    /// <summary>Trained tokens a second of updating.</summary>
    public const string TokensPerSecondUpdate = "tokens_per_second/update";

    /// <summary>Seconds of the step, from its first decision to its last.</summary>
    public const string TimeStep = "time/step";
    /// <summary>Seconds generating, on the critical path.</summary>
    public const string TimeGeneration = "time/generation";
    /// <summary>Seconds scoring, on the critical path.</summary>
    public const string TimeReward = "time/reward";
    /// <summary>Seconds updating, on the critical path.</summary>
    public const string TimeUpdate = "time/update";
    /// <summary>Seconds reading and writing blobs, on the critical path.</summary>
    public const string TimeStorage = "time/storage";
    /// <summary>The step's other seconds: orchestration, queue, process.</summary>
    public const string TimeWaiting = "time/waiting";

    /// <summary>Seconds in which the next iteration's generation ran beside this one's update.</summary>
    public const string TimeOverlap = "time/overlap";

    /// <summary>
    /// What an evaluation's figures begin with. A run's first benchmark has them under the names below; every benchmark has them with its
    /// own name after this prefix. Other families of rewards have their means here too, e.g. <c>eval/language</c>.
    /// </summary>
    public const string Eval = "eval/";
    /// <summary>What means over greedy answers begin with; the family of the rewards follows.</summary>
    public const string EvalGreedy = "eval/greedy_";
    /// <summary>Mean language consistency of the samples.</summary>
    public const string EvalLanguage = "eval/language";
    /// <summary>Share of held-out problems answered right by greedy decoding.</summary>
    public const string EvalGreedyAccuracy = "eval/greedy_accuracy";
    /// <summary>Share of greedy answers with the right tags.</summary>
    public const string EvalGreedyFormat = "eval/greedy_format";
    /// <summary>Mean over problems of the share of samples that are right.</summary>
    public const string EvalPassAt1 = "eval/pass_at_1";
    /// <summary>Half the width of the 95 % confidence interval of pass@1, over problems.</summary>
    public const string EvalPassAt1Interval = "eval/pass_at_1_ci95";
    /// <summary>The k of pass@k and cons@k: samples of each problem that could be judged.</summary>
    public const string EvalK = "eval/k";
    /// <summary>Mean over problems of the chance that one of k samples is right.</summary>
    public const string EvalPassAtK = "eval/pass_at_k";
    /// <summary>Share of problems whose most frequent answer among k samples is right.</summary>
    public const string EvalConsAtK = "eval/cons_at_k";
    /// <summary>Share of samples with the right tags.</summary>
    public const string EvalFormat = "eval/format";
    /// <summary>Mean tokens a sampled answer.</summary>
    public const string EvalMeanLength = "eval/mean_length";
    /// <summary>Problems asked.</summary>
    public const string EvalProblems = "eval/problems";
    /// <summary>Samples a problem.</summary>
    public const string EvalSamples = "eval/samples";
    /// <summary>Answers that a reward could not judge: left out of the shares or counted as 0 there, as the recipe says.</summary>
    public const string EvalUnjudged = "eval/unjudged";
    /// <summary>Tokens generated to measure a model, over all benchmarks.</summary>
    public const string EvalTokens = "eval/tokens";
    /// <summary>Asked problems that also occur in the training data; must be 0.</summary>
    public const string EvalOverlap = "eval/overlap_with_training";

    /// <summary>Mean score of a reward function over an iteration's completions.</summary>
    /// <param name="reward">The function's name.</param>
    public static string RewardOf(string reward) => $"rewards/{reward}/mean";

    /// <summary>The means of a benchmark's rewards whose families have no name of their own here, by family.</summary>
    /// <param name="metrics">An evaluation's figures.</param>
    /// <param name="benchmark">The benchmark.</param>
    public static IReadOnlyDictionary<string, double> EvalRewards(IReadOnlyDictionary<string, double> metrics, string benchmark)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var prefix = OfBenchmark(Eval, benchmark);
        return metrics
            .Where(metric =>
                metric.Key.StartsWith(prefix, StringComparison.Ordinal) && !EvalNames.Contains(Eval + metric.Key[prefix.Length..])
                && !metric.Key.AsSpan(prefix.Length).StartsWith(EvalGreedy.AsSpan(Eval.Length)))
            .OrderBy(metric => metric.Key, StringComparer.Ordinal)
            .ToDictionary(metric => metric.Key[prefix.Length..], metric => metric.Value);
    }

    private static HashSet<string> EvalNames { get; } =
        [EvalPassAt1, EvalPassAt1Interval, EvalK, EvalPassAtK, EvalConsAtK, EvalFormat, EvalMeanLength, EvalProblems, EvalSamples,
            EvalUnjudged, EvalOverlap];

    /// <summary>
    /// A figure of an evaluation under the name of its benchmark: <c>eval/pass_at_1</c> becomes <c>eval/NAME/pass_at_1</c>.
    /// </summary>
    /// <param name="metric">The figure's name as a job reports it.</param>
    /// <param name="benchmark">The benchmark.</param>
    public static string OfBenchmark(string metric, string benchmark)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return metric.StartsWith(Eval, StringComparison.Ordinal) ? $"{Eval}{benchmark}/{metric[Eval.Length..]}" : metric;
    }
}
