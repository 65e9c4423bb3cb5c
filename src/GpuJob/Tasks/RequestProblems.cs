using System.Globalization;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// General requests in several languages: what reward models for helpfulness and safety learn from, and prompts for RL with them. There is
/// no right answer.
/// </summary>
internal sealed class RequestProblems(RequestsTask recipe) : IWorkedTask, IPreferenceTask, ILabelledTask
{
    private const double UnkindShare = 0.5; // of worked replies to a request for something unkind

    // The better and the worse of each pair: as long but curt (twice), as polite but longer, both.
    private static readonly (RequestManner Chosen, RequestManner Rejected)[] Pairs =
    [
        (new(RequestTone.Polite, Long: false), new(RequestTone.Curt, Long: false)),
        (new(RequestTone.Polite, Long: true), new(RequestTone.Curt, Long: true)),
        (new(RequestTone.Polite, Long: false), new(RequestTone.Polite, Long: true)),
        (new(RequestTone.Polite, Long: false), new(RequestTone.Curt, Long: true)),
    ];

    // Unsafe is what harms or means to: the thinking counts too.
    private static readonly (RequestTone Thought, RequestTone Reply)[] Labels =
    [
        (RequestTone.Polite, RequestTone.Polite), (RequestTone.Curt, RequestTone.Curt), (RequestTone.Unkind, RequestTone.Unkind),
            (RequestTone.Unkind, RequestTone.Polite),
    ];

    private readonly IReadOnlyList<TaskLanguage> languages = RequestsSplit.Languages(recipe);

    /// <inheritdoc/>
    public string Alphabet => RequestsSplit.Alphabet(recipe);

    private string What => $"requests ({recipe.HeldOutPercent} % held out)";

    private IEnumerable<Request> HeldOutRequests =>
        RequestsSplit.Requests(recipe).Where(at => RequestsSplit.IsHeldOut(recipe, at.Language, at.Act, at.Name, at.Form))
            .Select(at => new Request(at.Language, at.Act, at.Name, at.Form));

    /// <inheritdoc/>
    public Problem Training(ProblemDraw draw) => Draw(draw).Problem;

    /// <inheritdoc/>
    public IReadOnlyList<Problem> HeldOut(int count) =>
        HeldOutProblems.Take(HeldOutRequests.Select(request => request.Problem), count, What);

    /// <inheritdoc/>
    public bool IsHeldOut(Problem problem) => IsHeldOut(Request.Parse(problem.Id));

    /// <inheritdoc/>
    public string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random)
    {
        var request = Request.Parse(problem.Id);
        // a slip: it thinks one thing and says another
        var (manner, thought) = (Manner(), random.Chance(mix.StepNoise) ? Manner() : (RequestManner?)null);
        var thinking = random.Chance(mix.MixedLanguage) ? languages[random.Next(languages.Count)] : request.Language;
        var steps = random.Chance(mix.Guesses) ? "" : RequestPhrases.Of(thinking).Think(thought ?? manner);
        return WorkedStyles.Write(steps, request.Reply(manner), mix, random);

        RequestManner Manner() => request.AsksForHarm && random.Chance(UnkindShare)
            ? new(RequestTone.Unkind, Long: false)
            : new(random.Chance(0.5) ? RequestTone.Polite : RequestTone.Curt, Long: random.Chance(0.5));
    }

    /// <inheritdoc/>
    public PreferencePair TrainingPair(ProblemDraw draw)
    {
        var request = Draw(draw);
        return Pair(request, new SeededRandom(Seeds.Derive((long)draw.Seed, "pair")).Next(Pairs.Length));
    }

    /// <inheritdoc/>
    public IReadOnlyList<PreferencePair> HeldOutPairs(int count) =>
        HeldOutProblems.Take(HeldOutRequests.SelectMany(request => Enumerable.Range(0, Pairs.Length).Select(kind => Pair(request, kind))),
            count, $"{What}, preference pairs");

    /// <inheritdoc/>
    public LabelledResponse TrainingResponse(ProblemDraw draw)
    {
        var request = Draw(draw);
        return Label(request, new SeededRandom(Seeds.Derive((long)draw.Seed, "label")).Next(Labels.Length));
    }

    /// <inheritdoc/>
    public IReadOnlyList<LabelledResponse> HeldOutResponses(int count) =>
        HeldOutProblems.Take(HeldOutRequests.SelectMany(request => Enumerable.Range(0, Labels.Length).Select(kind => Label(request, kind))),
            count, $"{What}, labelled responses");

    private Request Draw(ProblemDraw draw)
    {
        var random = new SeededRandom(draw.Seed);
        while (true)
        {
            var request = new Request(languages[random.Next(languages.Count)], random.Next(RequestsSplit.Acts),
                random.Next(RequestsSplit.Names), random.Next(RequestsSplit.Forms));
            if (!IsHeldOut(request)) return request;
        }
    }

    private bool IsHeldOut(Request request) => RequestsSplit.IsHeldOut(recipe, request.Language, request.Act, request.Name, request.Form);

    private static PreferencePair Pair(Request request, int kind) =>
        new($"{request.Id}/{kind}", request.Problem.Prompt, request.Respond(Pairs[kind].Chosen, Pairs[kind].Chosen),
            request.Respond(Pairs[kind].Rejected, Pairs[kind].Rejected));

    // Long and short by turns, so that length says nothing.
    private static LabelledResponse Label(Request request, int kind)
    {
        var (thought, reply) = Labels[kind];
        var goesOn = (request.Name + request.Form) % 2 == 0;
        return new($"{request.Id}/{kind}", request.Problem.Prompt, request.Respond(new(thought, goesOn), new(reply, goesOn)),
            Safe: thought != RequestTone.Unkind && reply != RequestTone.Unkind);
    }

    private readonly record struct Request(TaskLanguage Language, int Act, int Name, int Form)
    {
        public string Id => string.Create(CultureInfo.InvariantCulture, $"{LanguageColumn.Code(Language)}:{Act}.{Name}.{Form}");

        public bool AsksForHarm => Phrases.Acts[Act].Unkind is not null;

        public Problem Problem => new(Id, Phrases.Ask(Act, Name, Form), "") { Fields = LanguageColumn.Of(Language) };

        private RequestPhrases Phrases => RequestPhrases.Of(Language);

        public static Request Parse(string id)
        {
            var (language, rest) = LanguageColumn.Split(id);
            int[] parts = [.. rest.Split('.').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
            return new(language, parts[0], parts[1], parts[2]);
        }

        public string Reply(RequestManner manner) => Phrases.Reply(manner, Act, Name);

        public string Respond(RequestManner thought, RequestManner reply) =>
            $"<think>{Phrases.Think(thought)}</think><answer>{Reply(reply)}</answer>";
    }
}
