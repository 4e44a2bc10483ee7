namespace AtomicDevOps.DurableHosts;

/// <summary>What a test asks for that not every host has. A host says of each that it lacks why it does.</summary>
public enum HostFeature
{
    /// <summary>Types with methods that carry <c>[Function]</c>.</summary>
    Functions,

    /// <summary>An instance that is started for later.</summary>
    ScheduledStart,

    /// <summary>A start of an id that still runs is refused, unless its options allow it.</summary>
    DefaultDedupeStatuses,

    /// <summary>Ids and dedupe statuses that make no sense are refused.</summary>
    StartChecks,

    /// <summary>A custom status stays over continue-as-new until it is set anew.</summary>
    CustomStatusOverContinueAsNew,

    /// <summary>Termination and purge of what an instance started, too.</summary>
    Recursion,

    /// <summary>A purge by filter, and the refusal to purge what still runs.</summary>
    GuardedPurge,

    /// <summary>Queries that leave out payloads, show tags, list ids, and take a prefix literally.</summary>
    PreciseQueries,

    /// <summary>Restarting a running instance under its id is refused by <see cref="InvalidOperationException"/>.</summary>
    RestartChecks,

    /// <summary>Failed instances can be rewound.</summary>
    Rewind,

    /// <summary>Ids made by an orchestrator differ between executions at one instant.</summary>
    IdsOfEachExecution,

    /// <summary>Every execution of an eternal orchestration has a span.</summary>
    SpanOfEachExecution,

    /// <summary>What is sent in the turn that continues as new is sent.</summary>
    MessagesOfContinueAsNew,

    /// <summary>Locks of an execution that is terminated or replaced are released.</summary>
    LocksEndWithTermination,

    /// <summary>An entity is there from the first message on, and its keys are told apart by case.</summary>
    PreciseEntities,

    /// <summary>Calls and signals of entities, and their operations, have spans.</summary>
    SpansOfEntities,
}

internal static class HostFeatures
{
    /// <summary>Says what of its host the test needs beyond the common part. Without it the test does not apply.</summary>
    public static void Requires(HostFeature feature) =>
        Assert.SkipWhen(HostUnderTest.Lacks.Contains(feature), $"Does not apply to this host, which lacks {feature}: see docs/embedded-host.md.");
}
