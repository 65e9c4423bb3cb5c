namespace R1Cloud.Pipeline.Model;

/// <summary>The names under which a run has figures.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stages">Its stages that have any, in order.</param>
public sealed record MetricNamesView(string RunId, IReadOnlyList<StageMetricNames> Stages);

/// <summary>The names of a stage's figures.</summary>
/// <param name="Stage">The stage's label.</param>
/// <param name="Rows">How many steps have figures.</param>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Names">The names, sorted.</param>
/// <param name="More">Whether names are left out because there are too many.</param>
public sealed record StageMetricNames(string Stage, int Rows, int First, int Last, IReadOnlyList<string> Names, bool? More = null);

/// <summary>Figures by name.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Cursor">What <c>Last-Event-ID</c> is to be so that the event stream sends only what came later.</param>
/// <param name="Series">A series for each stage and name.</param>
public sealed record MetricSeriesView(string RunId, string Cursor, IReadOnlyList<MetricSeries> Series);

/// <summary>One figure over the steps.</summary>
/// <param name="Stage">The stage's label.</param>
/// <param name="Name">The figure's name.</param>
/// <param name="Count">How many points there are in the range.</param>
/// <param name="Thinned">Whether some of them are left out here; greatest and least ones never are.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Values">The figures.</param>
/// <param name="Times">When they were recorded, in milliseconds since 1970 (UTC); only where asked for.</param>
public sealed record MetricSeries(string Stage, string Name, int Count, bool Thinned, IReadOnlyList<int> Steps,
    IReadOnlyList<double> Values, IReadOnlyList<long>? Times = null);
