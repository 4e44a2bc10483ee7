using System.Net;
using System.Net.Sockets;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubClientOperations;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>What every method of the client does when things go wrong.</summary>
public sealed class GitHubClientErrorTests
{
    private const int MostThatIsHeld = 64 * 1024 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_method_is_tried()
        => Names.Select(row => row.Data).Order(StringComparer.Ordinal).ShouldBe(typeof(IGitHubClient).GetMethods().Select(method => method.Name).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(GitHubClientOperations.Names), MemberType = typeof(GitHubClientOperations))]
    public async Task What_does_not_exist_is_not_found(string method)
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"Not Found"}""", HttpStatusCode.NotFound));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolNotFoundException>(() => RunAsync(method, github));

        failure.Message.ShouldContain("404: Not Found");
        network.Requests.ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(GitHubClientOperations.Names), MemberType = typeof(GitHubClientOperations))]
    public async Task A_refusal_tells_GitHubs_own_words(string method)
    {
        using var network = new ScriptedNetwork(_ => Json(
            """{"message":"Validation Failed","errors":[{"resource":"X","field":"y","code":"invalid"}]}""", HttpStatusCode.UnprocessableEntity));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<GitHubRequestException>(() => RunAsync(method, github));

        failure.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        failure.Reason.ShouldBe("Validation Failed; X.y is invalid");
        network.Requests.ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(GitHubClientOperations.Names), MemberType = typeof(GitHubClientOperations))]
    public async Task A_long_limit_is_handed_on_with_its_time(string method)
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"Slow down."}""", HttpStatusCode.TooManyRequests, ("Retry-After", "3600")));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => RunAsync(method, github));

        failure.RetryAfter.ShouldBe(TimeSpan.FromHours(1));
        network.Requests.ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(GitHubClientOperations.Names), MemberType = typeof(GitHubClientOperations))]
    public async Task A_lost_answer_is_asked_for_again_only_where_that_does_no_harm(string method)
    {
        using var network = new ScriptedNetwork(_ => throw new HttpRequestException(HttpRequestError.ResponseEnded, "gone"));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<ToolUnavailableException>(() => RunAsync(method, github));

        network.Requests.Count.ShouldBe(Find(method).IsRepeatable ? 4 : 1);
    }

    [Theory, MemberData(nameof(GitHubClientOperations.NamesOfThoseThatReadJson), MemberType = typeof(GitHubClientOperations))]
    public async Task An_answer_that_is_no_JSON_is_none_of_GitHubs(string method)
        => await ShouldBeNoneOfGitHubsAsync(method, "<html>login</html>");

    [Theory, MemberData(nameof(GitHubClientOperations.NamesOfThoseThatReadJson), MemberType = typeof(GitHubClientOperations))]
    public async Task JSON_that_says_nothing_of_what_was_asked_is_none_of_GitHubs(string method)
        => await ShouldBeNoneOfGitHubsAsync(method, """{"surprise":true}""");

    [Theory, MemberData(nameof(GitHubClientOperations.NamesOfThoseThatReadJson), MemberType = typeof(GitHubClientOperations))]
    public async Task An_empty_answer_is_none_of_GitHubs(string method) => await ShouldBeNoneOfGitHubsAsync(method, "");

    [Theory, MemberData(nameof(GitHubClientOperations.NamesOfThoseThatReadJson), MemberType = typeof(GitHubClientOperations))]
    public async Task An_empty_object_is_none_of_GitHubs(string method) => await ShouldBeNoneOfGitHubsAsync(method, "{}");

    [Theory, MemberData(nameof(GitHubClientOperations.Names), MemberType = typeof(GitHubClientOperations))]
    public async Task Whoever_has_given_up_sends_nothing(string method)
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<OperationCanceledException>(() => Find(method).Run(github.Client, new CancellationToken(canceled: true)));

        network.Requests.ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(GitHubClientOperations.NamesOfLists), MemberType = typeof(GitHubClientOperations))]
    public void A_list_that_nobody_reads_is_not_asked_for(string method)
    {
        using var network = new ScriptedNetwork(_ => Json("[]"));
        using var github = new GitHubHarness(network);
        var parameters = Method(method).GetParameters().Select(parameter => parameter.ParameterType switch
        {
            { } type when type == typeof(RepositoryName) => Repository,
            { } type when type == typeof(PullRequestFilter) => new PullRequestFilter(),
            { } type when type == typeof(IssueFilter) => new IssueFilter(),
            { } type when type == typeof(int) => 1,
            { } type when type == typeof(string) => "main",
            _ => (object)CancellationToken.None,
        });

        Method(method).Invoke(github.Client, [.. parameters]).ShouldNotBeNull();

        network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_port_where_nobody_listens_cannot_be_reached()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        using var network = new SocketsHttpHandler { UseProxy = false };
        using var github = new GitHubHarness(network, ("BaseAddress", $"http://127.0.0.1:{port}/"));

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.CreateCommentAsync(Repository, 1, "hi", Cancellation));

        failure.Message.ShouldContain($"127.0.0.1:{port} cannot be reached");
        github.Clock.Waits.Count.ShouldBe(3);
    }

    [Fact]
    public async Task An_answer_larger_than_what_is_held_is_refused_at_once()
    {
        using var network = new ScriptedNetwork(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new Zeros(MostThatIsHeld + 1) });
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        failure.ShouldNotBeOfType<ToolUnavailableException>();
        failure.Message.ShouldContain("more than this client takes");
        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_archive_may_be_larger_than_what_is_held()
    {
        using var network = new ScriptedNetwork(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new Zeros(MostThatIsHeld + 1) });
        using var github = new GitHubHarness(network);

        await using var archive = await github.Client.OpenTarballAsync(Repository, "main", Cancellation);

        var buffer = new byte[1 << 20];
        var length = 0L;
        while (await archive.ReadAsync(buffer, Cancellation) is var read and > 0)
        {
            length += read;
        }

        length.ShouldBe(MostThatIsHeld + 1);
    }

    private static Task RunAsync(string method, GitHubHarness github) => Find(method).Run(github.Client, Cancellation);

    private static async Task ShouldBeNoneOfGitHubsAsync(string method, string answer)
    {
        using var network = new ScriptedNetwork(_ => Json(answer));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(() => RunAsync(method, github));

        failure.GetType().ShouldBe(typeof(ToolException));
        failure.Message.ShouldContain("GitHub:BaseAddress");
        network.Requests.ShouldHaveSingleItem();
    }

    /// <summary>So many zeros, made as they are sent.</summary>
    private sealed class Zeros(long length) : HttpContent
    {
        private static readonly byte[] Chunk = new byte[1 << 16];

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = length; left > 0; left -= Chunk.Length)
            {
                await stream.WriteAsync(Chunk.AsMemory(0, (int)Math.Min(left, Chunk.Length)));
            }
        }

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new ZeroStream(length));

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }

    private sealed class ZeroStream(long length) : ReadOnlyStream
    {
        private long _left = length;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            Array.Clear(buffer, offset, read);
            _left -= read;
            return read;
        }
    }
}
