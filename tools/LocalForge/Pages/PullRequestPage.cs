using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Pages;

/// <summary>A pull request for people to look at: state, checks and comments, as plain text. Private repositories have no page.</summary>
internal static class PullRequestPage
{
    public static void Map(IEndpointRouteBuilder root) => root.MapGet("/{owner}/{repo}/pull/{number:int}", Show);

    private static IResult Show(Forge forge, string owner, string repo, int number)
    {
        var repository = forge.FindRepository(owner, repo);
        var issue = repository is null or { Private: true }
            ? null
            : forge.Store.Issues.FirstOrDefault(candidate =>
                candidate.RepositoryId == repository.Id && candidate.Number == number && candidate.Pull is not null);
        return issue is null
            ? Results.Text("Not found", statusCode: StatusCodes.Status404NotFound)
            : Results.Content(Render(forge, repository!, issue), "text/html; charset=utf-8");
    }

    private static string Render(Forge forge, Repository repository, Issue issue)
    {
        var pull = issue.Pull!;
        var state = pull.Merged ? "Merged" : !issue.Open ? "Closed" : pull.Draft ? "Draft" : "Open";
        var name = forge.FullName(repository);
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Text(issue.Title)} · #{issue.Number} · {Text(name)}</title>
            <style>
            body {'{'} font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark {'}'}
            table {'{'} border-collapse: collapse {'}'} td, th {'{'} text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top {'}'}
            pre {'{'} white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8884; border-radius: 6px; padding: 1rem {'}'}
            </style>
            </head>
            <body>
            <p>{Text(name)}</p>
            <h1>{Text(issue.Title)} #{issue.Number}</h1>
            <p><strong>{state}</strong> · {Text(pull.HeadRef)} → {Text(pull.BaseRef)} · <code>{Text(pull.HeadSha[..12])}</code></p>
            <pre>{Text(issue.Body ?? "")}</pre>
            <h2>Checks</h2>
            <table>
            <tr><th>Check</th><th>Result</th><th>Summary</th></tr>

            """);
        var show = new JsonRenderer(forge, forge.Links);
        foreach (var run in show.LatestCheckRuns(repository.Id, pull.HeadSha))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(run.Name)}</td><td>{Text(run.Conclusion ?? run.Status)}</td><td>{Text(run.Title ?? "")}</td></tr>\n");
        }

        foreach (var status in show.LatestStatuses(repository.Id, pull.HeadSha))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Text(status.Context)}</td><td>{Text(status.State)}</td><td>{Text(status.Description ?? "")}</td></tr>\n");
        }

        page.Append("</table>\n<h2>Comments</h2>\n");
        foreach (var comment in forge.Store.Comments.All.Where(c => c.RepositoryId == repository.Id && c.Number == issue.Number))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<p>{Text(forge.Store.Users[comment.UserId].Login)}, {GitHubJson.Time(comment.UpdatedAt)}</p>\n<pre>{Text(comment.Body)}</pre>\n");
        }

        return page.Append("</body>\n</html>\n").ToString();
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
