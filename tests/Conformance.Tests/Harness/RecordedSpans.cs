using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Harness;

/// <summary>
/// The ended spans of one trace, under a root span of the test's own: tests that run meanwhile have traces of their own.
/// </summary>
internal sealed class RecordedSpans : IDisposable
{
    private const string TestSource = "Durable tracing tests";

    private static readonly ActivitySource Source = new(TestSource);

    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;
    private readonly ActivityTraceId _traceId = ActivityTraceId.CreateRandom();

    public RecordedSpans(ActivitySamplingResult sampling = ActivitySamplingResult.AllDataAndRecorded)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is TestSource or "Microsoft.DurableTask" or "Microsoft.Azure.Functions.Worker",
            Sample = (ref ActivityCreationOptions<ActivityContext> options)
                => options.TraceId == _traceId ? sampling : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _traceId)
                {
                    _ended.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>In the order of their ends.</summary>
    public IReadOnlyList<Activity> All => [.. _ended.Where(static span => span.Source != Source)];

    public Activity this[string name, ActivityKind kind] => Named(name).Where(span => span.Kind == kind).ShouldHaveSingleItem();

    public Activity this[string name] => Named(name).ShouldHaveSingleItem();

    /// <summary>A span of the test's, not current.</summary>
    public Activity StartRoot(string? traceState = null)
    {
        var parent = new ActivityContext(_traceId, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, traceState, isRemote: true);
        var root = Source.StartActivity("test", ActivityKind.Internal, parent).ShouldNotBeNull();
        Activity.Current = null;
        return root;
    }

    /// <summary>A span of a function's.</summary>
    public static void Touch(string name) => Source.StartActivity(name)?.Dispose();

    public IEnumerable<Activity> Touched => _ended.Where(static span => span.Source == Source);

    private IEnumerable<Activity> Named(string name) => All.Where(span => string.Equals(span.OperationName, name, StringComparison.Ordinal));

    public void Dispose() => _listener.Dispose();
}

internal static class SpanAssertions
{
    /// <summary>Each span's name and kind under its parent's, one a line, siblings in the order of their names; the root is not shown.</summary>
    public static string Tree(this RecordedSpans spans, ActivitySpanId root)
    {
        var children = spans.All.ToLookup(static span => span.ParentSpanId);
        return string.Join('\n', Below(root, depth: 0));

        IEnumerable<string> Below(ActivitySpanId parent, int depth) => children[parent]
            .OrderBy(static span => span.OperationName, StringComparer.Ordinal)
            .ThenBy(static span => span.StartTimeUtc)
            .SelectMany(span => Below(span.SpanId, depth + 1)
                .Prepend($"{new string(' ', 2 * depth)}{span.OperationName} {span.Kind.ToString().ToLowerInvariant()}"));
    }

    public static async Task<string> StartUnderAsync(
        this DurableTaskClient client, Activity root, string orchestrator, object? input = null, StartOrchestrationOptions? options = null)
    {
        Activity.Current = root;
        using (root)
        {
            return await client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, options, TestContext.Current.CancellationToken);
        }
    }
}
