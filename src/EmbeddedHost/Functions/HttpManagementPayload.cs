using System.Text.Json.Serialization;
using AtomicDevOps.EmbeddedHost.Triggers;
using AtomicDevOps.EmbeddedHost.Triggers.Management;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Addresses, with their key, by which an instance can be followed and steered over HTTP.</summary>
public class HttpManagementPayload
{
    [JsonPropertyName("id")]
    public string? Id { get; internal set; }

    [JsonPropertyName("statusQueryGetUri")]
    public string? StatusQueryGetUri { get; internal set; }

    /// <summary>Put the event's name for <c>{eventName}</c>.</summary>
    [JsonPropertyName("sendEventPostUri")]
    public string? SendEventPostUri { get; internal set; }

    /// <summary>Put the reason for <c>{text}</c>.</summary>
    [JsonPropertyName("terminatePostUri")]
    public string? TerminatePostUri { get; internal set; }

    /// <summary>Put the reason for <c>{text}</c>.</summary>
    [JsonPropertyName("rewindPostUri")]
    public string? RewindPostUri { get; internal set; }

    [JsonPropertyName("purgeHistoryDeleteUri")]
    public string? PurgeHistoryDeleteUri { get; internal set; }

    [JsonPropertyName("restartPostUri")]
    public string? RestartPostUri { get; internal set; }

    /// <summary>Put the reason for <c>{text}</c>.</summary>
    [JsonPropertyName("suspendPostUri")]
    public string? SuspendPostUri { get; internal set; }

    /// <summary>Put the reason for <c>{text}</c>.</summary>
    [JsonPropertyName("resumePostUri")]
    public string? ResumePostUri { get; internal set; }
}

public static class DurableTaskClientExtensions
{
    /// <summary>The links of an instance; the instance need not exist.</summary>
    /// <param name="request">The links are for the address that this request was sent to; without it for the host's own.</param>
    /// <exception cref="InvalidOperationException">The client was not bound by <see cref="DurableClientAttribute"/>, or the host does not listen yet.</exception>
    public static HttpManagementPayload CreateHttpManagementPayload(
        this DurableTaskClient client, string instanceId, HttpRequestData? request = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        if (client is not FunctionsDurableTaskClient functions)
        {
            throw new InvalidOperationException(
                "Only a client that [DurableClient] bound knows the management API's address. Take it as a parameter of the function.");
        }

        var management = request is null
            ? functions.ManagementBaseUrl
            : request.Url.GetLeftPart(UriPartial.Authority) + ManagementApi.BasePath;
        var instance = $"{management}/instances/{Uri.EscapeDataString(instanceId)}";
        var query = functions.ManagementQuery;
        return new HttpManagementPayload
        {
            Id = instanceId,
            StatusQueryGetUri = $"{instance}?{query}",
            SendEventPostUri = $"{instance}/raiseEvent/{{eventName}}?{query}",
            TerminatePostUri = $"{instance}/terminate?reason={{text}}&{query}",
            RewindPostUri = $"{instance}/rewind?reason={{text}}&{query}",
            PurgeHistoryDeleteUri = $"{instance}?{query}",
            RestartPostUri = $"{instance}/restart?{query}",
            SuspendPostUri = $"{instance}/suspend?reason={{text}}&{query}",
            ResumePostUri = $"{instance}/resume?reason={{text}}&{query}",
        };
    }
}
