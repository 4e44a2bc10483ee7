using AtomicDevOps.Activities.Tests.Tools.ChatModel;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Patches of a chat model, over HTTP by each vendor's protocol: from a finding that no rule can fix to a pull request, or to nothing.</summary>
public sealed class ModelFixTests : EndToEndTest
{
    private const string Key = "AKIAQ4XZ7TWLM2PNV5RD";

    private const string Listing = "import os\n\n\ndef count(directory):\n    os.system(\"ls \" + directory)\n    return len(os.listdir(directory))\n";

    private const string Good = "@@ -4,3 +4,2 @@\n def count(directory):\n-    os.system(\"ls \" + directory)\n     return len(os.listdir(directory))";

    private const string BreaksTheTests = "@@ -4,3 +4,2 @@\n def count(directory):\n-    os.system(\"ls \" + directory)\n-    return len(os.listdir(directory))\n+    return 0";

    private const string AddsAFinding =
        "@@ -4,3 +4,4 @@\n def count(directory):\n-    os.system(\"ls \" + directory)\n+    import yaml\n+    yaml.load(directory)\n     return len(os.listdir(directory))";

    private const string BreaksTheBuild =
        "@@ -1,6 +1,5 @@\n-import os\n+from os import listdir\n \n \n def count(directory):\n-    os.system(\"ls \" + directory)\n-    return len(os.listdir(directory))\n+    return len(listdir(directory))";

    private const string DoesNotApply = "@@ -4,3 +4,2 @@\n def count(folder):\n-    os.system(\"ls \" + folder)\n     return len(os.listdir(folder))";

    [Theory]
    [InlineData(ChatModelProvider.OpenAI, BreaksTheTests, DoesNotApply)]
    [InlineData(ChatModelProvider.Anthropic, AddsAFinding, BreaksTheBuild)]
    public async Task A_good_patch_ends_as_a_pull_request_and_a_bad_one_never_does(ChatModelProvider provider, string bad, string worse)
    {
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var model = await ChatModelStandIn.StartAsync(provider);
        await using var installation = Use(await Installation.StartAsync(
            engine,
            [
                .. SecurityTools.Settings(),
                ("ChatModel__Provider", provider.ToString()),
                ("ChatModel__Endpoint", model.Address.ToString()),
                ("ChatModel__Model", ChatModelStandIn.Model),
                ("ChatModel__ApiKey", ChatModelStandIn.ApiKey),
            ]));

        foreach (var (patch, isGood) in new[] { (Good, true), (bad, false), (worse, false) })
        {
            // A question that was answered before is not asked again, whoever's repository it is about.
            var question = $"# {Guid.NewGuid()}\n";
            model.Say($"No shell is needed.\n\n```diff\n--- a/listing.py\n+++ b/listing.py\n{patch}\n```\n");
            var repository = await installation.CreateRepositoryAsync(
                (SampleRepository.Configuration, null), ("Dockerfile", $"{SampleRepository.Files["Dockerfile"]}USER 65534\nRUN ! test -e listing.py || grep -q \"^import os\" listing.py\n"));
            await repository.CommitAsync(
                "feature",
                "Count files",
                ("listing.py", $"{Listing}\n\nACCESS_KEY_ID = \"{Key}\"\n{question}"),
                ("tests/test_listing.py", "from listing import count\n\n\ndef test_counts(tmp_path):\n    (tmp_path / \"one\").touch()\n    assert count(str(tmp_path)) == 1\n"));
            var opened = await repository.OpenPullRequestAsync("feature");

            var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

            run.Verdict.ShouldBe("Failed", run.Report);
            var fixes = (await repository.OpenPullRequestsAsync()).Where(each => each.Number != opened.Number).ToArray();
            fixes.Length.ShouldBe(isGood ? 1 : 0, run.Report);
            (await repository.BranchesAsync()).Count(branch => branch.StartsWith("atomic-devops/fix/", StringComparison.Ordinal)).ShouldBe(fixes.Length);
        }

        var asked = model.Requests.Where(request => request.Body.Length > 0).ToArray();
        asked.Length.ShouldBe(3);
        asked.ShouldAllBe(request => request.Prompt.Contains("os.system", StringComparison.Ordinal) && !request.Body.Contains(Key, StringComparison.Ordinal));
    }
}
