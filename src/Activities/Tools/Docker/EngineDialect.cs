using System.Globalization;
using System.Text.Json;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>What an engine's version of the API is, and the form in which it takes what not every engine takes in the same form.</summary>
/// <param name="ApiVersion">The newest version that both sides speak, for example <c>1.41</c>.</param>
internal abstract record EngineDialect(string ApiVersion)
{
    public static EngineDialect Of(string apiVersion, bool isPodman) => isPodman ? new PodmanDialect(apiVersion) : new DockerDialect(apiVersion);

    public abstract EngineTraits Traits { get; }

    public abstract ContainerConfiguration Container(ContainerConfiguration configuration);

    /// <param name="hosts">Each as <c>name:address</c>.</param>
    /// <returns>Parameters of <c>POST /build</c>.</returns>
    public abstract IEnumerable<(string Name, string? Value)> BuildHosts(IReadOnlyList<string> hosts);

    /// <returns>Parameters of <c>POST /build</c>.</returns>
    public abstract IEnumerable<(string Name, string? Value)> BuildNetwork(string mode);

    /// <returns>Options of the local volume driver that give a new volume to a user and the group of the same number; <see langword="null"/> where it has none.</returns>
    public abstract IReadOnlyDictionary<string, string>? VolumeOwner(int owner);

    /// <summary>A time up to which events are asked for, such that it contains what has happened by <paramref name="now"/>, the engine's time.</summary>
    public abstract string EventsUntil(DateTimeOffset now);

    private sealed record DockerDialect(string ApiVersion) : EngineDialect(ApiVersion)
    {
        public override EngineTraits Traits { get; } = new(UnpacksIntoMounts: true, ReportsMemoryKills: true, ControlsBuildSteps: true);

        public override IReadOnlyDictionary<string, string>? VolumeOwner(int owner) => null;

        // An end that lies in the engine's future would keep the answer open until then.
        public override string EventsUntil(DateTimeOffset now) => (now.ToUnixTimeMilliseconds() / 1000m).ToString("0.000", CultureInfo.InvariantCulture);

        public override ContainerConfiguration Container(ContainerConfiguration configuration) => configuration;

        public override IEnumerable<(string Name, string? Value)> BuildHosts(IReadOnlyList<string> hosts) =>
            hosts.Select(host => ("extrahosts", (string?)host));

        public override IEnumerable<(string Name, string? Value)> BuildNetwork(string mode) => [("networkmode", mode)];
    }

    /// <summary>Podman's compatible service, as of Podman 4.3 (pkg/api/handlers/compat/images_build.go, pkg/specgen/generate/oci.go).</summary>
    private sealed record PodmanDialect(string ApiVersion) : EngineDialect(ApiVersion)
    {
        private const string TemporaryDirectory = "/var/tmp";
        private const string ProcessUlimit = "nproc";

        /// <summary>Per user, on top of the container's own limit on processes.</summary>
        private const long ProcessesOfUser = 4096;

        public override EngineTraits Traits { get; } = new(UnpacksIntoMounts: false, ReportsMemoryKills: false, ControlsBuildSteps: false);

        public override IReadOnlyDictionary<string, string>? VolumeOwner(int owner) => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["o"] = string.Create(CultureInfo.InvariantCulture, $"uid={owner},gid={owner}"),
        };

        // Podman takes whole seconds only, and does not wait for those to come.
        public override string EventsUntil(DateTimeOffset now) => (now.ToUnixTimeSeconds() + 1).ToString(CultureInfo.InvariantCulture);

        // Where there are limits but none on processes, Podman adds one of 1048576, which a service that may not raise its own limit cannot set.
        // Under a read-only root, it puts a file system of its own, without a size, at the second directory for temporary files.
        public override ContainerConfiguration Container(ContainerConfiguration configuration)
        {
            if (configuration.HostConfig is not { } host)
            {
                return configuration;
            }

            if (host.Ulimits is { Count: > 0 } limits && !limits.Any(limit => limit.Name is ProcessUlimit))
            {
                host = host with { Ulimits = [.. limits, new ContainerUlimit(ProcessUlimit, ProcessesOfUser, ProcessesOfUser)] };
            }

            if (host.ReadonlyRootfs && host.Tmpfs?.ContainsKey(TemporaryDirectory) is not true)
            {
                var temporary = new Dictionary<string, string>(host.Tmpfs ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
                {
                    [TemporaryDirectory] = "ro,noexec,nosuid,nodev,size=4096",
                };
                host = host with { Tmpfs = temporary };
            }

            return configuration with { HostConfig = host };
        }

        public override IEnumerable<(string Name, string? Value)> BuildHosts(IReadOnlyList<string> hosts) =>
            hosts.Count == 0 ? [] : [("extrahosts", JsonSerializer.Serialize(hosts))];

        // Podman does not know Docker's modes: it takes a policy and namespaces, and gives the host's network to who does not ask for another.
        public override IEnumerable<(string Name, string? Value)> BuildNetwork(string mode)
        {
            var (policy, network) = mode switch
            {
                "none" => ("NetworkDisabled", new NamespaceOption(Host: false, Path: "")),
                "host" => ("NetworkEnabled", new NamespaceOption(Host: true, Path: "")),
                "default" or "bridge" => ("NetworkEnabled", new NamespaceOption(Host: false, Path: "")),
                _ => ("NetworkEnabled", new NamespaceOption(Host: false, Path: mode)),
            };
            return [("networkmode", policy), ("nsoptions", JsonSerializer.Serialize<NamespaceOption[]>([network]))];
        }

        private sealed record NamespaceOption(bool Host, string Path)
        {
            public string Name { get; } = "network";
        }
    }
}
