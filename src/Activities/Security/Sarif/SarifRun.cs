namespace AtomicDevOps.Activities.Security.Sarif;

/// <summary>What is kept of a run until its end, where everything is known that its results refer to.</summary>
internal sealed class SarifRun
{
    public SarifComponent Driver { get; set; } = new();

    public List<SarifComponent> Extensions { get; } = [];

    public Dictionary<string, (string? Uri, string? BaseId)> Bases { get; } = new(StringComparer.Ordinal);

    public List<(string? Uri, string? BaseId)> Artifacts { get; } = [];

    public List<SarifResult> Results { get; } = [];

    /// <summary>Whether it says at all what was found.</summary>
    public bool HasResults { get; set; }

    public bool HasExternalResults { get; set; }

    public int Invocations { get; set; }

    public int FailedInvocations { get; set; }

    public List<string> Errors { get; } = [];

    public int Suppressed { get; set; }

    public long LeftOut { get; set; }

    public int UnknownRules { get; set; }
}

/// <summary>A tool or a part of it.</summary>
internal sealed class SarifComponent
{
    public string? Name { get; set; }

    public string? Version { get; set; }

    public string? SemanticVersion { get; set; }

    public List<SarifRule> Rules { get; } = [];

    public Dictionary<string, SarifRule> ById { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Messages { get; } = new(StringComparer.Ordinal);
}

internal sealed class SarifRule
{
    public string Id { get; set; } = string.Empty;

    public string? Name { get; set; }

    public string? ShortDescription { get; set; }

    public string? Help { get; set; }

    public string? Level { get; set; }

    public double? Score { get; set; }

    public List<string> Tags { get; } = [];

    public List<string> Weaknesses { get; } = [];

    public Dictionary<string, string> Messages { get; } = new(StringComparer.Ordinal);
}

internal sealed class SarifResult
{
    public string? RuleId { get; set; }

    public int? RuleIndex { get; set; }

    public int? Component { get; set; }

    public string? ComponentName { get; set; }

    public string? Kind { get; set; }

    public string? BaselineState { get; set; }

    public string? Level { get; set; }

    public string? Message { get; set; }

    public string? MessageId { get; set; }

    public List<string> Arguments { get; } = [];

    public bool HasPlace { get; set; }

    public string? Uri { get; set; }

    public string? BaseId { get; set; }

    public int? Artifact { get; set; }

    public int? StartLine { get; set; }

    public int? EndLine { get; set; }

    public int? StartColumn { get; set; }

    public int? EndColumn { get; set; }

    public int Suppressions { get; set; }

    public bool IsSuppressionOpen { get; set; }

    public string? Fingerprint { get; set; }

    public double? Score { get; set; }

    public List<string> Weaknesses { get; } = [];

    public SarifFinding? Own { get; set; }
}

/// <summary>What the writer adds to a result so that nothing of the finding is lost.</summary>
internal sealed class SarifFinding
{
    public string? Kind { get; set; }

    public string? Title { get; set; }

    public string? Severity { get; set; }

    public string? Vector { get; set; }

    public string? LineDigest { get; set; }

    public bool KnownExploited { get; set; }

    public bool? Reachable { get; set; }

    public VulnerablePackage? Package { get; set; }

    public List<FindingEvidence> Evidence { get; } = [];
}
