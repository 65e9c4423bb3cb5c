using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>What rewards do not read of their options.</summary>
internal static class RewardEffects
{
    private static readonly string[] OfFormulas =
    [
        nameof(MathOptions.Sources), nameof(MathOptions.MarkedAfterThinking), nameof(MathOptions.DecimalPlaces),
        nameof(MathOptions.RelativeTolerance), nameof(MathOptions.AbsoluteTolerance), nameof(MathOptions.Percent),
        nameof(MathOptions.DecimalComma), nameof(MathOptions.ListOrder), nameof(MathOptions.RequireUnits), nameof(MathOptions.ImpliedBase),
        nameof(MathOptions.SetAgainstRelation), nameof(MathOptions.MaxSteps),
    ];

    /// <summary>Of mathematical answers.</summary>
    public static IEnumerable<Unread> OfMath(MathOptions options)
    {
        if (options.RelativeTolerance is not null || options.AbsoluteTolerance is not null)
            yield return new(nameof(MathOptions.DecimalPlaces), "a tolerance takes its place");
        if (options.Kind != AnswerKind.Choice) yield break;
        foreach (var property in OfFormulas) yield return new(property, "kind is choice: letters are compared, and no formulas");
    }

    /// <summary>Of language consistency.</summary>
    public static IEnumerable<Unread> OfLanguage(LanguageOptions options)
    {
        if (options.Field is not null) yield return new(nameof(LanguageOptions.Language), "field says where each problem's language is");
    }

    /// <summary>Of repetition.</summary>
    public static IEnumerable<Unread> OfRepetition(RepetitionOptions options)
    {
        if (options.MaxPenalty != 0) yield break;
        const string free = "maxPenalty is 0: repeating costs nothing";
        yield return new(nameof(RepetitionOptions.NgramSize), free);
        yield return new(nameof(RepetitionOptions.Unit), free);
    }
}
