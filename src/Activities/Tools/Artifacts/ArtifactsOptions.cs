namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Configuration section <c>Artifacts</c>.</summary>
public sealed class ArtifactsOptions
{
    /// <summary>Where artifacts are kept; relative to the current directory.</summary>
    public string Directory { get; set; } = Path.Combine(".data", "artifacts");
}
