using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Observable;

/// <summary>
/// Keeps audit records. It is called in every replay too and uses the context to write only once: the log is silent in a replay, and an
/// activity's result is taken from the history. After a crash a record may come again with the same id.
/// </summary>
public interface IAuditSink
{
    Task WriteAsync(AuditRecord record, WorkflowContext context);
}

/// <summary>Writes records to the log, category <c>AtomicDevOps.Audit</c>.</summary>
public sealed class LoggerAuditSink : IAuditSink
{
    private LoggerAuditSink()
    {
    }

    public static LoggerAuditSink Instance { get; } = new();

    public Task WriteAsync(AuditRecord record, WorkflowContext context)
    {
        context.CreateLogger("AtomicDevOps.Audit").LogInformation(
            "{Operation} {Outcome} in {Path} on {Subject} after {Duration} ({CorrelationId}, {AuditId}): {Failure}",
            record.Operation, record.Outcome, record.Path, record.Subject, record.Duration, record.CorrelationId, record.Id, record.Failure);
        return Task.CompletedTask;
    }
}

/// <summary>Hands records to an activity that keeps them: in an orchestration none is lost and none is written again in a replay.</summary>
/// <param name="write">Keeps a record; idempotent by the record's id. Its result is not used.</param>
public sealed class ActivityAuditSink<TOut>(ActivityCall<AuditRecord, TOut> write) : IAuditSink
{
    private readonly ActivityCall<AuditRecord, TOut> _write = write ?? throw new ArgumentNullException(nameof(write));

    public async Task WriteAsync(AuditRecord record, WorkflowContext context) => await _write.ExecuteAsync(record, context);
}
