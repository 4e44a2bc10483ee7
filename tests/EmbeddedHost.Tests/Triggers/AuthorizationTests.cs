using System.Net;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class AuthorizationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("keys-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("anonymous", null, true)]
    [InlineData("anonymous", "wrong-key-for-tests-only", true)]
    [InlineData("function", null, false)]
    [InlineData("function", "", false)]
    [InlineData("function", "wrong-key-for-tests-only", false)]
    [InlineData("function", FunctionsTestHost.HostKey, true)]
    [InlineData("function", FunctionsTestHost.DurableKey, false)]
    [InlineData("function", FunctionsTestHost.MasterKey, true)]
    [InlineData("system", null, false)]
    [InlineData("system", FunctionsTestHost.HostKey, false)]
    [InlineData("system", FunctionsTestHost.DurableKey, true)]
    [InlineData("system", FunctionsTestHost.MasterKey, true)]
    [InlineData("admin", null, false)]
    [InlineData("admin", FunctionsTestHost.HostKey, false)]
    [InlineData("admin", FunctionsTestHost.DurableKey, false)]
    [InlineData("admin", FunctionsTestHost.MasterKey, true)]
    public async Task Each_level_opens_to_its_keys_alone(string function, string? key, bool opens)
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Levels));
        using var byHeader = new HttpRequestMessage(HttpMethod.Get, $"/api/{function}");
        if (key is not null)
        {
            byHeader.Headers.Add("x-functions-key", key);
        }

        var answers = new[]
        {
            await host.Client.SendAsync(byHeader, Cancellation),
            await host.Client.GetAsync($"/api/{function}?code={key}", Cancellation),
        };

        foreach (var answer in answers)
        {
            answer.StatusCode.ShouldBe(opens ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
            if (!opens)
            {
                (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldNotContain("open");
            }
        }
    }

    [Fact]
    public async Task A_wrong_key_in_the_header_is_not_mended_by_a_right_one_in_the_address()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Levels));
        using var client = host.ClientWithKey("wrong-key-for-tests-only");

        var answer = await client.GetAsync($"/api/function?code={FunctionsTestHost.HostKey}", Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("function", "own-key-of-the-function", HttpStatusCode.OK)]
    [InlineData("other", "own-key-of-the-function", HttpStatusCode.Unauthorized)]
    public async Task A_function_s_own_key_opens_that_function_only(string function, string key, HttpStatusCode expected)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "keys.json"),
            """
            {
              "masterKey": "master-key-in-the-file", "hostKeys": { "default": "default-key-in-the-file" },
              "systemKeys": { "durabletask_extension": "system-key-in-the-file" },
              "functionKeys": { "FUNCTION": { "partner": "own-key-of-the-function" } }
            }
            """,
            Cancellation);
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["Host:DataDirectory"] = _directory }, null, typeof(Levels));
        using var client = host.ClientWithKey(key);

        (await client.GetAsync($"/api/{function}", Cancellation)).StatusCode.ShouldBe(expected);
    }

    [Theory]
    [InlineData("127.0.0.1", null, null, HttpStatusCode.OK)]
    [InlineData("localhost", null, null, HttpStatusCode.OK)]
    [InlineData("[::1]", null, null, HttpStatusCode.OK)]
    [InlineData("rebound.example", null, null, HttpStatusCode.Unauthorized)]
    [InlineData("localhost.example", null, null, HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "X-Forwarded-For", "203.0.113.9", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Forwarded", "for=203.0.113.9", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Origin", "https://evil.example", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Origin", "null", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Origin", "http://localhost:1", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Sec-Fetch-Site", "same-site", HttpStatusCode.Unauthorized)]
    [InlineData("localhost", "Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("localhost", "x-functions-key", "wrong-key-for-tests-only", HttpStatusCode.Unauthorized)]
    public async Task Without_a_key_only_this_machine_s_own_callers_pass_and_only_if_configured(
        string name, string? header, string? value, HttpStatusCode expected)
    {
        await using var open = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["Host:AllowAnonymousLoopback"] = "true" }, null, typeof(Levels));
        await using var closed = await FunctionsTestHost.StartAsync(typeof(Levels));

        (await AskAsync(open)).ShouldBe(expected);
        (await AskAsync(closed)).ShouldBe(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> AskAsync(FunctionsTestHost host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/function");
            request.Headers.Host = $"{name}:{host.Client.BaseAddress!.Port}";
            if (header is not null)
            {
                request.Headers.Add(header, value);
            }

            return (await host.Client.SendAsync(request, Cancellation)).StatusCode;
        }
    }

    [Fact]
    public void The_first_start_makes_keys_that_only_the_owner_can_read_and_later_starts_keep_them()
    {
        var first = KeyStore.Open(_directory, new ConfigurationBuilder().Build());
        var second = KeyStore.Open(_directory, new ConfigurationBuilder().Build());

        string[] keys = [first.MasterKey, first.DefaultHostKey, first.DurableTaskKey];
        keys.Distinct().Count().ShouldBe(3);
        keys.ShouldAllBe(key => key.Length == 43);
        new[] { second.MasterKey, second.DefaultHostKey, second.DurableTaskKey }.ShouldBe(keys);
        Directory.GetFiles(_directory).ShouldBe([Path.Combine(_directory, "keys.json")]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(_directory, "keys.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public void Hosts_that_start_at_once_agree_on_the_keys()
    {
        var stores = new KeyStore[8];
        Parallel.For(0, stores.Length, index => stores[index] = KeyStore.Open(_directory, new ConfigurationBuilder().Build()));

        stores.Select(store => store.MasterKey).Distinct().Count().ShouldBe(1);
        Directory.GetFiles(_directory).ShouldBe([Path.Combine(_directory, "keys.json")]);
    }

    [Fact]
    public void Keys_from_configuration_go_before_the_file_and_are_not_written_to_it()
    {
        KeyStore.Open(_directory, new ConfigurationBuilder().Build());
        var configured = new ConfigurationBuilder().AddInMemoryCollection([new("Host:Keys:default", "key-from-configuration")]).Build();

        var keys = KeyStore.Open(_directory, configured);

        keys.OpensFunction("key-from-configuration", "any").ShouldBeTrue();
        File.ReadAllText(Path.Combine(_directory, "keys.json")).ShouldNotContain("key-from-configuration");
    }

    [Fact]
    public void With_every_key_configured_no_file_is_made()
    {
        var configured = new ConfigurationBuilder().AddInMemoryCollection([
            new("Host:Keys:master", "master-from-configuration"),
            new("Host:Keys:default", "default-from-configuration"),
            new("Host:Keys:durabletask_extension", "durable-from-configuration")]).Build();

        KeyStore.Open(_directory, configured);

        Directory.GetFiles(_directory).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{ \"masterKey\": \"some-long-secret-value\", ", "cannot be read at line 1")]
    [InlineData("{ \"masterKey\": \"some-long-secret-value\" }", "cannot be read")]
    [InlineData("null", "lacks a key")]
    [InlineData(
        "{\"masterKey\":\"some-long-secret-value\",\"hostKeys\":{},\"systemKeys\":{},\"functionKeys\":{}}", "It needs masterKey, hostKeys.default")]
    [InlineData(
        "{\"masterKey\":\"short\",\"hostKeys\":{\"default\":\"some-long-secret-value\"},\"systemKeys\":{\"durabletask_extension\":\"some-long-secret-value\"},\"functionKeys\":{}}",
        "shorter than 16 characters")]
    public void A_key_file_that_cannot_be_used_stops_the_start_without_showing_its_keys(string content, string message)
    {
        File.WriteAllText(Path.Combine(_directory, "keys.json"), content);

        var open = () => KeyStore.Open(_directory, new ConfigurationBuilder().Build());

        var exception = open.ShouldThrow<FunctionSetupException>();
        exception.Message.ShouldContain(message);
        exception.ToString().ShouldNotContain("secret");
    }

    [Fact]
    public void A_configured_key_that_can_be_guessed_is_refused_without_being_shown()
    {
        var configured = new ConfigurationBuilder().AddInMemoryCollection([new("Host:Keys:master", "hunter2")]).Build();

        var open = () => KeyStore.Open(_directory, configured);

        var exception = open.ShouldThrow<FunctionSetupException>();
        exception.Message.ShouldContain("'Host:Keys:master' is shorter than 16 characters");
        exception.Message.ShouldNotContain("hunter2");
    }

    public static class Levels
    {
        [Function("anonymous")]
        public static string Anonymous([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => "open";

        [Function("function")]
        public static string Function([HttpTrigger] HttpRequest request) => "open";

        [Function("other")]
        public static string Other([HttpTrigger(AuthorizationLevel.Function)] HttpRequest request) => "open";

        [Function("system")]
        public static string System([HttpTrigger(AuthorizationLevel.System)] HttpRequest request) => "open";

        [Function("admin")]
        public static string Admin([HttpTrigger(AuthorizationLevel.Admin)] HttpRequest request) => "open";
    }
}
