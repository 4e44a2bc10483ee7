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
        using var connection = DatabaseFile.OpenForReading(Path.Combine(dataDirectory, DataDirectory.DatabaseFileName));
        using var snapshot = connection.BeginTransaction(deferred: true);
        using var statement = new Statement(
            connection,
            """
            SELECT i.seq, i.version, i.start_at, i.parent_id, i.parent_name, p.status
            FROM instances i LEFT JOIN instances p ON p.seq = i.parent_seq WHERE i.id = $0
            """,
            1);
        using var reader = statement.Query(snapshot, instance.InstanceId);
        if (!reader.Read())
        {
            return null;
        }

        using var children = new Statement(connection, "SELECT id, name, status FROM instances WHERE parent_seq = $0 ORDER BY seq", 1);
        using var child = children.Query(snapshot, reader.GetInt64(0));
        var related = new List<RelatedInstance>();
        while (child.Read())
        {
            related.Add(new RelatedInstance(child.GetString(0), child.GetString(1), Status(child.GetInt32(2))));
        }

        return new InstanceDetails(
            reader.GetString(1),
            reader.IsDBNull(2) ? null : new DateTime(reader.GetInt64(2), DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            instance.Tags,
            FailureResponse.From(instance.FailureDetails),
            reader.IsDBNull(3) ? null : new RelatedInstance(reader.GetString(3), reader.GetString(4), reader.IsDBNull(5) ? null : Status(reader.GetInt32(5))),
            related);
    }

    private static string Status(int value) => ((OrchestrationRuntimeStatus)value).ToString();
}
