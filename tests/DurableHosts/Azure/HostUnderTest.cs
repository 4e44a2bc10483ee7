namespace AtomicDevOps.DurableHosts;

/// <summary>The real worker and client on the real test host.</summary>
internal static class HostUnderTest
{
    /// <summary>The page <c>docs/embedded-host.md</c> has them with reasons.</summary>
    public static IReadOnlySet<HostFeature> Lacks { get; } = Enum.GetValues<HostFeature>().ToHashSet();

    public static async Task<IDurableHost> StartAsync(Action<ITaskSet> addTasks, DurableHostSettings settings, CancellationToken cancellationToken) =>
        await SidecarHost.StartAsync(addTasks, settings, cancellationToken);

    public static Task<IDurableHost> StartAsync(IEnumerable<Type> functionTypes, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{HostFeature.Functions}: {string.Join(", ", functionTypes)}");
}
