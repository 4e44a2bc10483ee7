namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Configuration section <c>Artifacts</c>.</summary>
public sealed class ArtifactsOptions : StoreOptions
{
    private protected override string DefaultDirectory => Path.Combine(".data", "artifacts");
}
