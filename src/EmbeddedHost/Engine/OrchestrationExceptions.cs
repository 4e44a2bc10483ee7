using System.Globalization;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>A replay decided something else than what history says: the code changed under a running instance, or is not deterministic.</summary>
public sealed class NonDeterministicOrchestrationException(string message) : Exception(message);

/// <summary>An orchestrator awaited, or was called from, something that is not durable.</summary>
public sealed class NonDurableAwaitException(string message) : Exception(message);

/// <summary>Something that was stored for an instance cannot be read: the file is damaged.</summary>
public sealed class UnreadableRecordException : Exception
{
    internal UnreadableRecordException(string what, string path, Exception innerException)
        : base(
            $"{what} cannot be read from '{path}': {innerException.Message} The file is damaged there. Start the instance anew, or stop the host "
            + "and put the last backup in the file's place.",
            innerException)
    {
    }
}

/// <summary>The events of one turn take more bytes than the database can hold in a row.</summary>
public sealed class TurnTooLargeException : Exception
{
    internal TurnTooLargeException(OrchestrationIdentity identity, long size, int maxSize)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"A turn of orchestration '{identity.Name}', instance '{identity.InstanceId}', takes {size} bytes, and one may take {maxSize}. Let it start "
            + $"fewer tasks before it awaits some of them, or store large payloads elsewhere, in files or blobs, and pass references to them."))
    {
    }
}

/// <summary>A sub-orchestration was terminated, so it has no result.</summary>
public sealed class OrchestrationTerminatedException(string message) : Exception(message)
{
    internal static TaskFailureDetails Failure(string instanceId, string? output) => new(
        typeof(OrchestrationTerminatedException).FullName!,
        output is null ? $"Instance '{instanceId}' was terminated." : $"Instance '{instanceId}' was terminated: {output}",
        StackTrace: null,
        InnerFailure: null,
        Properties: null);
}

internal static class InstanceExists
{
    public static string Message(string instanceId, OrchestrationRuntimeStatus status)
        => $"An orchestration with instance ID '{instanceId}' and status '{status}' already exists.";

    public static TaskFailureDetails Failure(string instanceId, OrchestrationRuntimeStatus status)
        => TaskFailureDetails.FromException(new OrchestrationAlreadyExistsException(Message(instanceId, status)));
}
