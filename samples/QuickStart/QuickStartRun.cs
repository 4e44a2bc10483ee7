using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AtomicDevOps.LocalForge;
using Spectre.Console;

namespace AtomicDevOps.QuickStart;

/// <summary>From an empty forge to a pull request's verdict.</summary>
internal sealed class QuickStartRun(QuickStartOptions options, IAnsiConsole console)
{
    private const string Repository = "octo/calculator";
    private const string Platform = "atomic-devops";
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan WebhookPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(20);

    private readonly SampleChange _change = options.Failing ? SampleChange.Failing : SampleChange.Passing;
    private string? _runId;

    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    /// <exception cref="QuickStartException">It could not get as far as a verdict.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var directory = RunDirectory.Create(options.Directory);
        await using var machinery = await TestMachinery.FindAsync(directory.Path, cancellationToken);
        console.WriteLine(machinery.Description);
        console.WriteLine();

        await using var forge = await LocalForgeServer.StartAsync(new LocalForgeOptions { Directory = directory.Combine("forge") }, cancellationToken);
        var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        PipelineRun run;
        try
        {
            await using var platform = await StartPlatformAsync(forge, machinery, directory, secret, cancellationToken);
            run = await ShowAsync(forge, platform, secret, cancellationToken);
        }
        catch when (_runId is not null)
        {
            await RemoveRunAsync(machinery, _runId);
            throw;
        }

        return run.IsMerged ? ExitCodes.Merged : ExitCodes.NotMerged;
    }

    private static async Task<PlatformProcess> StartPlatformAsync(
        LocalForgeServer forge, TestMachinery machinery, RunDirectory directory, string secret, CancellationToken cancellationToken)
    {
        await forge.Administration.CreateRepositoryFromDirectoryAsync(Repository, SampleChange.RepositoryDirectory, cancellationToken: cancellationToken);
        var token = await forge.Administration.CreateTokenAsync(Platform, [Repository], cancellationToken: cancellationToken);
        await forge.Administration.AddCollaboratorAsync(Repository, Platform, "write", cancellationToken);
        var configuration = new Dictionary<string, string>(machinery.Configuration, StringComparer.Ordinal)
        {
            ["GitHub__BaseAddress"] = forge.Address.AbsoluteUri,
            ["GitHub__Token"] = token,
            ["GitHub__Webhook__Secret"] = secret,
            ["Platform__Repositories__0"] = Repository,
            ["Host__AllowAnonymousLoopback"] = "true",
            ["Host__DrainTimeout"] = "00:00:01",
            ["Host__DataDirectory"] = directory.Combine("platform"),
            ["Artifacts__Directory"] = directory.Combine("artifacts"),
            ["Findings__Directory"] = directory.Combine("findings"),
            ["Git__Directory"] = directory.Combine("git"),
            ["Logs__Directory"] = directory.Combine("logs"),
        };
        return await PlatformProcess.StartAsync(directory.Combine("platform"), configuration, cancellationToken);
    }

    private async Task<PipelineRun> ShowAsync(LocalForgeServer forge, PlatformProcess platform, string secret, CancellationToken cancellationToken)
    {
        using var forgeHttp = new HttpClient { BaseAddress = forge.Address };
        using var platformHttp = new HttpClient { BaseAddress = platform.Address };
        var person = new ForgeClient(forgeHttp, await forge.Administration.CreateTokenAsync("octo", cancellationToken: cancellationToken), Repository);
        await person.AddWebhookAsync(new Uri(platform.Address, "api/github/webhook"), secret, cancellationToken);

        await forge.Administration.CommitAsync(Repository, _change.Branch, _change.Title, await _change.ReadFilesAsync(cancellationToken), cancellationToken);
        var stopwatch = Stopwatch.StartNew();
        var pullRequest = await person.OpenPullRequestAsync(_change.Branch, _change.Title, _change.Description, cancellationToken);
        console.WriteLine(FormattableString.Invariant($"octo opened {Repository}#{pullRequest.Number}: {_change.Title}"));

        var display = new StageDisplay(console, TimeProvider.System);
        var run = await display.FollowAsync(WatchAsync(new PlatformClient(platformHttp), platform, pullRequest.Number, cancellationToken));
        stopwatch.Stop();

        console.WriteLine();
        console.Write(new Text(run.Verdict ?? run.State, new Style(StageDisplay.ColorOf(run.Verdict ?? run.State), decoration: Decoration.Bold)));
        console.WriteLine($": {run.Summary}");
        console.WriteLine();
        foreach (var comment in await person.GetCommentsAsync(pullRequest.Number, cancellationToken))
        {
            console.Write(CommentView.Render(comment.User.Login, comment.Body));
        }

        console.Write(display.TableOf(run));
        console.WriteLine($"From the opened pull request to the verdict: {StageDisplay.Seconds(stopwatch.Elapsed)}");
        if (options.Keep)
        {
            await KeepAsync(platform, pullRequest, run, cancellationToken);
        }

        return run;
    }

    private async IAsyncEnumerable<PipelineRun> WatchAsync(
        PlatformClient client, PlatformProcess platform, int pullRequest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            PipelineRun? run;
            try
            {
                _runId ??= (await client.FindRunAsync(Repository, pullRequest, cancellationToken))?.Id;
                run = _runId is null ? null : await client.GetRunAsync(_runId, cancellationToken);
            }
            catch (HttpRequestException)
            {
                platform.ThrowIfEnded();
                throw;
            }

            if (run is not null)
            {
                yield return run;
                if (run.CompletedAt is not null)
                {
                    yield break;
                }
            }
            else if (Stopwatch.GetElapsedTime(started) > WebhookPatience)
            {
                throw new QuickStartException("The platform began no run: the forge's webhook did not reach it.", ExitCodes.Broken);
            }

            await Task.Delay(LookAgain, cancellationToken);
        }
    }

    private async Task KeepAsync(PlatformProcess platform, OpenedPullRequest pullRequest, PipelineRun run, CancellationToken cancellationToken)
    {
        console.WriteLine();
        console.WriteLine("Everything is left running until Ctrl+C:");

        // Folded to the terminal's width an address could not be followed.
        var output = console.Profile.Out.Writer;
        output.WriteLine($"  the pull request  {pullRequest.HtmlUrl}");
        output.WriteLine($"  its pipeline      {new Uri(platform.Address, $"api/pipelines/{Uri.EscapeDataString(run.Id)}")}");
        output.WriteLine($"  all pipelines     {new Uri(platform.Address, "api/pipelines")}");
        output.WriteLine($"  health            {new Uri(platform.Address, "api/health")}");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            console.WriteLine("Stopping.");
        }
    }

    private async Task RemoveRunAsync(TestMachinery machinery, string runId)
    {
        using var patience = new CancellationTokenSource(CleanUpPatience);
        try
        {
            await machinery.RemoveRunAsync(runId, patience.Token);
        }
        catch (Exception exception) when (exception is Activities.Tools.ToolException or OperationCanceledException)
        {
            console.WriteLine($"What the stopped run left in the container engine could not be removed: {exception.Message}");
        }
    }
}
