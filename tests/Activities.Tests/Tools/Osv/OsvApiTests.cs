using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Packages.Corpus;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tests.Tools.Http;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Osv;

public sealed class OsvApiTests : IDisposable
{
    private static readonly OsvPackage Django = new("PyPI", "Django");
    private static readonly OsvPackage Lodash = new("npm", "lodash");
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task All_packages_are_asked_for_in_one_batch_by_their_names_alone_and_then_each_record_once()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        api.Add("A-2", "PyPI", "django", "4.0");
        api.Add("B-1", "npm", "lodash", "4.17.21", "2024-05-06T00:00:00Z");
        await using var services = Services(api);

        var answer = await Source(services).FindAsync([Django, new OsvPackage("PyPI", "django"), Lodash, new OsvPackage("npm", "clean")], Token);

        answer.Problems.ShouldBeEmpty();
        answer.Ecosystems.ShouldBeNull();
        answer.AsOf.ShouldBe("127.0.0.1, 2024-05-06T00:00:00Z");
        answer.Records.ToDictionary(each => each.Key, each => string.Join(' ', each.Value.Select(record => record.Id))).ShouldBe(
            new Dictionary<OsvPackage, string> { [Django] = "A-1 A-2", [new OsvPackage("PyPI", "django")] = "A-1 A-2", [Lodash] = "B-1" }, ignoreOrder: true);
        var record = answer.Records[Django][0];
        (record.Aliases.Single(), record.Affected.Single().Ranges.Single().Events[1].Fixed).ShouldBe(("CVE-A-1", "3.2.1"));
        api.Server.Requests[0].Target.ShouldBe("/v1/querybatch");
        api.Server.Requests[0].Body.ShouldBe(
            """{"queries":[{"package":{"ecosystem":"PyPI","name":"django"}},{"package":{"ecosystem":"npm","name":"lodash"}},{"package":{"ecosystem":"npm","name":"clean"}}]}""");
        api.Server.Requests.Skip(1).Select(request => request.Target).Order(StringComparer.Ordinal).ShouldBe(["/v1/vulns/A-1", "/v1/vulns/A-2", "/v1/vulns/B-1"]);
    }

    [Fact]
    public async Task Only_records_that_are_new_or_changed_are_read_again_also_after_a_restart()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        api.Add("A-2", "PyPI", "django", "4.0");
        await using (var services = Services(api))
        {
            await Source(services).FindAsync([Django], Token);
            (await Source(services).FindAsync([Django], Token)).Records[Django].Count.ShouldBe(2);
            Read(api).ShouldBe(["A-1", "A-2"], ignoreOrder: true);
        }

        api.Add("A-2", "PyPI", "django", "4.1", "2024-02-01T00:00:00Z");
        api.Add("A-3", "PyPI", "django", "5.0");
        await using var later = Services(api);
        var answer = await Source(later).FindAsync([Django], Token);

        Read(api).Skip(2).ShouldBe(["A-2", "A-3"], ignoreOrder: true);
        answer.Records[Django].Select(record => record.Affected[0].Ranges[0].Events[1].Fixed).ShouldBe(["3.2.1", "4.1", "5.0"]);
    }

    [Fact]
    public async Task A_record_that_is_older_than_listed_serves_and_is_asked_for_again()
    {
        await using var api = await OsvStandIn.StartAsync();
        var record = api.Add("A-1", "PyPI", "django", "3.2.1", "2024-06-01T00:00:00Z");
        var older = record.DeepClone().AsObject();
        older["modified"] = "2024-01-01T00:00:00Z";
        api.Server.Plan(IsRecord, Day.Json(200, older.ToJsonString()));
        await using var services = Services(api);

        (await Source(services).FindAsync([Django], Token)).Records[Django].Count.ShouldBe(1);
        await Source(services).FindAsync([Django], Token);
        await Source(services).FindAsync([Django], Token);

        Read(api).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_cached_record_that_is_damaged_is_read_again()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        await using (var services = Services(api))
        {
            await Source(services).FindAsync([Django], Token);
        }

        var kept = Directory.GetFiles(_directory.Combine("artifacts"), "A-1.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        await File.WriteAllTextAsync(kept, "{", Token);
        await using var later = Services(api);

        (await Source(later).FindAsync([Django], Token)).Records[Django].Count.ShouldBe(1);
        Read(api).ShouldBe(["A-1", "A-1"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lists_are_read_over_all_pages_and_only_those_that_go_on_are_asked_for_again(bool beginsEmpty)
    {
        await using var api = await OsvStandIn.StartAsync();
        api.PageSize = 2;
        api.BeginsEmpty = beginsEmpty;
        for (var number = 1; number <= 5; number++)
        {
            api.Add($"A-{number}", "PyPI", "django", "3.2.1");
        }

        api.Add("B-1", "npm", "lodash", "4.17.21");
        await using var services = Services(api);

        var answer = await Source(services).FindAsync([Django, Lodash], Token);

        (answer.Records[Django].Count, answer.Records[Lodash].Count).ShouldBe((5, 1));
        var batches = api.Server.Requests.Where(request => request.Path is "/v1/querybatch").Select(request => JsonNode.Parse(request.Body)!["queries"]!.AsArray().Count);
        batches.ShouldBe(beginsEmpty ? [2, 2, 1, 1] : [2, 1, 1]);
        api.Server.Requests.Where(request => request.Path is "/v1/querybatch").Last().Body.ShouldContain("\"page_token\":\"p4\"");
    }

    [Fact]
    public async Task A_list_that_goes_round_in_a_circle_is_an_error()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Server.Plan(Day.Json(200, """{"results":[{"next_page_token":"p7"}]}"""), Day.Json(200, """{"results":[{"next_page_token":"p7"}]}"""));
        await using var services = Services(api);

        (await Should.ThrowAsync<ToolException>(() => Source(services).FindAsync([Django], Token))).Message.ShouldContain("the same again");
    }

    [Fact]
    public async Task More_packages_than_a_batch_takes_are_asked_for_in_several()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "npm", "package-2499", "1.0.0");
        await using var services = Services(api);

        var answer = await Source(services).FindAsync([.. Enumerable.Range(0, 2_500).Select(number => new OsvPackage("npm", $"package-{number}"))], Token);

        answer.Records.Keys.ShouldBe([new OsvPackage("npm", "package-2499")]);
        api.Server.Requests.Count(request => request.Path is "/v1/querybatch").ShouldBe(3);
    }

    [Fact]
    public async Task What_is_new_about_a_package_with_many_advisories_is_asked_for_at_once_over_all_pages()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.PageSize = 40;
        for (var number = 0; number < 100; number++)
        {
            api.Add($"A-{number}", "Debian:12", "linux", "6.1.1-1");
        }

        await using var services = Services(api);
        var linux = new OsvPackage("Debian:12", "linux");

        (await Source(services).FindAsync([linux], Token)).Records[linux].Count.ShouldBe(100);
        await Source(services).FindAsync([linux], Token);

        api.Server.Requests.Select(request => request.Path).ShouldBe([.. Enumerable.Repeat("/v1/querybatch", 3), .. Enumerable.Repeat("/v1/query", 3), .. Enumerable.Repeat("/v1/querybatch", 3)]);
    }

    [Fact]
    public async Task A_record_that_cannot_be_had_is_a_gap_and_never_clean()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        api.Add("A-2", "PyPI", "django", "4.0");
        api.Server.Plan(request => request.Path is "/v1/vulns/A-1", Day.Json(404, """{"code":5,"message":"Bug not found."}"""));
        await using var services = Services(api);

        var report = await ScanAsync(services, "django==3.2.0\n");

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("A-1");
        report.Findings.ShouldHaveSingleItem().Package!.Advisory.ShouldBe("A-2");
    }

    [Theory]
    [InlineData("""{"id":"A-1","affected":3}""", "not osv.dev's")]
    [InlineData("""{"id":"A-9"}""", "another one's")]
    [InlineData("""{"id":"A-1","affected":[{"package":{"ecosystem":"PyPI","name":"flask"}}]}""", "names no such package")]
    [InlineData("""[]""", "not osv.dev's")]
    public async Task A_record_that_is_not_what_was_asked_for_is_a_gap(string record, string reason)
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        api.Server.Plan(IsRecord, Day.Json(200, record));
        await using var services = Services(api);

        var answer = await Source(services).FindAsync([Django], Token);

        answer.Problems.ShouldHaveSingleItem().ShouldContain(reason);
    }

    [Theory]
    [InlineData("""{"results":[]}""", "0 results for 1 queries")]
    [InlineData("""{"results":[{},{}]}""", "2 results for 1 queries")]
    [InlineData("""{"results":[3]}""", "no list")]
    [InlineData("""{"results":[{"vulns":{}}]}""", "no list")]
    [InlineData("""{"results":[{"vulns":[{"modified":"2024-01-01T00:00:00Z"}]}]}""", "no id")]
    [InlineData("""{"results":[{"vulns":[{"id":"../x"}]}]}""", "no id")]
    [InlineData("""{}""", "0 results")]
    public async Task An_answer_that_is_not_as_documented_checks_nothing(string answer, string reason)
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Server.Plan(Day.Json(200, answer));
        await using var services = Services(api);

        var report = await ScanAsync(services, "django==3.2.0\n");

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain(reason);
        report.Reason.ShouldContain("Osv:Address");
    }

    public static TheoryData<string> BadDays => ["hangs up", "cut", "truncated", "bad gateway", "html", "500", "throttled"];

    [Theory]
    [MemberData(nameof(BadDays))]
    public async Task A_service_that_is_in_trouble_all_the_time_checks_nothing(string trouble)
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Server.Plan(request => request.Path is "/v1/querybatch", [.. Enumerable.Repeat(DayOf(trouble), 10)]);
        await using var services = Services(api, ("Osv:Timeout", "00:00:01"), ("Osv:RateLimitWait", "00:00:20"));

        var report = await ScanAsync(services, "django==3.2.0\n");

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("POST v1/querybatch");
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("hangs up")]
    [InlineData("cut")]
    [InlineData("bad gateway")]
    [InlineData("throttled")]
    public async Task A_bad_moment_is_waited_for(string trouble)
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("A-1", "PyPI", "django", "3.2.1");
        api.Server.Plan(request => request.Path is "/v1/querybatch", DayOf(trouble));
        api.Server.Plan(IsRecord, DayOf(trouble));
        await using var services = Services(api, ("Osv:Timeout", "00:00:01"));

        var report = await ScanAsync(services, "django==3.2.0\n");

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_service_that_fails_halfway_is_not_asked_for_the_rest_and_what_is_missing_is_told()
    {
        await using var api = await OsvStandIn.StartAsync();
        for (var number = 0; number < 40; number++)
        {
            api.Add($"A-{number}", "PyPI", $"package-{number}", "2.0");
        }

        OsvPackage[] packages = [.. Enumerable.Range(0, 40).Select(number => new OsvPackage("PyPI", $"package-{number}"))];
        await using var services = Services(api);
        await Source(services).FindAsync(packages[..10], Token);
        api.Server.Plan(IsRecord, [.. Enumerable.Repeat(Day.BadGateway, 200)]);

        var answer = await Source(services).FindAsync(packages, Token);

        answer.Records.Count.ShouldBe(10);
        answer.Problems.ShouldHaveSingleItem().ShouldStartWith("30 of 40 advisories could not be read");
        Read(api).Count.ShouldBeLessThan(10 + (2 * 8 * 4));
        (await Should.ThrowAsync<ToolUnavailableException>(() => Source(services).FindAsync(packages[10..], Token))).Message.ShouldContain("502");
    }

    [Fact]
    public async Task A_directory_goes_first_and_the_api_is_asked_about_what_the_directory_has_nothing_of()
    {
        await using var api = await OsvStandIn.StartAsync();
        api.Add("B-1", "npm", "lodash", "4.17.21");
        await using var services = Services(api, ("Osv:Directory", LocalRecords()));

        (await Source(services).FindAsync([Django], Token)).Records[Django].ShouldHaveSingleItem().Id.ShouldBe("L-1");
        api.Server.Requests.ShouldBeEmpty();
        var both = await Source(services).FindAsync([Django, Lodash], Token);

        both.Records.Values.SelectMany(records => records).Select(record => record.Id).ShouldBe(["L-1", "B-1"], ignoreOrder: true);
        both.Ecosystems.ShouldBeNull();
        api.Server.Requests[0].Body.ShouldNotContain("django");
        api.Server.Plan(Enumerable.Repeat(Day.Html, 5).ToArray());
        var half = await Source(services).FindAsync([Django, Lodash], Token);
        half.Records.Keys.ShouldBe([Django]);
        half.Problems.ShouldHaveSingleItem();
        half.Ecosystems.ShouldBe(["PyPI"]);
    }

    [Fact]
    public async Task Nothing_is_asked_of_anybody_without_an_address()
    {
        await using var api = await OsvStandIn.StartAsync();
        await using var services = Services(api, ("Osv:Address", null), ("Osv:Directory", LocalRecords()));

        (await Source(services).FindAsync([Django, Lodash], Token)).Ecosystems.ShouldBe(["PyPI"]);

        api.Server.Requests.ShouldBeEmpty();
        new OsvOptions().Address.ShouldBeNull();
    }

    [Fact]
    public async Task Health_tells_whether_the_api_answers()
    {
        await using var api = await OsvStandIn.StartAsync();
        await using var services = Services(api, ("Osv:Timeout", "00:00:01"));
        var probe = services.GetServices<IAgentProbe>().Single(probe => probe.Agent is "OSV API");

        (await probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Healthy);
        api.Server.Requests.ShouldHaveSingleItem().Target.ShouldBe("/v1/vulns/OSV-2020-111");
        api.Server.Plan(Enumerable.Repeat(Day.HangsUp, 5).ToArray());
        (await probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Unhealthy);
    }

    [Theory]
    [InlineData("Osv:Address", "http://api.osv.dev/", "https")]
    [InlineData("Osv:Address", "https://api.osv.dev/v1", "host alone")]
    [InlineData("Osv:Address", "ftp://x/", "https://api.osv.dev/")]
    [InlineData("Osv:Timeout", "00:00:00", "00:00:01")]
    [InlineData("Osv:RateLimitWait", "01:00:00", "00:15:00")]
    [InlineData("Osv:Directory", "/nowhere", "does not exist")]
    public async Task A_wrong_setting_is_told_with_what_would_be_right(string key, string value, string right)
    {
        await using var api = await OsvStandIn.StartAsync();
        await using var services = Services(api, (key, value));

        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<OsvOptions>>().Value).Message.ShouldContain(right);
    }

    [Fact]
    public async Task Real_records_say_the_same_over_the_api_as_in_a_directory()
    {
        Guard.NeedsOsvCorpus();
        await using var api = await OsvStandIn.StartAsync();
        var local = Directory.CreateDirectory(_directory.Combine("corpus"));
        foreach (var file in Directory.GetFiles(OsvCorpus.Directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, index) => index % 40 == 0))
        {
            File.Copy(file, Path.Combine(local.FullName, Path.GetFileName(file)), overwrite: true);
            var record = OsvRecordReader.Read(await File.ReadAllTextAsync(file, Token));
            api.Records[record.Id] = JsonSerializer.SerializeToNode(record, SnakeCase)!.AsObject();
        }

        OsvPackage[] packages =
        [
            .. api.Records.Values.SelectMany(record => record["affected"]!.AsArray()).Select(affected => affected!["package"]).OfType<JsonObject>()
                .Select(package => new OsvPackage((string)package["ecosystem"]!, (string)package["name"]!)).Distinct(),
        ];
        await using var services = Services(api);

        var remote = await Source(services).FindAsync(packages, Token);
        var near = await new OsvClient(Options.Create(new OsvOptions { Directory = local.FullName })).FindAsync(packages, Token);

        packages.Length.ShouldBeGreaterThan(20);
        remote.Problems.ShouldBeEmpty();
        Ids(remote).ShouldBe(Ids(near));

        static string[] Ids(AdvisoryAnswer answer) => [.. answer.Records
            .Select(each => $"{each.Key.Name} {string.Join(' ', each.Value.Select(record => record.Id).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)];
    }

    private static bool IsRecord(RecordedRequest request) => request.Path.StartsWith("/v1/vulns/", StringComparison.Ordinal);

    private static IReadOnlyList<string> Read(OsvStandIn api) => [.. api.Server.Requests.Where(IsRecord).Select(request => request.Path["/v1/vulns/".Length..])];

    private static Day DayOf(string trouble) => trouble switch
    {
        "slow" => Day.Slow,
        "hangs up" => Day.HangsUp,
        "cut" => Day.CutHalfway,
        "truncated" => Day.TruncatedJson,
        "bad gateway" => Day.BadGateway,
        "html" => Day.Html,
        "500" => Day.Json(500, """{"code":13,"message":"internal"}"""),
        "throttled" => Day.Throttled("7"),
        _ => throw new ArgumentOutOfRangeException(nameof(trouble), trouble, "There is no such day."),
    };

    private static IAdvisorySource Source(ServiceProvider services) => services.GetRequiredService<IAdvisorySource>();

    private string LocalRecords()
    {
        var records = Directory.CreateDirectory(_directory.Combine("records")).FullName;
        File.WriteAllText(Path.Combine(records, "L-1.json"), """{"id":"L-1","affected":[{"package":{"ecosystem":"PyPI","name":"django"}}]}""");
        return records;
    }

    private ServiceProvider Services(OsvStandIn api, params (string Key, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Osv:Address"] = api.Server.Address.AbsoluteUri,
            ["Artifacts:Directory"] = _directory.Combine("artifacts"),
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        return new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new SkippingTimeProvider()).AddSnyk(configuration).AddSca(configuration).BuildServiceProvider();
    }

    private static async Task<ScanReport> ScanAsync(ServiceProvider services, string requirements)
    {
        var artifacts = services.GetRequiredService<IArtifactStore>();
        var head = await artifacts.PackAsync("run-1/head.tar", ("requirements.txt", requirements));
        var result = await services.GetRequiredService<ScaExpert>().ScanAsync(new ScaRequest("run-1", head), Token);
        return (await artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(result.Head.Key, Token)).Single(report => report.Tool is "OSV");
    }
}
