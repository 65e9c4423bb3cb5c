using System.Collections.Frozen;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>The English words that tell whether a sentence states the number behind them.</summary>
internal static class ClaimWords
{
    /// <summary>A number behind one of them is a part of what the preposition says.</summary>
    public static readonly FrozenSet<string> Prepositions = Set(
        "of in on at by for from to with without within into onto over under above below between among amongst through throughout during "
        + "per via like as since until till before after past near except despite against toward towards across along beyond behind "
        + "beside besides inside outside off than times versus vs using including excluding");

    /// <summary>A number behind one of them is known already, or in a clause that states nothing.</summary>
    public static readonly FrozenSet<string> Selectors = Set(
        "all both each every any some these those this other same no few several its his her their my our your "
        + "if when where while whether unless because although though once lest neither nor without "
        + "maybe perhaps possibly nearly almost hardly barely scarcely unlikely supposedly presumably originally initially formerly "
        + "previously not never");

    /// <summary>Words that may stand between a verb and its number.</summary>
    public static readonly FrozenSet<string> Adverbs = Set(
        "minus negative plus positive dozen only just about around still now then thus so hence also overall altogether total even already "
        + "again simply namely another more and or but that therefore us him them you it me there here out up down left");

    /// <summary>Verbs that state, in the forms that no ending tells, and words that stand for a statement.</summary>
    public static readonly FrozenSet<string> Verbs = Set(
        "is are was were be been being am equals equal has have had having get gets got getting give gives gave giving make makes made "
        + "making find finds found leave leaves leaving cost costs need needs want wants buy buys bought sell sells sold spend spends "
        + "spent pay pays paid eat eats ate run runs ran drive drives drove take takes took win wins won lose loses lost keep keeps kept "
        + "see sees saw draw draws drew write writes wrote bring brings brought show shows mean means imply implies become becomes became "
        + "remain remains hold holds held contain contains totals totaling totalling yield yields yielding obtain obtains produce "
        + "produces require requires do does did will must should would grow grows grew build builds built catch caught send sent teach "
        + "taught know knows let's it's that's there's i'd he's she's we've use uses adds read reads reach reaches weigh weighs swim "
        + "swam ride rode fly flew walk walks work works travel travels save saves earn earns score scores lay lays "
        + "answer total result value solution sum count think i it he she they we you who whom which what yes ok okay um well");

    /// <summary>Verbs of what is only thought of.</summary>
    public static readonly FrozenSet<string> Considerations = Set(
        "subtract subtracts subtracting deduct deducts add claim claims claimed try tried tries trying consider considered considers guess guessed guesses exclude excluded excludes reject "
        + "rejected rejects check checked checks test tested tests dismiss dismissed suppose supposed assume assumed assumes discard "
        + "discarded eliminated eliminate thought imagine imagined expected estimated doubted denied avoided skipped omitted");

    /// <summary>Nouns of measures, for a pattern: "an area of 42" states the area.</summary>
    public const string Measures =
        "(?:total|sum|value|area|perimeter|circumference|volume|length|width|height|depth|distance|probability|chance|cost|price|profit|loss|"
        + "speed|rate|average|mean|median|weight|mass|age|amount|score|answer|result|maximum|minimum|difference|product|remainder|percentage|"
        + "balance|income|revenue|salary|savings|fee|bill|discount|count|population|temperature|angle|slope|ratio|measure|capacity)";

    private static FrozenSet<string> Set(string words) =>
        words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
