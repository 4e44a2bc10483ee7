using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;
using AtomicDevOps.LocalForge.Alerts;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>What happens to a branch that nobody touches, over real tools.</summary>
public sealed class SweepTests : EndToEndTest
{
    /// <summary>Echoes what it is asked for.</summary>
    private const string Application =
        """
        from http.server import BaseHTTPRequestHandler, HTTPServer
        from urllib.parse import parse_qs, urlsplit


        class Echo(BaseHTTPRequestHandler):
            def do_GET(self):
                name = parse_qs(urlsplit(self.path).query).get("name", ["you"])[0]
                page = f"<html><body><a href='/?name=Ada'>Ada</a> Hello, {name}</body></html>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)


        HTTPServer(("127.0.0.1", 8080), Echo).serve_forever()

        """;

    [Fact]
    public async Task An_alert_has_the_default_branch_swept_its_application_attacked_and_a_fix_offered()
    {
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var installation = Use(await Installation.StartAsync(engine, SecurityTools.Settings()));
        var repository = await installation.CreateRepositoryAsync(
            ("requirements.txt", "requests-kerberos==0.5\n"),
            ("web.py", Application),
            (SampleRepository.Configuration, "security:\n  upload: true\n  application:\n    port: 8080\n    command: [/usr/bin/python3, web.py]\n"));

        await repository.RaiseAlertAsync(new DependabotAlert("created", "pip", "requests-kerberos"));

        var id = (await Eventually.ReadAsync(() => installation.Client.RunsAsync(repository.FullName), runs => runs.Count > 0, "a run of the alert"))[0].Id;
        var run = await installation.Client.EndAsync(id, TimeSpan.FromMinutes(5));
        run.Verdict.ShouldBe("Passed", run.Report);
        var found = (await installation.Client.Http.GetFromJsonAsync<JsonNode>($"api/findings?repository={repository.FullName}&reference=refs/heads/main", Cancelled))!;
        var kinds = found["findings"]!.AsArray().Select(finding => finding!["kind"]!.GetValue<string>()).ToArray();
        kinds.ShouldContain("Dependency", found.ToJsonString());
        kinds.ShouldContain("Application", found.ToJsonString());
        found["scans"]!.ToJsonString().ShouldNotContain("NotChecked");
        (await installation.Client.Http.GetStringAsync($"api/findings/{repository.FullName}/sbom?reference=refs/heads/main", Cancelled)).ShouldContain("pkg:pypi/requests-kerberos@0.5");

        var fix = (await repository.OpenPullRequestsAsync()).ShouldHaveSingleItem(run.Report);
        fix.Base.Ref.ShouldBe("main");
        run.Summary.ShouldNotBeNull().ShouldContain($"#{fix.Number}");
        (await repository.ChangedFilesAsync(fix.Number)).ShouldBe(["Dockerfile", "requirements.txt"], "the image had no user, too");
        (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();

        var again = await installation.Client.Http.PostAsync($"api/findings/{repository.FullName}/sweeps", content: null, Cancelled);
        var second = await installation.Client.EndAsync((await again.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["id"]!.GetValue<string>(), TimeSpan.FromMinutes(5));
        second.Verdict.ShouldBe("Passed", second.Report);
        (await repository.OpenPullRequestsAsync()).ShouldHaveSingleItem("what was offered is not offered again");
    }
}
