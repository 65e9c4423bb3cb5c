using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>
/// Evaluates a Batch autoscale formula: the part of the language that infra/ uses, and nothing outside of it, so that a slip is found here
/// and not by the service. learn.microsoft.com/azure/batch/batch-automatic-scaling
/// </summary>
internal sealed class AutoscaleFormula(string formula)
{
    private const double SecondsPerSample = 30;
    private readonly Queue<string> tokens = new(Regex.Matches(formula, @"\$?[A-Za-z_]\w*|\d+(\.\d+)?|[<>=!]=|\S")
        .Select(match => match.Value));

    /// <summary>Samples of the service's metrics, latest first.</summary>
    public Dictionary<string, double[]> Samples { get; } = [];

    /// <summary>The service's plain variables before, and all that the formula set after.</summary>
    public Dictionary<string, double> Variables { get; } = [];

    public string? DeallocationOption { get; private set; }

    /// <exception cref="FormatException">The service would refuse it.</exception>
    public void Evaluate()
    {
        while (tokens.Count > 0)
        {
            var name = tokens.Dequeue();
            Expect("=");
            if (name == "$NodeDeallocationOption") DeallocationOption = tokens.Dequeue();
            else Variables[name] = Number(Choice());
            Expect(";");
        }
    }

    private object Choice()
    {
        var condition = Comparison();
        if (!Accept("?")) return condition;
        var yes = Choice();
        Expect(":");
        var no = Choice();
        return Number(condition) != 0 ? yes : no;
    }

    private object Comparison()
    {
        var left = Sum();
        if (Accept("<")) return Number(left) < Number(Sum()) ? 1.0 : 0.0;
        if (Accept(">")) return Number(left) > Number(Sum()) ? 1.0 : 0.0;
        return left;
    }

    private object Sum()
    {
        var left = Product();
        while (true)
        {
            if (Accept("+")) left = Number(left) + Number(Product());
            else if (Accept("-")) left = Number(left) - Number(Product());
            else return left;
        }
    }

    private object Product()
    {
        var left = Operand();
        while (Accept("*"))
            left = Operand() is TimeSpan interval
            ? interval * Number(left) : throw new FormatException("only intervals are multiplied here");
        return left;
    }

    private object Operand()
    {
        var token = tokens.Dequeue();
        if (double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        if (token == "TimeInterval_Minute") return TimeSpan.FromMinutes(1);
        if (Accept(".")) return Metric(token, tokens.Dequeue());
        if (Accept("(")) return Function(token, Arguments());
        return Variables.TryGetValue(token, out var value) ? value : throw new FormatException($"'{token}' is no variable");
    }

    private object Metric(string name, string method)
    {
        var samples = Samples.TryGetValue(name, out var known) ? known : throw new FormatException($"'{name}' has no samples");
        Expect("(");
        var argument = Arguments().Single();
        return (method, argument) switch
        {
            ("GetSample", double count) => samples[..Math.Min((int)count, samples.Length)],
            ("GetSample", TimeSpan back) => samples[..Math.Min((int)(back.TotalSeconds / SecondsPerSample), samples.Length)],
            ("GetSamplePercent", TimeSpan back) => Math.Min(100, 100 * samples.Length / (back.TotalSeconds / SecondsPerSample)),
            _ => throw new FormatException($"'{name}' has no {method}({argument})"),
        };
    }

    private static double Function(string name, List<object> arguments)
    {
        var values = arguments.SelectMany(argument => argument is double[] vector ? vector : [Number(argument)]).ToList();
        return name switch
        {
            "min" => values.Min(),
            "max" => values.Max(),
            "avg" => values.Average(),
            _ => throw new FormatException($"'{name}' is no function"),
        };
    }

    private List<object> Arguments()
    {
        var list = new List<object> { Choice() };
        while (Accept(",")) list.Add(Choice());
        Expect(")");
        return list;
    }

    private static double Number(object value) => value is double number ? number : throw new FormatException($"{value} is no number");

    private bool Accept(string token) => tokens.TryPeek(out var next) && next == token && tokens.TryDequeue(out _);

    private void Expect(string token)
    {
        if (!Accept(token)) throw new FormatException($"'{token}' is missing before '{(tokens.TryPeek(out var next) ? next : "the end")}'");
    }
}
