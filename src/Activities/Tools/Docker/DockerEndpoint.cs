namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Where the engine listens and how to get there.</summary>
/// <param name="SocketPath">The unix socket; <see langword="null"/> over tcp.</param>
/// <param name="BaseAddress">The address that requests are made of.</param>
/// <param name="CertificatePath">The directory with the client's certificates; <see langword="null"/> without TLS.</param>
internal sealed record DockerEndpoint(string? SocketPath, Uri BaseAddress, string? CertificatePath)
{
    private const string DefaultSocket = "/var/run/docker.sock";

    public override string ToString() => SocketPath is null ? BaseAddress.GetLeftPart(UriPartial.Authority) : $"unix://{SocketPath}";

    /// <exception cref="FormatException">The endpoint is not one; the message says what would be.</exception>
    public static DockerEndpoint Resolve(DockerOptions options, Func<string, string?> environment, Func<string, bool> exists)
    {
        var (endpoint, source) = NullIfEmpty(options.Endpoint) is { } configured
            ? (configured, "Docker:Endpoint")
            : NullIfEmpty(environment("DOCKER_HOST")) is { } host ? (host, "DOCKER_HOST") : (DefaultEndpoint(environment, exists), "the default");
        var certificates = NullIfEmpty(options.CertificatePath)
            ?? (NullIfEmpty(environment("DOCKER_TLS_VERIFY")) is null ? null : NullIfEmpty(environment("DOCKER_CERT_PATH")));
        return Parse(endpoint, certificates)
            ?? throw new FormatException(
                $"{source} is '{endpoint}', which is no engine's address; it has to be unix:///absolute/path, tcp://host:port, http://host:port or https://host:port.");
    }

    private static string DefaultEndpoint(Func<string, string?> environment, Func<string, bool> exists)
    {
        var runtime = NullIfEmpty(environment("XDG_RUNTIME_DIR"));
        string[] candidates = runtime is null
            ? [DefaultSocket, "/run/podman/podman.sock"]
            : [DefaultSocket, $"{runtime}/docker.sock", $"{runtime}/podman/podman.sock", "/run/podman/podman.sock"];
        return $"unix://{candidates.FirstOrDefault(exists) ?? DefaultSocket}";
    }

    private static DockerEndpoint? Parse(string endpoint, string? certificates)
    {
        const string Unix = "unix://";
        if (endpoint.StartsWith(Unix, StringComparison.OrdinalIgnoreCase))
        {
            var path = endpoint[Unix.Length..];
            return path.StartsWith('/') ? new DockerEndpoint(path, new Uri("http://docker/"), CertificatePath: null) : null;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.AbsolutePath is not ("/" or "") || uri.UserInfo.Length > 0)
        {
            return null;
        }

        var (scheme, port) = uri.Scheme switch
        {
            "https" => ("https", 2376),
            "http" => ("http", 2375),
            "tcp" when certificates is not null => ("https", 2376),
            "tcp" => ("http", 2375),
            _ => ("", 0),
        };
        return scheme.Length == 0
            ? null
            : new DockerEndpoint(
                SocketPath: null,
                new UriBuilder(scheme, uri.IdnHost, uri.IsDefaultPort ? port : uri.Port).Uri,
                scheme is "https" ? certificates : null);
    }

    private static string? NullIfEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
