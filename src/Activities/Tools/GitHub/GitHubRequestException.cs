using System.Net;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>GitHub refused a request; the message holds what it said.</summary>
public sealed class GitHubRequestException : ToolException
{
    public GitHubRequestException(string tool, string message, HttpStatusCode status, string reason, Exception? innerException = null)
        : base(tool, message, innerException)
    {
        Status = status;
        Reason = reason;
    }

    public HttpStatusCode Status { get; }

    /// <summary>What GitHub itself said, in one line, without the request and the advice around it.</summary>
    public string Reason { get; }
}
