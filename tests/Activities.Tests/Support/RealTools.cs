using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Support;

internal static class RealTools
{
    public static SecretRedactor Redactor { get; } = new([]);

    public static ProcessRunner Processes { get; } = new(TimeProvider.System, Redactor);

    public static FileArtifactStore Artifacts(TemporaryDirectory directory) =>
        new(Options.Create(new ArtifactsOptions { Directory = directory.Combine("artifacts") }));

    public static GitCli Git(TemporaryDirectory directory, Action<GitOptions>? configure = null, IProcessRunner? processes = null, params IGitCredentialSource[] credentials)
    {
        var options = new GitOptions { Directory = directory.Combine("cache"), AllowFileProtocol = true, Timeout = TimeSpan.FromMinutes(1) };
        configure?.Invoke(options);
        return new GitCli(processes ?? Processes, credentials, Redactor, Options.Create(options), TimeProvider.System);
    }
}
