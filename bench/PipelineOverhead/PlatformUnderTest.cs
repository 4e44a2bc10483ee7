using System.Diagnostics;
using System.Security.Cryptography;
using AtomicDevOps.LocalForge;
using AtomicDevOps.QuickStart;

namespace AtomicDevOps.PipelineOverhead;

/// <summary>A forge and the platform as its quick start sets them up, with a repository for each kind of run.</summary>
internal sealed class PlatformUnderTest : IAsyncDisposable
{
    private const string Account = "atomic-devops";
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly LocalForgeServer _forge;
    private readonly PlatformProcess _platform;
    private readonly HttpClient _platformHttp;
    private readonly PlatformClient _client;
    private readonly string _token;
    private readonly string _secret;

    private PlatformUnderTest(LocalForgeServer forge, PlatformProcess platform, string token, string secret)
    {
        _forge = forge;
        _platform = platform;
        _token = token;
        _secret = secret;
        _platformHttp = new HttpClient { BaseAddress = platform.Address };
        _client = new PlatformClient(_platformHttp);
    }

    public static async Task<PlatformUnderTest> StartAsync(string directory, TestMachinery machinery, CancellationToken cancellationToken)
    {
        var forge = await LocalForgeServer.StartAsync(new LocalForgeOptions { Directory = Path.Combine(directory, "forge"), RateLimit = int.MaxValue }, cancellationToken);
        var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var configuration = new Dictionary<string, string>(machinery.Configuration, StringComparer.Ordinal)
        {
            ["GitHub__BaseAddress"] = forge.Address.AbsoluteUri,
            ["GitHub__Token"] = await forge.Administration.CreateTokenAsync(Account, cancellationToken: cancellationToken),
            ["GitHub__Webhook__Secret"] = secret,
            ["Host__AllowAnonymousLoopback"] = "true",
            ["Host__DataDirectory"] = Path.Combine(directory, "platform"),
            ["Artifacts__Directory"] = Path.Combine(directory, "artifacts"),
            ["Findings__Directory"] = Path.Combine(directory, "findings"),
            ["Git__Directory"] = Path.Combine(directory, "git"),
            ["Logs__Directory"] = Path.Combine(directory, "logs"),
        };
        var platform = await PlatformProcess.StartAsync(Path.Combine(directory, "platform"), configuration, cancellationToken);
        var person = await forge.Administration.CreateTokenAsync("octo", cancellationToken: cancellationToken);
        return new PlatformUnderTest(forge, platform, person, secret);
    }

    /// <param name="repository"><c>owner/name</c>.</param>
    /// <param name="files">Its first commit: content by path.</param>
    public async Task AddRepositoryAsync(string repository, IReadOnlyDictionary<string, byte[]?> files, CancellationToken cancellationToken)
    {
        await _forge.Administration.CreateRepositoryAsync(
            repository, files.ToDictionary(file => file.Key, file => file.Value!, StringComparer.Ordinal), cancellationToken: cancellationToken);
        await _forge.Administration.AddCollaboratorAsync(repository, Account, "write", cancellationToken);
        using var http = new HttpClient { BaseAddress = _forge.Address };
        await new ForgeClient(http, _token, repository).AddWebhookAsync(new Uri(_platform.Address, "api/github/webhook"), _secret, cancellationToken);
    }

    /// <summary>Opens a pull request and waits for its end.</summary>
    /// <returns>The time from just before the request that opens it, webhook delivery included, to the end of the run, clean-up included; and the run.</returns>
    public async Task<(TimeSpan Time, PipelineRun Run)> MergeAsync(
        string repository, string branch, IReadOnlyDictionary<string, byte[]?> change, CancellationToken cancellationToken)
    {
        await _forge.Administration.CommitAsync(repository, branch, $"Change {branch}", change, cancellationToken);
        using var http = new HttpClient { BaseAddress = _forge.Address };
        var person = new ForgeClient(http, _token, repository);
        var opened = DateTimeOffset.UtcNow;
        var pullRequest = await person.OpenPullRequestAsync(branch, $"Change {branch}", "One round of the benchmark.", cancellationToken);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(5))
        {
            await Task.Delay(LookAgain, cancellationToken);
            if (await _client.FindRunAsync(repository, pullRequest.Number, cancellationToken) is { CompletedAt: { } completed } ended)
            {
                var run = await _client.GetRunAsync(ended.Id, cancellationToken);
                return run.IsMerged ? (completed - opened, run) : throw new InvalidOperationException($"{repository}#{pullRequest.Number}: {run.Verdict} {run.Summary}");
            }
        }

        throw new TimeoutException($"{repository}#{pullRequest.Number} has no verdict after five minutes.");
    }

    public async ValueTask DisposeAsync()
    {
        _platformHttp.Dispose();
        await _platform.DisposeAsync();
        await _forge.DisposeAsync();
    }
}
