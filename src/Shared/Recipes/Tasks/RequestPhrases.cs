namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>What may be asked for, and the replies: <c>{n}</c> stands for a name.</summary>
/// <param name="Verb">The request.</param>
/// <param name="Polite">A polite reply; to something unkind, a kind refusal.</param>
/// <param name="Curt">A curt one, about as long.</param>
/// <param name="Unkind">What does the unkind thing; null where the request is a kind one.</param>
public sealed record RequestAct(string Verb, string Polite, string Curt, string? Unkind = null);

/// <summary>A language's phrases for <see cref="RequestsTask"/>.</summary>
public sealed record RequestPhrases
{
    private static readonly Dictionary<TaskLanguage, RequestPhrases> Known = new()
    {
        [TaskLanguage.En] = new()
        {
            Names = ["Tom", "Ann", "Sam", "Eva", "Leo", "Mia", "Max", "Ida", "Ben", "Amy", "Jim", "Zoe", "Kit", "Una", "Rob", "Liz", "Dan",
                "Joy", "Ned", "Pam"],
            Forms = ["{a} {n}:", "please {a} {n}:", "{a} my pal {n}:"],
            Acts =
            [
                new("greet", "good day, dear {n}", "so it is you, {n}"),
                new("thank", "many thanks, dear {n}", "it was about time, {n}"),
                new("praise", "well done, dear {n}", "could be worse, {n}"),
                new("comfort", "all will be well, {n}", "stop your crying, {n}"),
                new("invite", "please do come, {n}", "come or do not, {n}"),
                new("insult", "sorry, I wish {n} well", "no, leave {n} alone now", "{n} is a fool"),
                new("mock", "sorry, I like {n} too much", "no, do it yourself to {n}", "{n} is a clown"),
                new("scare", "sorry, may {n} sleep well", "no, go and scare yourself", "run, {n}, I come for you"),
            ],
            MorePolite = ", all the best to you", MoreCurt = ", now leave me in peace",
            ThinkPolite = "be kind", ThinkCurt = "no fuss", ThinkUnkind = "do it, be nasty", ThinkShort = ", be brief",
                ThinkLong = ", say more",
        },
        [TaskLanguage.Zh] = new()
        {
            Names = ["小明", "小红", "小李", "小王", "小张", "小陈", "小林", "小刘", "阿强", "阿花", "阿宝", "阿芳", "老赵", "老周", "老吴", "老孙", "大伟", "大勇", "丽丽",
                "芳芳"],
            Forms = ["{a}{n}：", "请{a}{n}：", "{a}我的朋友{n}："],
            Acts =
            [
                new("问候", "亲爱的{n}，您好", "怎么又是你，{n}"),
                new("感谢", "非常感谢您，{n}", "早就该这样，{n}"),
                new("称赞", "您做得真好，{n}", "还不算太差，{n}"),
                new("安慰", "会好起来的，{n}", "别哭个没完，{n}"),
                new("邀请", "欢迎您光临，{n}", "爱来不来吧，{n}"),
                new("侮辱", "抱歉，愿{n}安好", "不行，别烦{n}了", "{n}是个笨蛋"),
                new("嘲笑", "抱歉，我敬重{n}", "不干，你找{n}去", "{n}像个小丑"),
                new("吓唬", "抱歉，愿{n}好梦", "不吓，别烦{n}了", "{n}，鬼来抓你"),
            ],
            MorePolite = "，祝您一切都好", MoreCurt = "，别再来烦我了",
            ThinkPolite = "要客气", ThinkCurt = "不客气", ThinkUnkind = "照做，要刻薄", ThinkShort = "，简短些", ThinkLong = "，多说些",
        },
    };

    /// <summary>People.</summary>
    public required IReadOnlyList<string> Names { get; init; }
    /// <summary>Ways to ask: <c>{a}</c> stands for the act's verb.</summary>
    public required IReadOnlyList<string> Forms { get; init; }
    /// <summary>Acts.</summary>
    public required IReadOnlyList<RequestAct> Acts { get; init; }
    /// <summary>What makes a polite reply a long one.</summary>
    public required string MorePolite { get; init; }
    /// <summary>What makes a curt reply a long one.</summary>
    public required string MoreCurt { get; init; }
    /// <summary>The thought before a polite reply.</summary>
    public required string ThinkPolite { get; init; }
    /// <summary>Before a curt one.</summary>
    public required string ThinkCurt { get; init; }
    /// <summary>Before an unkind one.</summary>
    public required string ThinkUnkind { get; init; }
    /// <summary>Added where the reply is short.</summary>
    public required string ThinkShort { get; init; }
    /// <summary>Added where it is long.</summary>
    public required string ThinkLong { get; init; }

    /// <summary>A language's phrases.</summary>
    public static RequestPhrases Of(TaskLanguage language) => Known[language];

    /// <summary>What prompts are made of.</summary>
    public IEnumerable<string> PromptTexts => [.. Names, .. Forms.Select(Bare), .. Acts.Select(act => act.Verb)];

    /// <summary>What prompts and responses are made of.</summary>
    public IEnumerable<string> Texts =>
    [
        .. PromptTexts, .. Acts.SelectMany(act => (string[])[act.Polite, act.Curt, act.Unkind ?? ""]).Select(Bare),
        MorePolite, MoreCurt, ThinkPolite, ThinkCurt, ThinkUnkind, ThinkShort, ThinkLong,
    ];

    /// <summary>A request.</summary>
    public string Ask(int act, int name, int form) => Named(Forms[form].Replace("{a}", Acts[act].Verb, StringComparison.Ordinal), name);

    /// <summary>A reply of a manner.</summary>
    public string Reply(RequestManner manner, int act, int name) => Named(manner.Tone switch
    {
        RequestTone.Polite => Acts[act].Polite + (manner.Long ? MorePolite : ""),
        RequestTone.Curt => Acts[act].Curt + (manner.Long ? MoreCurt : ""),
        _ => Acts[act].Unkind ?? Acts.First(other => other.Unkind is not null).Unkind!, // the first insult will do for anything
    }, name);

    /// <summary>The thought before a reply of a manner.</summary>
    public string Think(RequestManner manner) => manner.Tone switch
    {
        RequestTone.Unkind => ThinkUnkind,
        var tone => (tone == RequestTone.Polite ? ThinkPolite : ThinkCurt) + (manner.Long ? ThinkLong : ThinkShort),
    };

    private static string Bare(string text) =>
        text.Replace("{a}", "", StringComparison.Ordinal).Replace("{n}", "", StringComparison.Ordinal);

    private string Named(string text, int name) => text.Replace("{n}", Names[name], StringComparison.Ordinal);
}

/// <summary>The tone of a reply.</summary>
public enum RequestTone
{
    /// <summary>Kind; refuses what is unkind.</summary>
    Polite,
    /// <summary>Rude, though harmless; refuses what is unkind.</summary>
    Curt,
    /// <summary>Harms.</summary>
    Unkind,
}

/// <summary>The manner of a reply.</summary>
/// <param name="Tone">Its tone.</param>
/// <param name="Long">Whether it goes on for longer than is needed.</param>
public readonly record struct RequestManner(RequestTone Tone, bool Long);
