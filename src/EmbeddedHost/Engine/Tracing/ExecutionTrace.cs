using System.Diagnostics;

namespace AtomicDevOps.EmbeddedHost.Engine.Tracing;

/// <summary>Where one execution stands in a distributed trace.</summary>
/// <param name="Parent">The span that asked for the execution.</param>
/// <param name="SpanId">The execution's own span: one, however many processes and replays it goes through.</param>
internal sealed record ExecutionTrace(ActivityContext Parent, ActivitySpanId SpanId)
{
    // Longer ones may be dropped whole, and are, as in the real Durable Task.
    private const int LongestTraceState = 513;

    /// <summary>What the spans of the orchestrator's own doing hang on.</summary>
    public ActivityContext Context => With(SpanId);

    public string TraceParent => $"00-{Parent.TraceId}-{Parent.SpanId}-{(byte)Parent.TraceFlags:x2}";

    public string? TraceState => Parent.TraceState is { Length: <= LongestTraceState } state ? state : null;

    public static ExecutionTrace Under(ActivityContext parent) => new(parent, ActivitySpanId.CreateRandom());

    /// <returns>Null if it is not a W3C trace parent.</returns>
    public static ExecutionTrace? Parse(string traceParent, string? traceState, string spanId)
        => ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent)
            ? new ExecutionTrace(parent, ActivitySpanId.CreateFromString(spanId))
            : null;

    /// <summary>The execution after this one, if it continues as new.</summary>
    public ExecutionTrace Next() => this with { SpanId = ActivitySpanId.CreateRandom() };

    /// <summary>
    /// The span of a task of the orchestrator, which is written when the task has ended and by then has children. Its id follows from the
    /// execution's and the task's, so that it need not be stored.
    /// </summary>
    public ActivityContext Task(int taskId) => With(TaskSpanId(taskId));

    private ActivityContext With(ActivitySpanId spanId) => new(Parent.TraceId, spanId, Parent.TraceFlags, TraceState, isRemote: true);

    // SplitMix64: a bijection, hence another id for each task of the execution.
    private ActivitySpanId TaskSpanId(int taskId)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        SpanId.CopyTo(bytes);
        var mixed = BitConverter.ToUInt64(bytes) + ((ulong)(uint)taskId + 1) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        BitConverter.TryWriteBytes(bytes, mixed ^ (mixed >> 31));
        return ActivitySpanId.CreateFromBytes(bytes);
    }
}
