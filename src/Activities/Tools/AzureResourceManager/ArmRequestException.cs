using System.Net;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Azure refused a request; the message holds what it said.</summary>
public sealed class ArmRequestException : ToolException
{
    public ArmRequestException(string tool, string message, HttpStatusCode status, CloudError error, Exception? innerException = null)
        : base(tool, message, innerException)
    {
        Status = status;
        Error = error;
    }

    /// <summary>The answer's status; <see cref="HttpStatusCode.OK"/> where a long-running operation was accepted and failed later.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>What Azure itself said.</summary>
    public CloudError Error { get; }
}
