using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace AtomicDevOps.Architecture.Tests.Infra;

public sealed partial class WorkflowTests
{
    public static TheoryData<string> Workflows { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, ".github", "workflows")).Select(file => Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_workflows_build_analyze_deploy_and_release() =>
        Workflows.Select(workflow => Path.GetFileName(workflow.Data)).ShouldBe(["ci.yml", "codeql.yml", "deploy.yml", "release.yml"]);

    [Theory, MemberData(nameof(Workflows))]
    public void Every_action_is_pinned_by_its_commit_with_its_version_beside_it(string workflow)
    {
        var uses = Uses.Matches(Repository.Read(workflow)).Select(match => match.Value.Trim()).ToArray();

        uses.Length.ShouldBeGreaterThan(0);
        uses.Where(line => !Pinned.IsMatch(line)).ShouldBeEmpty();
    }

    [Fact]
    public void An_action_has_one_version_in_all_workflows() =>
        (from workflow in Workflows
         from match in Pinned.Matches(Repository.Read(workflow.Data))
         group match.Groups["pin"].Value by match.Groups["owner"].Value.ToUpperInvariant() into action
         where action.Distinct(StringComparer.Ordinal).Count() > 1
         select action.Key).ShouldBeEmpty();

    [Theory, MemberData(nameof(Workflows))]
    public void A_workflow_has_no_permissions_and_each_job_those_that_it_needs(string workflow)
    {
        var root = Read(workflow);

        Mapping(root, "permissions").Children.ShouldBeEmpty();
        foreach (var (name, job) in Jobs(root))
        {
            job.Children.ContainsKey("permissions").ShouldBeTrue(name);
            job["permissions"].ShouldBeOfType<YamlMappingNode>(name);
            job.Children.ContainsKey("timeout-minutes").ShouldBeTrue(name);
        }
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Nothing_of_a_pull_request_runs_with_the_rights_of_the_repository(string workflow)
    {
        var root = Read(workflow);

        Triggers(root).ShouldNotContain("pull_request_target");
        Triggers(root).ShouldNotContain("workflow_run");
        if (Triggers(root).Contains("pull_request", StringComparer.Ordinal))
        {
            var writable = from job in Jobs(root)
                           from permission in Mapping(job.Job, "permissions").Children
                           where permission.Value.ToString() is "write" && permission.Key.ToString() is not ("id-token" or "security-events")
                           select $"{job.Name}: {permission.Key}";
            writable.ShouldBeEmpty();
        }
    }

    [Theory, MemberData(nameof(Workflows))]
    public void No_workflow_uses_a_stored_secret(string workflow) => Repository.Read(workflow).ShouldNotMatch(@"\bsecrets\b\s*[.\[:]");

    [Theory, MemberData(nameof(Workflows))]
    public void What_others_can_write_is_in_no_script(string workflow)
    {
        var scripts = from job in Jobs(Read(workflow))
                      from step in Steps(job.Job)
                      where step.Children.ContainsKey("run") && step["run"].ToString().Contains("${{", StringComparison.Ordinal)
                      select $"{job.Name}: {step["run"]}";

        scripts.ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Workflows))]
    public void A_checkout_leaves_no_token_behind(string workflow)
    {
        var checkouts = (from job in Jobs(Read(workflow))
                         from step in Steps(job.Job)
                         where step.Children.ContainsKey("uses") && step["uses"].ToString().StartsWith("actions/checkout@", StringComparison.Ordinal)
                         select step).ToArray();

        checkouts.Length.ShouldBeGreaterThan(0);
        checkouts.ShouldAllBe(step => Mapping(step, "with")["persist-credentials"].ToString() == "false");
        checkouts.ShouldAllBe(step => !Mapping(step, "with").Children.ContainsKey("ref"));
    }

    [Fact]
    public void What_logs_in_to_Azure_does_so_by_OIDC_in_an_environment()
    {
        var jobs = Jobs(Read(".github/workflows/deploy.yml")).ToArray();

        jobs.Select(job => job.Name).ShouldBe(["what-if", "deploy"]);
        foreach (var (name, job) in jobs)
        {
            Mapping(job, "permissions").Select(permission => $"{permission.Key}: {permission.Value}").ShouldBe(["contents: read", "id-token: write"], name);
            job["environment"].ToString().ShouldStartWith("azure", Case.Sensitive, name);
        }

        jobs[0].Job["if"].ToString().ShouldContain("head.repo.full_name == github.repository");
        jobs[1].Job["if"].ToString().ShouldContain("github.event_name != 'pull_request'");
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Every_path_that_a_script_names_exists(string workflow)
    {
        var missing = from Match match in RepositoryPath.Matches(Repository.Read(workflow))
                      let path = match.Groups["path"].Value.Replace("$HOST", "azure", StringComparison.Ordinal)
                      where !File.Exists(Path.Combine(Repository.Root, path)) && !Directory.Exists(Path.Combine(Repository.Root, path))
                      select path;

        missing.ShouldBeEmpty();
    }

    private static YamlMappingNode Read(string workflow)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(Repository.Read(workflow));
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static YamlMappingNode Mapping(YamlMappingNode node, string key) => node[key].ShouldBeOfType<YamlMappingNode>();

    private static IEnumerable<(string Name, YamlMappingNode Job)> Jobs(YamlMappingNode root) =>
        Mapping(root, "jobs").Select(job => (job.Key.ToString(), (YamlMappingNode)job.Value));

    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode job) => ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();

    private static IEnumerable<string> Triggers(YamlMappingNode root) => Mapping(root, "on").Children.Keys.Select(key => key.ToString());

    [GeneratedRegex("^ *(?:- )?uses:.*$", RegexOptions.Multiline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Uses { get; }

    [GeneratedRegex("uses: (?<owner>[A-Za-z-]+/[A-Za-z-]+)(?:/[a-z]+)?@(?<pin>[0-9a-f]{40} # v[0-9]+\\.[0-9]+\\.[0-9]+)(?=\\r?$)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Pinned { get; }

    [GeneratedRegex(@"(?<=[\s""])(?<path>(?:\.ci|eng|infra|src|tests)/[A-Za-z0-9$_./-]+)(?=[\s""])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex RepositoryPath { get; }
}
