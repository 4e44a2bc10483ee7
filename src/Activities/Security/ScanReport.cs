using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Security;

/// <summary>What one tool has to say of one commit. A tool that did not run, or not to the end, says nothing about what it did not see.</summary>
/// <param name="Tool">The tool's name for people.</param>
/// <param name="Outcome">Only <see cref="ScanOutcome.Checked"/> without findings is an all-clear.</param>
public sealed record ScanReport(string Tool, ScanOutcome Outcome)
{
    public string? ToolVersion { get; init; }

    /// <summary>Why it did not check, or what it left out, and what would help: one sentence for people.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>The same where something was left out: it is no all-clear any more, and says why before or after what it says already.</summary>
    /// <param name="reasons">In their order, with its own one among them; those that are null are none.</param>
    internal ScanReport WithGap(params IEnumerable<string?> reasons) => Outcome == ScanOutcome.NotChecked
        ? this
        : this with { Outcome = ScanOutcome.PartlyChecked, Reason = string.Join(' ', reasons.OfType<string>().Distinct(StringComparer.Ordinal)) is { Length: > 0 } all ? all : null };
}

[JsonConverter(typeof(JsonStringEnumConverter<ScanOutcome>))]
public enum ScanOutcome
{
    /// <summary>It looked at everything that it was asked to.</summary>
    Checked,

    /// <summary>There was nothing in the commit that the tool looks at.</summary>
    NotApplicable,

    /// <summary>It left something out: what it found counts, what it did not find is no all-clear.</summary>
    PartlyChecked,

    /// <summary>It is missing, failed or took too long.</summary>
    NotChecked,
}
