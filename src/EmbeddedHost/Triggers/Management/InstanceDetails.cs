using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Triggers.Management;

/// <summary>Another instance that an instance started, or that started it.</summary>
internal sealed record RelatedInstance(string InstanceId, string Name, string? RuntimeStatus);

/// <summary>A failure, and what caused it.</summary>
internal sealed record FailureResponse(string ErrorType, string ErrorMessage, string? StackTrace, FailureResponse? InnerFailure)
{
    public static FailureResponse? From(TaskFailureDetails? failure) => failure is null
        ? null
        : new FailureResponse(failure.ErrorType, failure.ErrorMessage, failure.StackTrace, From(failure.InnerFailure));
}

/// <summary>What the Durable Functions HTTP API has no place for: shown on request (<c>showDetails=true</c>).</summary>
internal sealed record InstanceDetails(
    string Version,
    string? ScheduledStartTime,
    IReadOnlyDictionary<string, string> Tags,
    FailureResponse? Failure,
    RelatedInstance? Parent,
    IReadOnlyList<RelatedInstance> Children)
{
    /// <returns>Null if the instance is gone.</returns>
    public static InstanceDetails? Find(string dataDirectory, OrchestrationMetadata instance)
    {
        using var database = DatabaseFile.OpenForReading(Path.Combine(dataDirectory, DataDirectory.DatabaseFileName));
        using var statement = database.PrepareOnce(
            """
            SELECT i.seq, i.version, i.start_at, i.parent_id, i.parent_name, p.status
            FROM instances i LEFT JOIN instances p ON p.seq = i.parent_seq WHERE i.id = ?
            """);
        using var rows = statement.With(instance.InstanceId).Query();
        return rows.Read()
            ? new InstanceDetails(
                rows.Text(1),
                rows.Int64OrNull(2) is { } startAt ? new DateTime(startAt, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null,
                instance.Tags,
                FailureResponse.From(instance.FailureDetails),
                rows.TextOrNull(3) is { } parent ? new RelatedInstance(parent, rows.Text(4), rows.IsNull(5) ? null : Status(rows.Int32(5))) : null,
                ChildrenOf(database, rows.Int64(0)))
            : null;
    }

    private static List<RelatedInstance> ChildrenOf(Database database, long sequence)
    {
        using var statement = database.PrepareOnce("SELECT id, name, status FROM instances WHERE parent_seq = ? ORDER BY seq");
        using var rows = statement.With(sequence).Query();
        var children = new List<RelatedInstance>();
        while (rows.Read())
        {
            children.Add(new RelatedInstance(rows.Text(0), rows.Text(1), Status(rows.Int32(2))));
        }

        return children;
    }

    private static string Status(int value) => ((OrchestrationRuntimeStatus)value).ToString();
}
