using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Where a test makes the engine fail.</summary>
internal interface IEngineFaults : IStoreFaults
{
    /// <summary>Before an activity runs. May throw, which fails the activity, or wait, which the work tracker is then told not to count.</summary>
    ValueTask BeforeActivityAsync(PendingActivity activity, WorkTracker work, CancellationToken cancellationToken);
}
