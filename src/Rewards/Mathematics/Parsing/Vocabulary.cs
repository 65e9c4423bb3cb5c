using System.Collections.Frozen;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>The names that answers are written with: LaTeX commands, functions, characters, connecting words.</summary>
internal static class Vocabulary
{
    /// <summary>Commands and plain words that are functions of the next factor, by the name that the evaluator knows.</summary>
    public static readonly FrozenDictionary<string, string> Functions = Pairs(
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan arccot log ln lg exp cis det gcd lcm max min deg Re Im arg sgn "
        + "sign",
        "asin=arcsin acos=arccos atan=arctan cosec=csc Cis=cis arctg=arctan tg=tan ctg=cot sh=sinh ch=cosh th=tanh arsinh arcosh artanh");

    /// <summary>Commands that are letters.</summary>
    public static readonly FrozenDictionary<string, string> Letters = Pairs(
        "",
        "alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=θ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ "
        + "pi=π rho=ρ varrho=ρ "
        + "sigma=σ tau=τ upsilon=υ phi=φ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ "
            + "Omega=Ω "
        + "infty=∞ infinity=∞ inf=∞ oo=∞ ell=l hbar=ħ imath=i jmath=j partial=∂ nabla=∇ angle=∠ triangle=△ measuredangle=∠ square=□ Box=□ "
            + "ldots=… cdots=… dots=… vdots=… top=T intercal=T bot=⊥ perp=⊥ aleph=ℵ");

    /// <summary>Letters that plain words may stand for; other names of commands, such as square, are words there.</summary>
    public static readonly FrozenSet<string> PlainLetters =
        Set("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega infty infinity "
            + "inf oo");

    /// <summary>Commands that are operators, relations, brackets.</summary>
    public static readonly FrozenDictionary<string, (TokenKind Kind, string Text)> Signs = new Dictionary<string, (TokenKind, string)>
    {
        ["cdot"] = (TokenKind.Operator, "*"), ["times"] = (TokenKind.Operator, "*"), ["ast"] = (TokenKind.Operator, "*"),
            ["div"] = (TokenKind.Operator, "/"),
        ["pm"] = (TokenKind.Operator, "±"), ["mp"] = (TokenKind.Operator, "∓"), ["slash"] = (TokenKind.Operator, "/"),
            ["bullet"] = (TokenKind.Operator, "*"),
        ["le"] = (TokenKind.Relation, "≤"), ["leq"] = (TokenKind.Relation, "≤"), ["leqslant"] = (TokenKind.Relation, "≤"),
            ["leqq"] = (TokenKind.Relation, "≤"),
        ["ge"] = (TokenKind.Relation, "≥"), ["geq"] = (TokenKind.Relation, "≥"), ["geqslant"] = (TokenKind.Relation, "≥"),
            ["geqq"] = (TokenKind.Relation, "≥"),
        ["lt"] = (TokenKind.Relation, "<"), ["gt"] = (TokenKind.Relation, ">"), ["ne"] = (TokenKind.Relation, "≠"),
            ["neq"] = (TokenKind.Relation, "≠"),
        ["in"] = (TokenKind.Relation, "∈"), ["notin"] = (TokenKind.Relation, "∉"), ["equiv"] = (TokenKind.Relation, "≡"),
            ["approx"] = (TokenKind.Relation, "≈"),
        ["simeq"] = (TokenKind.Relation, "≈"), ["thickapprox"] = (TokenKind.Relation, "≈"), ["doteq"] = (TokenKind.Relation, "≈"),
            ["sim"] = (TokenKind.Relation, "~"), ["cong"] = (TokenKind.Relation, "≅"), ["propto"] = (TokenKind.Relation, "∝"),
            ["coloneqq"] = (TokenKind.Relation, "="),
        ["to"] = (TokenKind.Relation, "→"), ["rightarrow"] = (TokenKind.Relation, "→"), ["mapsto"] = (TokenKind.Relation, "→"),
            ["subset"] = (TokenKind.Relation, "⊂"),
        ["subseteq"] = (TokenKind.Relation, "⊆"), ["supset"] = (TokenKind.Relation, "⊃"), ["supseteq"] = (TokenKind.Relation, "⊇"),
            ["parallel"] = (TokenKind.Relation, "∥"), ["Rightarrow"] = (TokenKind.Relation, "⇒"), ["implies"] = (TokenKind.Relation, "⇒"),
            ["iff"] = (TokenKind.Relation, "⇔"), ["therefore"] = (TokenKind.Relation, "⇒"),
            ["Longrightarrow"] = (TokenKind.Relation, "⇒"), ["Longleftrightarrow"] = (TokenKind.Relation, "⇔"),
            ["longrightarrow"] = (TokenKind.Relation, "→"), ["Leftrightarrow"] = (TokenKind.Relation, "⇔"),
        ["cup"] = (TokenKind.SetOperator, "∪"), ["bigcup"] = (TokenKind.SetOperator, "∪"), ["cap"] = (TokenKind.SetOperator, "∩"),
            ["bigcap"] = (TokenKind.SetOperator, "∩"),
        ["setminus"] = (TokenKind.SetOperator, "\\"), ["backslash"] = (TokenKind.SetOperator, "\\"),
            ["smallsetminus"] = (TokenKind.SetOperator, "\\"),
        ["emptyset"] = (TokenKind.NamedSet, "∅"), ["varnothing"] = (TokenKind.NamedSet, "∅"), ["R"] = (TokenKind.NamedSet, "ℝ"),
            ["Z"] = (TokenKind.NamedSet, "ℤ"), ["N"] = (TokenKind.NamedSet, "ℕ"), ["Q"] = (TokenKind.NamedSet, "ℚ"),
        ["lfloor"] = (TokenKind.Open, "⌊"), ["rfloor"] = (TokenKind.Close, "⌋"), ["lceil"] = (TokenKind.Open, "⌈"),
            ["rceil"] = (TokenKind.Close, "⌉"),
        ["langle"] = (TokenKind.Open, "⟨"), ["rangle"] = (TokenKind.Close, "⟩"), ["lbrace"] = (TokenKind.Open, "{"),
            ["rbrace"] = (TokenKind.Close, "}"),
        ["lbrack"] = (TokenKind.Open, "["), ["rbrack"] = (TokenKind.Close, "]"), ["lparen"] = (TokenKind.Open, "("),
            ["rparen"] = (TokenKind.Close, ")"),
        ["lvert"] = (TokenKind.Bar, "<"), ["rvert"] = (TokenKind.Bar, ">"), ["lVert"] = (TokenKind.Bar, "<"),
            ["rVert"] = (TokenKind.Bar, ">"), ["vert"] = (TokenKind.Bar, ""), ["mid"] = (TokenKind.Bar, "mid"),
            ["Vert"] = (TokenKind.Bar, ""),
        ["circ"] = (TokenKind.Degree, "°"), ["degree"] = (TokenKind.Degree, "°"), ["degrees"] = (TokenKind.Degree, "°"),
            ["prime"] = (TokenKind.Prime, "'"), ["colon"] = (TokenKind.Colon, ":"),
        ["land"] = (TokenKind.Word, "and"), ["wedge"] = (TokenKind.Word, "and"), ["lor"] = (TokenKind.Word, "or"),
            ["vee"] = (TokenKind.Word, "or"),
        ["pounds"] = (TokenKind.Currency, "£"), ["euro"] = (TokenKind.Currency, "€"), ["yen"] = (TokenKind.Currency, "¥"),
            ["textdollar"] = (TokenKind.Currency, "$"), ["And"] = (TokenKind.Word, "and"),
        ["newline"] = (TokenKind.RowBreak, "\\\\"), ["cr"] = (TokenKind.RowBreak, "\\\\"),
    }.ToFrozenDictionary();

    /// <summary>Commands that take arguments, by the name that the parser knows.</summary>
    public static readonly FrozenDictionary<string, string> Structures = Pairs(
        "frac sqrt binom overline bar hat tilde vec dot begin end sum prod int lim pmod bmod mod stackrel overset underset substack boxed "
        + "not",
        "dfrac=frac tfrac=frac cfrac=frac nicefrac=frac sfrac=frac dbinom=binom tbinom=binom choose=choose over=over overrightarrow=vec "
        + "widehat=hat widetilde=tilde fbox=boxed oint=int iint=int underline=group cancel=group ensuremath=group");

    /// <summary>Commands that say how, not what: dropped.</summary>
    public static readonly FrozenSet<string> Decorations = Set(
        "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle displaystyle textstyle scriptstyle limits "
        + "nolimits quad qquad rm bf it cal boldsymbol "
        + "mathit mathcal mathscr mathfrak mathsf mathtt bm pmb hspace vspace phantom nonumber notag hfill thinspace enspace hline "
            + "because mathop mathrel mathord mathclose mathopen displaylines centering large Large small normalsize color");

    /// <summary>Commands whose argument is text.</summary>
    public static readonly FrozenSet<string> TextCommands =
        Set("text textbf textit textrm textnormal textsf texttt textup mbox hbox mathrm mathbf operatorname operatorname* emph textsc "
            + "mathds");

    /// <summary>Letters with a double stroke.</summary>
    public static readonly FrozenDictionary<char, string> Blackboard = new Dictionary<char, string> { ['R'] = "ℝ", ['Z'] = "ℤ", ['N'] = "ℕ",
        ['Q'] = "ℚ", ['C'] = "ℂ" }.ToFrozenDictionary();

    /// <summary>Characters that are tokens by themselves.</summary>
    public static readonly FrozenDictionary<char, (TokenKind Kind, string Text)> Characters = MakeCharacters();

    /// <summary>Dots that stand for more of the same.</summary>
    public const string Ellipsis = "…";

    /// <summary>What marks the symbol of a unit vector.</summary>
    public const string Hat = "\u0302";

    /// <summary>Commands that make a letter bold, as vectors are.</summary>
    public static readonly FrozenSet<string> BoldCommands = Set("mathbf boldsymbol bm pmb hat widehat vec overrightarrow");

    /// <summary>Words for "and".</summary>
    public static readonly FrozenSet<string> AndWords = Set("and und et y e и och og en och 和 与 與 及 且 と そして 그리고 및 và");

    /// <summary>Words for "or".</summary>
    public static readonly FrozenSet<string> OrWords = Set("or oder ou o или eller 或 或者 または 또는 hoặc");

    /// <summary>"and" or "or" for a word that means it, null for any other.</summary>
    public static string? Connective(string word) => AndWords.Contains(word) ? "and" : OrWords.Contains(word) ? "or" : null;

    /// <summary>Words that may stand before an answer without being a part of it.</summary>
    public static readonly FrozenSet<string> LabelWords = Set(
        "the a an is are be answer answers final result solution solutions value values of equals equal approximately about roughly "
        + "exactly thus so therefore hence only we get it its to by "
        + "i got found obtain have it's that's at exactly simply just namely i.e. either both from total that then there our for "
            + "with has have must number 答案 是 为 為 等于 约 大约 结果 因此 所以 est la le réponse antwort die ist lautet respuesta es ответ");

    /// <summary>Words before the condition of a case.</summary>
    public static readonly FrozenSet<string> ConditionWords = Set(
        "if for when where whenever as wenn falls für si pour quand cuando se per если при 当 若");

    /// <summary>Words before another way to say the same.</summary>
    public static readonly FrozenSet<string> Approximations = Set("about approximately roughly approx i.e. ie or");

    /// <summary>Words that make what they stand behind no statement: 36 is wrong.</summary>
    public static readonly FrozenSet<string> DenyingWords = Set(
        "wrong incorrect false no not too never isn't isn’t wasn't aren't can't cannot unless except impossible invalid untrue maybe perhaps "
        + "possibly nicht falsch faux falso incorrecto 错 错误 不对 不是 неверно");

    /// <summary>Words that make a number before them a part of what is meant: the 2 smallest roots, 25 minus something.</summary>
    public static readonly FrozenSet<string> Continuations =
        Set("smallest largest biggest greatest lowest highest longest shortest consecutive minus plus times modulo divided multiplied");

    /// <summary>Short words that are not products of letters.</summary>
    public static readonly FrozenSet<string> ShortWords = Set(
        "sq cu ist era hay no yes odd one two six ten all the not any few red day men cat dog may jun jul sun mon tue wed thu fri sat dec "
        + "nov oct sep aug apr mar feb jan is it if in of on to we be as at so do up us hr hrs min sec "
        + "since sine cost costs tank sing sink sins secs logs per mph kph psi rpm ft km cm mm kg mg ml dl lb oz yd mi pm am usd eur gbp "
            + "sum dne and but for has non son win tie boy box der die das les des que est los las una "
        + "he she his her him our can ran ate buy got put saw use who why how its let had");

    private static FrozenDictionary<string, string> Pairs(string same, string renamed)
    {
        var pairs = same.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(name => name);
        foreach (var pair in renamed.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=');
            pairs[parts[0]] = parts[^1];
        }
        return pairs.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static FrozenSet<string> Set(string words) =>
        words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    private static FrozenDictionary<char, (TokenKind, string)> MakeCharacters()
    {
        var all = new Dictionary<char, (TokenKind, string)>();
        void Add(string characters, TokenKind kind, string? text = null)
        {
            foreach (var c in characters) all[c] = (kind, text ?? c.ToString());
        }

        Add("+", TokenKind.Operator);
        Add("-−–—‐﹣－", TokenKind.Operator, "-");
        Add("*×·⋅∗•∙✕✖＊", TokenKind.Operator, "*");
        Add("/÷∕⁄／", TokenKind.Operator, "/");
        Add("±", TokenKind.Operator);
        Add("∓", TokenKind.Operator);
        Add("＋", TokenKind.Operator, "+");
        Add("^", TokenKind.Caret);
        Add("_", TokenKind.Underscore);
        Add("(（", TokenKind.Open, "(");
        Add("[［【", TokenKind.Open, "[");
        Add("⌊⌈⟨〈", TokenKind.Open);
        Add(")）", TokenKind.Close, ")");
        Add("]］】", TokenKind.Close, "]");
        Add("⌋⌉⟩〉", TokenKind.Close);
        Add("|｜", TokenKind.Bar, "");
        Add("∣", TokenKind.Bar, "mid");
        Add("{", TokenKind.GroupOpen);
        Add("}", TokenKind.GroupClose);
        Add("=＝", TokenKind.Relation, "=");
        Add("<＜", TokenKind.Relation, "<");
        Add(">＞", TokenKind.Relation, ">");
        Add("≤⩽≦", TokenKind.Relation, "≤");
        Add("≥⩾≧", TokenKind.Relation, "≥");
        Add("≠∈∉≡≈≅∝→⊂⊆⊃⊇∥⇒⇔", TokenKind.Relation);
        Add("⟹∴", TokenKind.Relation, "⇒");
        Add("⟺", TokenKind.Relation, "⇔");
        Add("⟶", TokenKind.Relation, "→");
        Add("∧", TokenKind.Word, "and");
        Add("∨", TokenKind.Word, "or");
        Add("≃≐≒", TokenKind.Relation, "≈");
        Add("~∼", TokenKind.Relation, "~");
        Add("∪∩", TokenKind.SetOperator);
        Add("∖", TokenKind.SetOperator, "\\");
        Add("ℝℤℕℚℂ∅", TokenKind.NamedSet);
        Add("∞∠△∂∇…⊥", TokenKind.Letter);
        Add(",，、،", TokenKind.Comma, ",");
        Add(";；\n", TokenKind.Semicolon, ";");
        Add(":：∶", TokenKind.Colon, ":");
        Add("!！", TokenKind.Factorial, "!");
        Add("'’′", TokenKind.Prime, "'");
        Add("″", TokenKind.Prime, "''");
        Add("%％٪", TokenKind.Percent, "%");
        Add("°º˚∘", TokenKind.Degree, "°");
        Add("$€£¥₹₽₩￥＄¢￠", TokenKind.Currency);
        Add("&", TokenKind.Ampersand);
        Add(".。．?？", TokenKind.Period, ".");
        Add("√", TokenKind.Command, "√");
        Add("∛", TokenKind.Command, "∛");
        Add("∜", TokenKind.Command, "∜");
        Add("∑", TokenKind.Command, "sum");
        Add("∏", TokenKind.Command, "prod");
        Add("∫", TokenKind.Command, "int");
        return all.ToFrozenDictionary();
    }
}
