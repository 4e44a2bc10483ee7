namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>Where a test makes the store fail; called on the writer's thread.</summary>
internal interface IStoreFaults
{
    /// <summary>All changes of a commit are applied. May throw: then none of them is stored.</summary>
    void BeforeCommit();

    /// <summary>They are on disk. May throw: then nobody learns of it.</summary>
    void AfterCommit();
}

/// <summary>The process has died, as far as a test is concerned.</summary>
public sealed class SimulatedCrashException() : IOException("The process died here, as the test asked for. RestartAsync starts it again.");
