using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>
/// Triggers, orchestrators and the app's own services on an engine whose clock stands still, over scripted tools. The eternal orchestration
/// does not begin by itself.
/// </summary>
internal interface IPlatformUnderTest : IAsyncDisposable
{
    /// <summary>Sends the key that the API asks for.</summary>
    HttpClient Http { get; }

    DurableTaskClient Client { get; }

    IServiceProvider Services { get; }

    /// <summary>Returns when nothing is left to happen at this time.</summary>
    Task SettleAsync();

    /// <summary>The activities that these instances have called and that have ended.</summary>
    IReadOnlyList<ActivityRecord> ActivitiesOf(IReadOnlyCollection<string> instanceIds);
}
