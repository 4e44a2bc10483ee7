using System.Diagnostics;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Observable;

/// <summary>
/// A span, a metric and an audit record around anything.
/// <b>Failure</b>: the operation's, as it was, even where its audit record cannot be written (which is logged); after success a record that
/// cannot be written is a failure. <b>Cancellation</b>: shows as its own outcome; the audit record is still written.
/// <b>Replay</b>: nothing is emitted. In an orchestration span and metric are emitted when the operation ends, with the orchestration's times;
/// after a crash they, but never an audit record under a new id, may come once more.
/// </summary>
public sealed class ObservablePrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;
    private readonly ObservableOptions<TIn> _options;

    public ObservablePrimitive(WorkflowPrimitive<TIn, TOut> primitive, ObservableOptions<TIn> options)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentNullException.ThrowIfNull(options);
        (_primitive, _options) = (primitive, options);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var subject = _options.Subject?.Invoke(input);
        var startedAt = context.UtcNow;
        // A span that is open while an orchestration waits would be lost with the process or begun again by a replay.
        using var open = context.IsDurable ? null : StartSpan(startedAt);
        TOut output;
        try
        {
            output = await _primitive.ExecuteAsync(input, context);
        }
        catch (Exception exception)
        {
            var outcome = context.IsCancellation(exception) ? OperationOutcome.Cancelled : OperationOutcome.Failed;
            var failure = outcome is OperationOutcome.Failed ? Failure.From(exception) : null;
            var failed = new Ending(subject, startedAt, context.UtcNow - startedAt, outcome, failure);
            Emit(open, failed, context);
            try
            {
                await AuditAsync(failed, context);
            }
            catch (Exception auditException)
            {
                context.CreateLogger("AtomicDevOps.Primitives.Observable").LogError(
                    auditException, "The audit record of {Operation} in {Path} was not written", _options.Operation, context.Path);
            }

            throw;
        }

        var succeeded = new Ending(subject, startedAt, context.UtcNow - startedAt, OperationOutcome.Succeeded, Failure: null);
        Emit(open, succeeded, context);
        await AuditAsync(succeeded, context);
        return output;
    }

    private Activity? StartSpan(DateTimeOffset startedAt) =>
        WorkflowTelemetry.Source.StartActivity(_options.Operation, ActivityKind.Internal, parentContext: default, startTime: startedAt);

    private void Emit(Activity? open, Ending ending, WorkflowContext context)
    {
        if (context.IsReplaying)
        {
            return;
        }

        WorkflowTelemetry.Duration.Record(
            ending.Duration.TotalSeconds, new("operation", _options.Operation), new("outcome", ending.Outcome.ToString()));
        using var late = context.IsDurable ? StartSpan(ending.StartedAt) : null;
        if ((open ?? late) is not { } span)
        {
            return;
        }

        span.SetTag("atomicdevops.correlation_id", context.CorrelationId);
        span.SetTag("atomicdevops.agent_path", context.Path.Value);
        span.SetTag("atomicdevops.subject", ending.Subject);
        span.SetTag("atomicdevops.outcome", ending.Outcome.ToString());
        if (ending.Failure is { } failure)
        {
            span.SetTag("error.type", failure.ErrorType);
            span.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        span.SetEndTime((ending.StartedAt + ending.Duration).UtcDateTime);
    }

    private async Task AuditAsync(Ending ending, WorkflowContext context)
    {
        if (!_options.Audit)
        {
            return;
        }

        var record = new AuditRecord
        {
            Id = context.NewGuid(),
            CorrelationId = context.CorrelationId,
            Path = context.Path.Value,
            Operation = _options.Operation,
            Subject = ending.Subject,
            StartedAt = ending.StartedAt,
            Duration = ending.Duration,
            Outcome = ending.Outcome,
            Failure = ending.Failure,
        };
        await context.AuditSink.WriteAsync(record, context.WithCancellation(CancellationToken.None));
    }

    private sealed record Ending(string? Subject, DateTimeOffset StartedAt, TimeSpan Duration, OperationOutcome Outcome, Failure? Failure);
}

public static class ObservableComposition
{
    /// <summary>Puts a span, a metric and an audit record around the step.</summary>
    public static WorkflowPrimitive<TIn, TOut> Observed<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive, ObservableOptions<TIn> options) =>
        new ObservablePrimitive<TIn, TOut>(primitive, options);

    /// <summary>Puts a span, a metric and an audit record around the step.</summary>
    public static WorkflowPrimitive<TIn, TOut> Observed<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive, string operation) =>
        new ObservablePrimitive<TIn, TOut>(primitive, new(operation));
}
