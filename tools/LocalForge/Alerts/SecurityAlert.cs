namespace AtomicDevOps.LocalForge.Alerts;

/// <summary>An alert that GitHub would raise by itself, and what happened to it.</summary>
/// <param name="Action">In GitHub's words, such as <c>created</c>; those that close an alert are not among those that can be raised here.</param>
public abstract record SecurityAlert(string Action)
{
    /// <summary>The event that tells of it.</summary>
    public abstract string Event { get; }

    internal abstract IReadOnlyList<string> Actions { get; }
}

/// <summary>A dependency has an advisory.</summary>
/// <param name="Ecosystem">In GitHub's words: <c>pip</c>, <c>npm</c>, <c>nuget</c>, <c>maven</c>, <c>go</c>, <c>rust</c>.</param>
/// <param name="Package">Its name.</param>
public sealed record DependabotAlert(string Action, string Ecosystem, string Package) : SecurityAlert(Action)
{
    public override string Event => "dependabot_alert";

    public string ManifestPath { get; init; } = "requirements.txt";

    public string Advisory { get; init; } = "GHSA-8f4m-hccc-8qph";

    public string Summary { get; init; } = "A weakness in a dependency";

    public string VulnerableRange { get; init; } = "< 1.0.0";

    /// <summary>Null where no fix is known.</summary>
    public string? FirstPatchedVersion { get; init; } = "1.0.0";

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c> or <c>critical</c>.</summary>
    public string Severity { get; init; } = "high";

    internal override IReadOnlyList<string> Actions => ["created", "reopened", "reintroduced", "auto_reopened"];
}

/// <summary>A log that somebody uploaded has a result that no log before it had.</summary>
/// <param name="Tool">The name that the log has for the tool.</param>
/// <param name="Rule">The rule's id.</param>
public sealed record CodeScanningAlert(string Action, string Tool, string Rule) : SecurityAlert(Action)
{
    public override string Event => "code_scanning_alert";

    /// <summary>The branch that it was found in; the default one where left out.</summary>
    public string? Branch { get; init; }

    public string Path { get; init; } = "README.md";

    public int StartLine { get; init; } = 1;

    public string Message { get; init; } = "A weakness in the code";

    internal override IReadOnlyList<string> Actions => ["created", "reopened", "reopened_by_user", "appeared_in_branch"];
}

/// <summary>A secret stands in the repository. GitHub does not tell it in the event.</summary>
/// <param name="SecretType">GitHub's word for its kind, such as <c>github_personal_access_token</c>.</param>
public sealed record SecretScanningAlert(string Action, string SecretType) : SecurityAlert(Action)
{
    public override string Event => "secret_scanning_alert";

    internal override IReadOnlyList<string> Actions => ["created", "reopened", "publicly_leaked"];
}
