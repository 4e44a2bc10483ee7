using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Alerts;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

/// <summary>Alerts as webhooks show them: GitHub documentation, "Webhook events and payloads".</summary>
internal sealed partial class JsonRenderer
{
    public JsonObject Alert(Repository repository, DependabotAlert alert, long number)
    {
        var json = Alert(repository, "dependabot", number);
        var vulnerability = new JsonObject
        {
            ["package"] = Package(alert),
            ["severity"] = alert.Severity,
            ["vulnerable_version_range"] = alert.VulnerableRange,
            ["first_patched_version"] = alert.FirstPatchedVersion is { } patched ? new JsonObject { ["identifier"] = patched } : null,
        };
        json["state"] = "open";
        json["dependency"] = new JsonObject { ["package"] = Package(alert), ["manifest_path"] = alert.ManifestPath, ["scope"] = "runtime", ["relationship"] = "direct" };
        json["security_advisory"] = new JsonObject
        {
            ["ghsa_id"] = alert.Advisory,
            ["cve_id"] = null,
            ["summary"] = alert.Summary,
            ["description"] = alert.Summary,
            ["vulnerabilities"] = new JsonArray(vulnerability.DeepClone()),
            ["severity"] = alert.Severity,
            ["cvss"] = new JsonObject { ["score"] = 0, ["vector_string"] = null },
            ["cwes"] = new JsonArray(),
            ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "GHSA", ["value"] = alert.Advisory }),
            ["references"] = new JsonArray(new JsonObject { ["url"] = $"https://github.com/advisories/{alert.Advisory}" }),
            ["published_at"] = GitHubJson.Time(forge.Now),
            ["updated_at"] = GitHubJson.Time(forge.Now),
            ["withdrawn_at"] = null,
        };
        json["security_vulnerability"] = vulnerability;
        json["dismissed_at"] = null;
        json["dismissed_by"] = null;
        json["dismissed_reason"] = null;
        json["dismissed_comment"] = null;
        json["fixed_at"] = null;
        json["auto_dismissed_at"] = null;
        return json;
    }

    public JsonObject Alert(Repository repository, CodeScanningAlert alert, long number, string branch, string commitSha)
    {
        var json = Alert(repository, "code-scanning", number);
        json["instances_url"] = $"{json["url"]}/instances";
        json["state"] = string.Equals(branch, repository.DefaultBranch, StringComparison.Ordinal) ? "open" : null;
        json["fixed_at"] = null;
        json["dismissed_by"] = null;
        json["dismissed_at"] = null;
        json["dismissed_reason"] = null;
        json["dismissed_comment"] = null;
        json["rule"] = new JsonObject
        {
            ["id"] = alert.Rule,
            ["severity"] = "error",
            ["description"] = alert.Message,
            ["name"] = alert.Rule,
            ["tags"] = new JsonArray("security"),
            ["full_description"] = alert.Message,
            ["help"] = null,
            ["help_uri"] = null,
        };
        json["tool"] = new JsonObject { ["name"] = alert.Tool, ["guid"] = null, ["version"] = null };
        json["most_recent_instance"] = new JsonObject
        {
            ["ref"] = $"refs/heads/{branch}",
            ["analysis_key"] = "api",
            ["environment"] = "{}",
            ["category"] = "",
            ["state"] = "open",
            ["commit_sha"] = commitSha,
            ["message"] = new JsonObject { ["text"] = alert.Message },
            ["location"] = new JsonObject
            {
                ["path"] = alert.Path,
                ["start_line"] = alert.StartLine,
                ["end_line"] = alert.StartLine,
                ["start_column"] = 1,
                ["end_column"] = 1,
            },
            ["classifications"] = new JsonArray(),
        };
        return json;
    }

    public JsonObject Alert(Repository repository, SecretScanningAlert alert, long number)
    {
        var json = Alert(repository, "secret-scanning", number);
        json["locations_url"] = $"{json["url"]}/locations";
        json["resolution"] = null;
        json["resolved_at"] = null;
        json["resolved_by"] = null;
        json["resolution_comment"] = null;
        json["secret_type"] = alert.SecretType;
        json["secret_type_display_name"] = alert.SecretType.Replace('_', ' ');
        json["validity"] = "unknown";
        json["push_protection_bypassed"] = false;
        json["push_protection_bypassed_by"] = null;
        json["push_protection_bypassed_at"] = null;
        json["publicly_leaked"] = alert.Action is "publicly_leaked";
        json["multi_repo"] = false;
        return json;
    }

    private JsonObject Alert(Repository repository, string kind, long number) => new()
    {
        ["number"] = number,
        ["created_at"] = GitHubJson.Time(forge.Now),
        ["updated_at"] = GitHubJson.Time(forge.Now),
        ["url"] = $"{ApiOf(repository.Id)}/{kind}/alerts/{number}",
        ["html_url"] = $"{WebOf(repository.Id)}/security/{kind}/{number}",
    };

    private static JsonObject Package(DependabotAlert alert) => new() { ["ecosystem"] = alert.Ecosystem, ["name"] = alert.Package };
}
