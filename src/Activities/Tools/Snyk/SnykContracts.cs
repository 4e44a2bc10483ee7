using System.Net;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>
/// Snyk's REST API in one organization. Every call may throw <see cref="ToolException"/> (also where Snyk is not configured),
/// <see cref="ToolNotFoundException"/>, <see cref="ToolUnavailableException"/> where the same call may succeed later, and
/// <see cref="SnykRequestException"/> with Snyk's own words where it refuses.
/// </summary>
public interface ISnykClient
{
    bool IsConfigured { get; }

    /// <summary>Who the token belongs to.</summary>
    Task<string> GetSelfAsync(CancellationToken cancellationToken);

    IAsyncEnumerable<SnykProject> ListProjectsAsync(CancellationToken cancellationToken);

    /// <summary>What is open and not ignored in Snyk, of a project or of the whole organization. Licences are left out.</summary>
    /// <param name="project">The project, which also tells the file that its dependencies stand in.</param>
    Task<ScanReport> ReadIssuesAsync(SnykProject? project, CancellationToken cancellationToken);

    /// <summary>Tests a CycloneDX or SPDX document in JSON.</summary>
    /// <param name="path">The file that findings are placed at, such as the manifest that the document was made from.</param>
    Task<ScanReport> TestSbomAsync(ReadOnlyMemory<byte> sbom, string path, CancellationToken cancellationToken);
}

/// <param name="Name">For example <c>owner/name:requirements.txt</c>.</param>
/// <param name="Type">Snyk's word: <c>pip</c>, <c>npm</c>, <c>sast</c>, …</param>
/// <param name="Origin">Where Snyk has it from: <c>github</c>, <c>cli</c>, …</param>
/// <param name="TargetFile">The manifest; empty where the project has none.</param>
/// <param name="TargetReference">The branch or version.</param>
public sealed record SnykProject(string Id, string Name, string Type, string Origin, string TargetFile, string TargetReference, bool IsActive);

/// <summary>Snyk refused a request; the message holds what it said.</summary>
public sealed class SnykRequestException : ToolException
{
    public SnykRequestException(string message, HttpStatusCode status)
        : base(SnykClient.ToolName, message)
    {
        Status = status;
    }

    public HttpStatusCode Status { get; }
}

/// <summary>The Snyk command line. How a test ends is a result.</summary>
public interface ISnykCli
{
    /// <exception cref="ProgramMissingException">The program is not installed.</exception>
    Task<string> GetVersionAsync(CancellationToken cancellationToken);

    Task<SnykCliTest> TestAsync(SnykCliInvocation invocation, CancellationToken cancellationToken);
}

public enum SnykCliCommand
{
    /// <summary><c>snyk test</c>: dependencies.</summary>
    Test,

    /// <summary><c>snyk code test</c>: source code, which is sent to Snyk.</summary>
    CodeTest,
}

/// <param name="SourceRoot">The tree's absolute path.</param>
/// <param name="SarifFile">The absolute path of the file that the results go to; it is there afterwards only where it is whole.</param>
public sealed record SnykCliInvocation(SnykCliCommand Command, string SourceRoot, string SarifFile)
{
    /// <summary>The absolute path of a file that the results go to in Snyk's own JSON too.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Gets what Snyk says as it comes.</summary>
    public Func<ProcessOutputChunk, CancellationToken, ValueTask>? OnOutput { get; init; }
}

/// <param name="SarifFile">The results as SARIF 2.1.0, well-formed to its end; null where there are none.</param>
public sealed record SnykCliTest(ScanOutcome Outcome, string? SarifFile)
{
    public string? ToolVersion { get; init; }

    /// <summary>Whether Snyk says that it found something.</summary>
    public bool HasFindings { get; init; }

    /// <summary>Why it did not check, or not all, and what would help; null where it did.</summary>
    public string? Reason { get; init; }
}
