using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tests.Tools.GitHub;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

public sealed class PutIssueTests : IDisposable
{
    private static readonly PutIssueRequest Overdue = new(GitHubHarness.Repository, "overdue", "Two are overdue", "first") { Labels = ["security"] };

    private readonly StatefulGitHub _network = new([]);
    private readonly GitHubHarness _github;

    public PutIssueTests() => _github = new GitHubHarness(_network);

    public void Dispose()
    {
        _github.Dispose();
        _network.Dispose();
    }

    [Fact]
    public async Task An_issue_is_made_updated_closed_and_reopened_in_place()
    {
        var made = await PutAsync(Overdue);
        made.Outcome.ShouldBe(PutIssueOutcome.Created);
        made.HtmlUrl.ShouldBe(new Uri($"https://github.com/octo/hello/issues/{made.Number}"));

        (await PutAsync(Overdue)).ShouldBe(made with { Outcome = PutIssueOutcome.Unchanged });
        (await PutAsync(Overdue with { Body = "second" })).ShouldBe(made with { Outcome = PutIssueOutcome.Updated });
        (await PutAsync(Overdue with { Body = "done", Open = false })).ShouldBe(made with { Outcome = PutIssueOutcome.Closed });
        (await PutAsync(Overdue with { Body = "done", Open = false })).ShouldBe(made with { Outcome = PutIssueOutcome.Unchanged });
        (await PutAsync(Overdue with { Title = "Again", Body = "third" })).ShouldBe(made with { Outcome = PutIssueOutcome.Reopened });

        var issue = _network.Issues.ShouldHaveSingleItem();
        StatefulGitHub.Text(issue, "title").ShouldBe("Again");
        StatefulGitHub.Text(issue, "body").ShouldBe("<!-- atomic-devops:overdue -->\nthird");
        StatefulGitHub.Text(issue, "state").ShouldBe("open");
    }

    [Fact]
    public async Task An_unchanged_issue_is_not_written_again()
    {
        await PutAsync(Overdue);
        await PutAsync(Overdue);
        var requests = _network.Requests;

        await PutAsync(Overdue);

        _network.Requests.ShouldBe(requests + 1);
    }

    [Fact]
    public async Task What_is_not_there_is_not_made_to_be_closed()
    {
        (await PutAsync(Overdue with { Open = false })).ShouldBe(new PutIssueResult(PutIssueOutcome.NotThere));
        _network.Issues.ShouldBeEmpty();
    }

    [Fact]
    public async Task Labels_that_people_gave_stay_and_those_that_are_missing_are_added()
    {
        var issue = _network.AddIssue(StatefulGitHub.Me, Overdue.Title, "<!-- atomic-devops:overdue -->\nfirst");
        issue["labels"]!.AsArray().Add(new JsonObject { ["name"] = "triaged" });

        (await PutAsync(Overdue)).Outcome.ShouldBe(PutIssueOutcome.Updated);

        StatefulGitHub.LabelsOf(issue).ShouldBe(["triaged", "security"]);
    }

    [Fact]
    public async Task Of_several_with_one_key_the_oldest_stays_open()
    {
        const string Body = "<!-- atomic-devops:overdue -->\nfirst";
        var oldest = _network.AddIssue(StatefulGitHub.Me, Overdue.Title, Body);
        var later = _network.AddIssue(StatefulGitHub.Me, Overdue.Title, Body);
        var others = _network.AddIssue("mallory", Overdue.Title, Body);

        (await PutAsync(Overdue)).Number.ShouldBe(oldest["number"]!.GetValue<int>());

        new[] { oldest, later, others }.Select(issue => StatefulGitHub.Text(issue, "state")).ShouldBe(["open", "closed", "open"]);
    }

    [Fact]
    public async Task A_pull_request_with_the_key_is_no_issue()
    {
        _network.AddIssue(StatefulGitHub.Me, "t", "<!-- atomic-devops:overdue -->\nfirst")["pull_request"] = new JsonObject();

        (await PutAsync(Overdue)).Outcome.ShouldBe(PutIssueOutcome.Created);
    }

    [Theory]
    [InlineData("security")]
    [InlineData(null)]
    public async Task An_app_whose_issues_are_not_found_by_its_login_makes_no_second_one(string? label)
    {
        using var key = RSA.Create(2048);
        using var network = new StatefulGitHub([]) { IsApp = true };
        using var github = new GitHubHarness(
            network, ("Token", ""), ("App:AppId", "9"), ("App:InstallationId", "1"), ("App:PrivateKey", key.ExportRSAPrivateKeyPem()));
        var request = Overdue with { Labels = label is null ? [] : [label] };

        var made = await github.Expert.PutIssueAsync(request, TestContext.Current.CancellationToken);
        var again = await github.Expert.PutIssueAsync(request, TestContext.Current.CancellationToken);

        again.ShouldBe(made with { Outcome = PutIssueOutcome.Unchanged });
        network.Issues.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_repository_without_issues_refuses_in_GitHubs_words()
    {
        _network.HasNoIssues = true;

        var result = await PutAsync(Overdue);

        result.Outcome.ShouldBe(PutIssueOutcome.Refused);
        result.Message.ShouldNotBeNull().ShouldContain("Issues has been disabled in this repository.");
    }

    [Fact]
    public async Task Texts_are_kept_within_GitHubs_limits_and_the_title_on_one_line()
    {
        await PutAsync(Overdue with { Title = $" two\r\nlines {new string('x', 300)}", Body = new string('y', 70_000) });

        var issue = _network.Issues.ShouldHaveSingleItem();
        var title = StatefulGitHub.Text(issue, "title")!;
        title.ShouldStartWith("two lines x");
        title.Length.ShouldBe(256);
        StatefulGitHub.Text(issue, "body")!.Length.ShouldBe(65_536);
        StatefulGitHub.Text(issue, "body")!.ShouldEndWith("too long for GitHub)*");
    }

    [Theory]
    [InlineData("", "title", "label")]
    [InlineData("a--b", "title", "label")]
    [InlineData("key", " ", "label")]
    [InlineData("key", "title", "")]
    public async Task A_key_title_or_label_that_cannot_be_is_refused(string key, string title, string label)
    {
        await Should.ThrowAsync<ArgumentException>(() => PutAsync(new PutIssueRequest(GitHubHarness.Repository, key, title, "b") { Labels = [label] }));
        _network.Issues.ShouldBeEmpty();
    }

    private Task<PutIssueResult> PutAsync(PutIssueRequest request) => _github.Expert.PutIssueAsync(request, TestContext.Current.CancellationToken);
}
