using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.Processes;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Tools.Git;

public sealed class GitArgumentsTests
{
    private static readonly GitOptions Strict = new();

    private static readonly Gen<string> Nasty = Gen.Elements(
            "--upload-pack=touch /tmp/x", "-c", "--", "..", "/", "\\", "\0", "\n", "@{", "^", "~1", ":", "ext::sh -c x", "refs/", "heads/", "a", "é", ".lock", ".", "https://", "file://", "host", "@", "?", "#", " ", "*", "$(x)", "'", "\"")
        .ArrayOf()
        .Select(string.Concat);

    [Theory]
    [InlineData("https://github.com/octo/hello.git")]
    [InlineData("http://127.0.0.1:8080/octo/hello.git")]
    [InlineData("http://localhost/x")]
    public void Usual_urls_are_allowed(string url) => GitArguments.CloneUrl(url, Strict).AbsoluteUri.ShouldBe(url);

    [Theory]
    [InlineData("http://example.org/x.git")]
    [InlineData("file:///etc")]
    [InlineData("/etc")]
    [InlineData("ssh://git@example.org/x")]
    [InlineData("git@github.com:octo/hello.git")]
    [InlineData("ext::sh -c id")]
    [InlineData("ext::id")]
    [InlineData("--upload-pack=id")]
    [InlineData("https://user:secret@example.org/x.git")]
    [InlineData("https://example.org/x.git?a=b")]
    [InlineData("https://exam\nple.org/x.git")]
    [InlineData("")]
    public void Other_urls_are_refused_without_repeating_their_secrets(string url) =>
        Should.Throw<ToolException>(() => GitArguments.CloneUrl(url, Strict)).Message.ShouldNotContain("secret");

    [Fact]
    public void Whatever_passes_as_a_reference_is_one_to_git_too() => Prop
        .ForAll(Arb.From(Nasty.Select(text => "refs/heads/" + text)), reference =>
        {
            if (!Accepts(() => GitArguments.Reference(reference)))
            {
                return true;
            }

            var result = RealTools.Processes
                .RunAsync(new ProcessRequest("git", "git", ["check-ref-format", reference]), CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return result.Succeeded && !reference.Split('/').Any(part => part.StartsWith('-'));
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_passes_as_a_url_has_an_allowed_protocol_and_no_credentials() => Prop
        .ForAll(Arb.From(Nasty), text => !Accepts(() => GitArguments.CloneUrl(text, Strict))
            || (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && !text.Contains('@', StringComparison.Ordinal) && !text.StartsWith('-')))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_passes_as_a_path_stays_in_the_tree() => Prop
        .ForAll(Arb.From(Nasty), text => !Accepts(() => GitArguments.TreePath(text))
            || Path.GetFullPath(Path.Combine("/tree", text)).StartsWith("/tree/", StringComparison.Ordinal))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_passes_as_a_commit_is_hexadecimal() => Prop
        .ForAll(Arb.From(Nasty), text => !Accepts(() => GitArguments.CommitSha(text)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public async Task Nothing_from_outside_comes_before_the_end_of_options_and_no_secret_is_an_argument()
    {
        using var directory = new TemporaryDirectory();
        var processes = new RecordingProcesses();
        var git = RealTools.Git(directory, processes: processes, credentials: new Credentials());

        await Should.ThrowAsync<ToolException>(() => git.FetchAsync(
            "https://forge.example/x.git",
            new GitRevision(new string('a', 40), "refs/heads/x"),
            new GitFetchLimits(1, 1),
            TestContext.Current.CancellationToken));

        var fetch = processes.Requests.Single(IsFetch);
        fetch.Arguments.ShouldNotContain(argument => argument.Contains("forge.example", StringComparison.Ordinal) || argument.Contains("c2VjcmV0", StringComparison.Ordinal));
        fetch.Arguments[^3].ShouldBe("--end-of-options");
        fetch.Environment.Values.ShouldContain("Authorization: Basic c2VjcmV0");
        fetch.Environment.Values.ShouldContain("http.https://forge.example/.extraHeader");
        processes.Requests.Where(request => !IsFetch(request)).ShouldAllBe(request => !request.Environment.Values.Contains("Authorization: Basic c2VjcmV0"));
    }

    private static bool IsFetch(ProcessRequest request) => request.Arguments[0] is "fetch";

    private static bool Accepts(Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (ToolException)
        {
            return false;
        }
    }

    private sealed class Credentials : IGitCredentialSource
    {
        public ValueTask<string?> GetAuthorizationHeaderAsync(Uri remote, CancellationToken cancellationToken) =>
            ValueTask.FromResult(remote.Host is "forge.example" ? "Basic c2VjcmV0" : null);
    }

    /// <summary>Runs everything but the fetch, which it lets fail.</summary>
    private sealed class RecordingProcesses : IProcessRunner
    {
        public List<ProcessRequest> Requests { get; } = [];

        public Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken)
        {
            Requests.Add(request);
            return IsFetch(request)
                ? Task.FromResult(new ProcessResult(ProcessEnding.Exited, 128, ProcessOutput.Empty, new ProcessOutput("fatal: The requested URL returned error: 403", 0, false), TimeSpan.Zero))
                : RealTools.Processes.RunAsync(request, cancellationToken);
        }
    }
}
