namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Configuration section <c>Docker</c>.</summary>
public sealed class DockerOptions
{
    public const string SectionName = "Docker";

    /// <summary>
    /// <c>unix:///path</c>, <c>tcp://host:port</c>, <c>http://…</c> or <c>https://…</c>. Where it is missing: <c>DOCKER_HOST</c>, else the first
    /// socket that exists of Docker's and Podman's usual ones.
    /// </summary>
    public string? Endpoint { get; set; }

    /// <summary>
    /// The directory with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c> for TLS over tcp, as <c>DOCKER_CERT_PATH</c>, which counts where this is missing
    /// and <c>DOCKER_TLS_VERIFY</c> is set.
    /// </summary>
    public string? CertificatePath { get; set; }

    /// <summary>For calls that move no content; 1 s to 10 min.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For pulls, pushes, imports and archives; 1 s to 6 h.</summary>
    public TimeSpan TransferTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Credentials by registry.</summary>
    public IList<RegistryCredential> Registries { get; } = [];
}

/// <summary>Who to be at a registry: either a user name and password, or an identity token.</summary>
public sealed class RegistryCredential
{
    /// <summary>Host and port as in image names; <c>docker.io</c> for Docker Hub.</summary>
    public string Host { get; set; } = "";

    public string? Username { get; set; }

    public string? Password { get; set; }

    public string? IdentityToken { get; set; }
}
