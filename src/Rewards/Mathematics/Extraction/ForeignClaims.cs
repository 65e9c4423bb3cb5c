using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// What German, French, Spanish, Italian, Portuguese and Dutch sentences do with a number that is not what they state: prepositions,
/// determiners and denials that take it. The verbs of these languages are not known, so every other word may state.
/// </summary>
internal static partial class ForeignClaims
{
    private const RegexOptions Before = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.RightToLeft;
    private const RegexOptions After = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // Words with another meaning in English are left out.
    private static readonly FrozenSet<string> Taking = (
        "mit durch bei für nach vor über unter zwischen aus gegen ohne bis seit je alle beide jede jeder jedes jeden kein keine nicht nie "
        + "kaum beinahe vielleicht eventuell schritt aufgabe frage seite zeile gleichung ordnung grad nummer kapitel tabelle "
        + "en dans avec par sur entre sans sous vers chez depuis pendant selon contre chaque tous toutes plusieurs presque jamais "
        + "aucun étape cas question page ordre degré numéro ligne "
        + "con por para sobre bajo hasta desde según cada todos todas casi quizás nunca ni paso caso pregunta página orden grado número "
        + "tra fra senza quasi forse ogni tutti tutte passo ordine numero "
        + "com sem quase talvez nem passo ordem grau "
        + "van door voor onder tussen zonder elke geen niet bijna misschien stap").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Verbs and words for a total behind which a number is stated, even where nothing stands before them.
    private static readonly FrozenSet<string> Stating = (
        "hat haben sind ist ergibt ergeben erhält erhalten insgesamt zusammen gibt macht kostet kosten bleiben bleibt also somit "
        + "ont est sont fait font donne obtient trouve reste restent coûte avait "
        + "hay tiene tienen es son hace hacen queda quedan obtenemos cuesta gana "
        + "ha hanno sono è fa fanno costa restano há tem têm são é custa ficam heeft hebben zijn kost").Split(' ')
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a word states the number behind it.</summary>
    /// <param name="word">The word.</param>
    /// <param name="before">What stands before it.</param>
    public static bool States(string word, string before) => Stating.Contains(word) || word is "a" && Subject().IsMatch(before);

    // il a, il y a
    [GeneratedRegex(@"(?:^|[^\p{L}])(?:il|elle|on|y|qui)\s*$", Before)]
    private static partial Regex Subject();

    /// <summary>Whether the number between these texts is a part of another claim.</summary>
    /// <param name="before">The clause up to the number.</param>
    /// <param name="after">The sentence behind it.</param>
    public static bool Takes(string before, string after)
    {
        before = before.TrimEnd(' ', '$', '*', '(', '\\');
        var start = before.Length;
        while (start > 0 && (char.IsLetter(before[start - 1]) || before[start - 1] is '\'' or '’')) start--;
        if (start < before.Length && Taking.Contains(before[start..]) && !Amount().IsMatch(after)) return true;
        return Bound().IsMatch(before) || Part().IsMatch(before) || Condition().IsMatch(before) || Others().IsMatch(before)
            || Denied().IsMatch(after) || Determiner().IsMatch(before) && Noun().IsMatch(after);
    }

    // um 4 Uhr, für 4 Euro, dans 4 jours: when, how much, how long
    [GeneratedRegex(
        @"^\s*(?:€|\\?%|euros?\b|uhr\b|cent\b|prozent\b|stunden?\b|minuten?\b|tagen?\b|jahren?\b|heures?\b|jours?\b|ans\b|minutes\b|pour\s?cent\b"
        + @"|horas?\b|días?\b|años?\b|minutos\b|dólares\b|ore\b|giorni\b|anni\b|dias?\b|anos\b|uur\b|dagen\b|jaar\b|km\b|cm\b|m\b|kg\b)", After)]
    private static partial Regex Amount();

    [GeneratedRegex(
        @"(?:^|[^\p{L}])(?:mindestens|höchstens|weniger\s+als|mehr\s+als|größer\s+als|kleiner\s+als|ungleich|au\s+moins|au\s+plus|plus\s+(?:\w+\s+)?(?:que|de)|moins\s+(?:que|de)"
        + @"|al\s+menos|como\s+máximo|más\s+de|menos\s+de|mayor\s+que|menor\s+que|almeno|al\s+massimo|(?:più|meno)\s+di|pelo\s+menos|no\s+máximo"
        + @"|mais\s+de|ten\s+minste|minder\s+dan|meer\s+dan|no\s+es|n['’]est\s+pas|non\s+è|não\s+é|ist\s+nicht|sind\s+nicht|is\s+niet|pas)$", Before)]
    private static partial Regex Bound();

    // die Hälfte von, la racine de, un múltiplo de
    [GeneratedRegex(
        @"(?:hälfte|wurzel|quadrat|vielfaches|teiler|menge|gruppe|folge|moitié|racine|carré|multiple|diviseur|ensemble|groupe|suite|mitad|raíz|cuadrado"
        + @"|múltiplo|divisor|conjunto|grupo|metà|radice|quadrato|insieme|gruppo|metade|raiz|quadrado|eine[rs]?|l['’]une?|\d)\s+(?:von|de|di|aus|des)$", Before)]
    private static partial Regex Part();

    [GeneratedRegex(
        @"(?:^|[^\p{L}])(?:wenn|falls|angenommen|nehmen\s+wir\s+an|sei|ob|supposons|soit|si\s+(?:n|x|y|on|l['’]on|nous|vous|il|elle|la|le|el|los|hay|fuera|tenemos)|supongamos|supponiamo|suponha|stel)\s[^,]*$", Before)]
    private static partial Regex Condition();

    [GeneratedRegex(
        @"(?:^|[^\p{L}])(?:andere|jemand|manche|einige|viele|mein\s+freund|meine\s+freundin|das\s+buch|der\s+lehrer|d['’]autres|les\s+autres"
        + @"|quelqu['’]un|mon\s+ami|certains|le\s+livre|otros|alguien|algunos|mi\s+amigo|el\s+libro|altri|qualcuno|il\s+mio\s+amico|il\s+libro|outros|alguém)\s+"
        + @"(?:\p{L}+\s+){0,2}?(?:erhielt\w*|bekam\w*|haben|hat|sag\w+|denk\w+|meint?\w*|fand\w*|glaub\w+|ont|a|dit|disent|trouv\w+|obtien\w+|pens\w+|obtuv\w+"
        + @"|dice\w*|dicen|piensa\w*|dicono|hanno|ottenuto|trovato|disse\w*|acha\w*)\b[^.,;]*$", Before)]
    private static partial Regex Others();

    [GeneratedRegex(
        @"^\s*(?:ist|sind|war|wäre)\s+(?:falsch|keine?|nicht|zu\s|gerade|ungerade|prim|eine\s+primzahl)|^\s*(?:n['’](?:est|était)|est\s+(?:faux|fausse|trop|pair|impair|premier"
        + @"|un\s+nombre))|^\s*(?:no\s+es|es\s+(?:falso|incorrecto|par|impar|primo|un\s+número|demasiado))|^\s*(?:non\s+è|è\s+(?:falso|sbagliato|pari|dispari|primo))"
        + @"|^\s*(?:não\s+é|é\s+(?:falso|errado|par|ímpar|primo))|^\s*(?:is\s+(?:niet|fout|geen))"
        + @"|^\s*(?:oder\s+(?:mehr|weniger)|ou\s+(?:plus|moins)|o\s+(?:más|menos|più|meno)|ou\s+(?:mais|menos)|of\s+(?:meer|minder))\b", After)]
    private static partial Regex Denied();

    [GeneratedRegex(
        @"(?:^|[^\p{L}])(?:die|der|den|dem|diese[nrms]?|ersten|letzten|anderen|übrigen|les|des|ces|ses|premiers|derniers|autres|los|las|estos|estas|primeros|primeras"
        + @"|i|gli|le|questi|queste|primi|prime|os|as|estes|estas|primeiros|de\s+eerste)$", Before)]
    private static partial Regex Determiner();

    [GeneratedRegex(@"^\s+\p{L}{3,}", After)]
    private static partial Regex Noun();
}
