using System.Collections.Frozen;

namespace R1Cloud.Rewards.Language;

/// <summary>The commonest words of languages that share a script, and letters that only some of them write.</summary>
internal static class FunctionWords
{
    private static readonly Dictionary<string, (Script Script, string Words, string Letters)> Lists = new()
    {
        ["en"] = (Script.Latin,
            "the of and to in is that it was for on are with as his they be at this have from or had by but not what all were we when "
            + "your can said there use an each which she do how their if will up other about out many then them these so some her would "
                + "make like him into time has look two more go see no way could my than first been who its now find did get come made "
                    + "may part i you he me us our am any because does such only where after also just most should must let a "
            + "zero three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
                + "twenty thirty forty fifty sixty seventy eighty ninety hundred thousand plus minus times equals", ""),
        ["de"] = (Script.Latin,
            "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach "
            + "wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde "
                + "sei ich wir ihr wenn kann ihre dann unter soll dieser diese alle schon hier muss sehr", "äöüß"),
        ["fr"] = (Script.Latin,
            "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont ou avec son aux cette mais "
            + "comme on tout nous sa ses leur elle même ces été fait ainsi donc alors je vous ils deux peut entre sans où très c'est être "
                + "avoir faire si bien", "çœèêàâûîëï"),
        ["es"] = (Script.Latin,
            "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este ya "
            + "entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo han yo hay vez puede "
                + "todos así nos ni parte tiene él uno donde entonces", "ñ¿¡áíóú"),
        ["pt"] = (Script.Latin,
            "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando "
            + "muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles "
                + "estão você tinha foram essa num nem suas meu então são", "ãõçáêô"),
        ["it"] = (Script.Latin,
            "di e il la che in a per un è del non le si una i con da sono al ma della come anche nel alla lo più gli dei ha ci o se delle "
            + "su essere questo quella mi era cui dal io nella stato tra loro due degli hanno fatto perché quando solo dopo molto suo sua "
                + "tutti così può quindi poi abbiamo", "èàùìò"),
        ["nl"] = (Script.Latin,
            "de het een van en in is dat op te zijn met voor niet aan er om ook als dan maar bij uit nog naar heeft ze hij wordt deze "
            + "door over was werd kan wel geen hebben zo ik we je of wat worden meer die dit tot moet zou hun haar onder veel alleen eerst",
                "ĳ"),
        ["pl"] = (Script.Latin,
            "i w na z do się nie to że jest o a jak po co za od tak ale czy przez był dla już tylko jego są być może oraz ich przy które "
            + "który która tym także go jej było więc kiedy może mamy ten ta pod nad", "ąćęłńśźż"),
        ["sv"] = (Script.Latin,
            "och i att det som en på är av för med den till inte har de ett om han men var jag sig från vi så kan när man nu skall eller "
            + "ut än över också efter upp vad under hade här måste blir alla detta", "åäö"),
        ["fi"] = (Script.Latin,
            "ja on ei että se hän oli en ole mutta kun niin ovat sen joka myös kuin hänen voi tai minä mitä nyt vain ne olla jos sitä "
            + "kanssa siitä mukaan jo sitten tämä jotka ennen vielä koska sekä me tämän", "äö"),
        ["vi"] = (Script.Latin,
            "là và của có được cho không trong một các với người này đã những để khi từ đến ra như về cũng vào lại còn nhiều thì tôi "
            + "chúng nếu bạn hay hôm nay ngày trời đi nên ta anh chị em ông bà nhà việc làm mà lúc sau trước trên dưới rất đang sẽ vì "
                + "nhưng hoặc nào gì ai đâu thế kia bằng đều phải đó theo hai ba số bài toán tính tổng",
                    "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĩũ"),
        ["sw"] = (Script.Latin,
            "na ya wa kwa ni katika la za kuwa cha hii au kama yake hiyo huo lakini pia watu sana zaidi baada kutoka hadi wake kila moja "
            + "mimi yetu wao hivyo ili tu sisi wewe yeye", ""),
        ["ru"] = (Script.Cyrillic,
            "и в не на что он с как это по но из у за так же от вы бы для мы я она к его до или если только когда был было есть уже чтобы "
            + "этот все они то их где нет да", "ыэё"),
        ["uk"] = (Script.Cyrillic,
            "і в не на що він з як це та до у за але від для ми я вона його або якщо тільки коли був було є вже щоб цей всі вони їх де ні "
            + "так ти про", "іїєґ"),
        ["bg"] = (Script.Cyrillic,
            "и в не на че той с като това се от да за по но е са ще до или ако само когато беше има вече този всички те им къде няма аз "
            + "ние тя му при който която които", "ъ"),
        ["hi"] = (Script.Devanagari,
            "के में की है यह और से को का पर इस हैं कि एक ने वह नहीं हो था कर भी जो तो या लिए गया अपने हम मैं थे थी", ""),
        ["mr"] = (Script.Devanagari,
            "आहे आणि या च्या ही हा ते होते मध्ये नाही तो ती हे एक आहेत केले असे काही होता पण त्या आपल्या साठी म्हणून मी", "ळ"),
        ["ne"] = (Script.Devanagari, "छ को मा र हो यो पनि भएको गर्न लागि छन् थियो गरेको तर हुन् एक यस भने हुन्छ गरे उनले बाट ले म", ""),
    };

    private static readonly (string Language, Script Script, FrozenSet<string> Words, FrozenSet<char> Letters)[] Sets =
        [.. Lists.Select(list =>
            (list.Key, list.Value.Script, list.Value.Words.Split(' ').ToFrozenSet(StringComparer.Ordinal),
                list.Value.Letters.ToFrozenSet()))];

    /// <summary>Whether languages of this script are told apart by words.</summary>
    public static bool Distinguish(Script script) => script is Script.Latin or Script.Cyrillic or Script.Devanagari;

    /// <summary>How much speaks for each language of a script: one a word in its list, one a word with a letter of its own.</summary>
    public static IReadOnlyList<(string Language, int Score)> Score(IEnumerable<string> words, Script script)
    {
        var scores = new int[Sets.Length];
        foreach (var word in words)
        {
            for (var i = 0; i < Sets.Length; i++)
            {
                if (Sets[i].Script != script) continue;
                if (Sets[i].Words.Contains(word)) scores[i]++;
                if (Sets[i].Letters.Count > 0 && word.Any(Sets[i].Letters.Contains)) scores[i]++;
            }
        }
        return [.. Sets.Select((set, i) => (set.Language, set.Script, Score: scores[i])).Where(set => set.Script == script)
            .Select(set => (set.Language, set.Score))];
    }
}
