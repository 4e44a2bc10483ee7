using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AtomicDevOps.Primitives.Observable;

/// <summary>Where spans and metrics come from; listen to <see cref="SourceName"/>.</summary>
public static class WorkflowTelemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string SourceName = "AtomicDevOps";

    /// <summary>A histogram of seconds, with the tags <c>operation</c> and <c>outcome</c>.</summary>
    public const string DurationInstrument = "atomicdevops.operation.duration";

    internal static readonly ActivitySource Source = new(SourceName);

    private static readonly Meter Meter = new(SourceName);

    internal static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(DurationInstrument, "s", "How long operations take.");
}
