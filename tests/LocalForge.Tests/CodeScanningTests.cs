using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class CodeScanningTests
{
    private const string Sarifs = $"{TestForge.Hello}/code-scanning/sarifs";

    [Theory]
    [InlineData("""{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[]}]}""", null)]
    [InlineData("{", "JSON syntax error")]
    [InlineData("[]", "Missing runs")]
    [InlineData("""{"$schema":"s","version":"2.0.0","runs":[]}""", "only 2.1.0 is supported")]
    [InlineData("""{"version":"2.1.0","runs":[]}""", "Missing $schema")]
    [InlineData("""{"$schema":"s","version":"2.1.0","runs":[{"tool":{},"results":[]}]}""", "Missing tool.driver.name")]
    [InlineData("""{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}}}]}""", "Missing results")]
    [InlineData(
        """{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"invocations":[{"executionSuccessful":false}],"results":[]}]}""", "unsuccessful execution")]
    [InlineData("""{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"message":{"text":"m"}}]}]}""", "at least one location")]
    [InlineData(
        """{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a"}}}]}]}]}""",
        "Missing message.text")]
    [InlineData(
        """{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a"},"region":{"startLine":0}}}]}]}]}""",
        "start line")]
    public async Task A_log_is_checked_as_code_scanning_does(string log, string? error)
    {
        await using var forge = await TestForge.StartAsync();

        var status = await ProcessAsync(forge, log);

        ((string?)status["processing_status"]).ShouldBe(error is null ? "complete" : "failed");
        if (error is not null)
        {
            status["errors"]!.AsArray().ShouldContain(each => ((string?)each)!.Contains(error));
        }
    }

    [Theory]
    [InlineData(20, 0, 0, true)]
    [InlineData(21, 0, 0, false)]
    [InlineData(1, 25_000, 20, true)]
    [InlineData(1, 25_001, 0, false)]
    [InlineData(1, 0, 21, false)]
    public async Task The_documented_limits_hold(int runs, int results, int tags, bool complete)
    {
        await using var forge = await TestForge.StartAsync();
        const string Result = """{"message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a"}}}]}""";
        var rule = $$$"""{"id":"r","properties":{"tags":[{{{string.Join(',', Enumerable.Range(0, tags).Select(tag => $"\"{tag}\""))}}}]}}""";
        var run = $$$"""{"tool":{"driver":{"name":"t","rules":[{{{rule}}}]}},"results":[{{{string.Join(',', Enumerable.Repeat(Result, results))}}}]}""";

        var status = await ProcessAsync(forge, $$"""{"$schema":"s","version":"2.1.0","runs":[{{string.Join(',', Enumerable.Repeat(run, runs))}}]}""");

        ((string?)status["processing_status"]).ShouldBe(complete ? "complete" : "failed");
    }

    [Fact]
    public async Task What_is_not_compressed_or_too_large_is_no_upload()
    {
        await using var forge = await TestForge.StartAsync();
        var sha = await forge.CommitAsync("main", ("a.txt", "1\n"));
        using var plain = await forge.PostAsync(Sarifs, new { commit_sha = sha, @ref = "refs/heads/main", sarif = Convert.ToBase64String("{}"u8) });
        await TestForge.ReadAsync(plain, 400);
        using var large = await forge.PostAsync(Sarifs, new { commit_sha = sha, @ref = "refs/heads/main", sarif = new string('A', 14 * 1024 * 1024) });
        await TestForge.ReadAsync(large, 413);

        forge.Server.Administration.ListSarifUploads("octo/hello").ShouldBeEmpty();
    }

    private static async Task<JsonNode> ProcessAsync(TestForge forge, string log)
    {
        var sha = await forge.CommitAsync("main", ("a.txt", "1\n"));
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(log));
        }

        using var response = await forge.PostAsync(
            Sarifs, new { commit_sha = sha, @ref = "refs/heads/main", sarif = Convert.ToBase64String(compressed.ToArray()) });
        var id = (await TestForge.ReadAsync(response, 202))["id"];
        return await forge.GetObjectAsync($"{Sarifs}/{id}");
    }
}
