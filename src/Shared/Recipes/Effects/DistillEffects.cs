namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>What distillation does not read.</summary>
internal static class DistillEffects
{
    // What a loss makes of advantages; where those are 0, nothing.
    private static readonly string[] OfAdvantages =
    [
        nameof(PolicyLossRecipe.ClipLow), nameof(PolicyLossRecipe.ClipHigh), nameof(PolicyLossRecipe.TwoSidedClip),
        nameof(PolicyLossRecipe.GateTemperatures), nameof(PolicyLossRecipe.Given), nameof(PolicyLossRecipe.Taken),
        nameof(PolicyLossRecipe.HighEntropyShare), nameof(PolicyLossRecipe.OffPolicyThreshold), nameof(PolicyLossRecipe.Mismatch),
    ];

    /// <summary>Of the stage.</summary>
    public static IEnumerable<Unread> OfStage(DistillStage stage)
    {
        var students = stage.Students.Values;
        const string own = "every student has its own";
        if (students.All(student => student.MicroBatchSize is not null)) yield return new(nameof(DistillStage.MicroBatchSize), own);
        if (students.All(student => student.Optimizer is not null)) yield return new(nameof(DistillStage.Optimizer), own);
        if (stage.OnPolicy is null)
        {
            if (students.All(student => student.Epochs is not null)) yield return new(nameof(DistillStage.Epochs), own);
            if (students.All(student => student.BatchSize is not null)) yield return new(nameof(DistillStage.BatchSize), own);
            foreach (var unread in TrainingEffects.OfRows(stage)) yield return unread;
            yield break;
        }
        const string sampled = "students learn from what they sample, as onPolicy says";
        yield return new(nameof(DistillStage.Epochs), sampled);
        yield return new(nameof(DistillStage.BatchSize), sampled);
        yield return new(nameof(DistillStage.SaveEvery), "every iteration of on-policy distillation is saved");
        yield return new(nameof(DistillStage.Proportions), sampled);
        if (stage.OnPolicy.MicroBatchTokens == 0) yield break;
        const string tokens = "onPolicy.microBatchTokens takes its place";
        yield return new(nameof(DistillStage.MicroBatchSize), tokens);
        foreach (var student in stage.Students.Keys)
            yield return new([nameof(DistillStage.Students), student, nameof(StudentRecipe.MicroBatchSize)], tokens);
    }

    /// <summary>Of training on what students sample.</summary>
    public static IEnumerable<Unread> OfOnPolicy(OnPolicyRecipe settings, Recipe recipe)
    {
        var loss = settings.Loss;
        foreach (var unread in TrainingEffects.OfOneStep(settings.MiniBatches, loss, recipe)) yield return unread;
        if (settings.Rewards.Count > 0) yield break;
        const string none = "there are no rewards to compare: the teacher alone decides";
        yield return Loss(nameof(PolicyLossRecipe.AdvantageBaseline), none);
        if (loss.TakesKlOffReward()) yield break;
        yield return Loss(nameof(PolicyLossRecipe.AdvantageScale), none);
        if (settings.Teacher?.Loss != DistillationLoss.Jsd) yield break;
        const string divergence =
            "without rewards all advantages are 0, and the teacher's jsd stands beside the policy loss; with reverse-kl it goes through it";
        foreach (var property in OfAdvantages) yield return Loss(property, divergence);
        if (loss.KlWeight != 0) yield break; // the term's tokens become one number as the loss's do
        yield return Loss(nameof(PolicyLossRecipe.Name), divergence);
        yield return Loss(nameof(PolicyLossRecipe.Aggregation), divergence);
        yield return Loss(nameof(PolicyLossRecipe.SequenceRatio), divergence);
        yield return Loss(nameof(PolicyLossRecipe.OldLogProbs), divergence);
    }

    /// <summary>Of a teacher.</summary>
    public static IEnumerable<Unread> OfTeacher(TeacherRecipe teacher)
    {
        if (teacher.Loss == DistillationLoss.Jsd) yield break;
        const string sampled = "loss is reverse-kl, which looks at sampled tokens alone; it is read by jsd";
        yield return new(nameof(TeacherRecipe.Beta), sampled);
        yield return new(nameof(TeacherRecipe.TopK), sampled);
    }

    private static Unread Loss(string property, string because) => new([nameof(OnPolicyRecipe.Loss), property], because);
}
