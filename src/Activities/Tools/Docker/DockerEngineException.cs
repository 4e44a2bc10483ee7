using System.Net;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>The engine refused a request.</summary>
public sealed class DockerEngineException : ToolException
{
    /// <param name="call">What was asked.</param>
    /// <param name="engineMessage">What the engine answered.</param>
    public DockerEngineException(HttpStatusCode? statusCode, string call, string engineMessage)
        : base(DockerEngineClient.ToolName, $"{call}: {engineMessage}")
    {
        StatusCode = statusCode;
        EngineMessage = engineMessage;
    }

    /// <summary>The answer's status; <see langword="null"/> where the failure came in the middle of an answer.</summary>
    public HttpStatusCode? StatusCode { get; }

    public string EngineMessage { get; }
}
