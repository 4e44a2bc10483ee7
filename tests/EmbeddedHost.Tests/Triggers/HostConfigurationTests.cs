using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class HostConfigurationTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("app-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Settings_come_from_host_json_then_local_settings_then_appsettings_then_the_command_line()
    {
        Write("host.json", """
            {
              // comments are allowed
              "version": "2.0",
              "extensions": { "http": { "routePrefix": "v1" }, "durableTask": { "hubName": "Hub", "maxConcurrentActivityFunctions": 3 } },
            }
            """);
        Write("local.settings.json", """
            {
              "IsEncrypted": false,
              "Values": { "A": "local", "B": "local", "C": "local", "Deep__Er": "local", "AzureFunctionsJobHost__extensions__http__routePrefix": "v2" },
              "ConnectionStrings": { "Main": "somewhere" },
              "Host": { "LocalHttpPort": 7099 }
            }
            """);
        Write("appsettings.json", """{ "B": "appsettings", "C": "appsettings" }""");

        var builder = Builder("--C", "line");
        var options = FunctionHostOptions.Read(builder.Configuration, _root);

        builder.Configuration["A"].ShouldBe("local");
        builder.Configuration["B"].ShouldBe("appsettings");
        builder.Configuration["C"].ShouldBe("line");
        builder.Configuration["Deep:Er"].ShouldBe("local");
        builder.Configuration.GetConnectionString("Main").ShouldBe("somewhere");
        options.RoutePrefix.ShouldBe("v2");
        options.TaskHub.ShouldBe("Hub");
        options.Port.ShouldBe(7099);
        options.DataDirectory.ShouldBe(Path.Combine(_root, ".data"));
    }

    [Fact]
    public void The_engine_gets_the_durable_settings_of_host_json_and_the_data_directory()
    {
        Write("host.json", """{ "extensions": { "durableTask": { "maxConcurrentActivityFunctions": 3, "maxConcurrentOrchestratorFunctions": 2 } } }""");
        using var host = Builder("--Host:DataDirectory", "state").Build();

        var durable = host.Services.GetRequiredService<IOptions<EmbeddedDurableTaskOptions>>().Value;

        durable.MaxConcurrentActivityFunctions.ShouldBe(3);
        durable.MaxConcurrentOrchestratorFunctions.ShouldBe(2);
        durable.DataDirectory.ShouldBe(Path.Combine(_root, "state"));
    }

    [Fact]
    public void The_durable_settings_that_mean_something_here_reach_the_engine()
    {
        Write("host.json", """
            {
              "extensions": {
                "durableTask": {
                  "extendedSessionsEnabled": true, "extendedSessionIdleTimeoutInSeconds": 45, "overridableExistingInstanceStates": "AnyState",
                  "maxMemoryBytes": 2000000, "maxPayloadBytes": 65536, "historyLengthWarning": 500, "maxInstancesInMemory": 7
                }
              }
            }
            """);
        using var host = Builder().Build();

        var durable = host.Services.GetRequiredService<IOptions<EmbeddedDurableTaskOptions>>().Value;

        durable.IdleTimeInMemory.ShouldBe(TimeSpan.FromSeconds(45));
        durable.OverridableExistingInstanceStates.ShouldBe(OverridableStates.AnyState);
        durable.MaxMemoryBytes.ShouldBe(2_000_000);
        durable.MaxPayloadBytes.ShouldBe(65_536);
        durable.HistoryLengthWarning.ShouldBe(500);
        durable.MaxInstancesInMemory.ShouldBe(7);
    }

    [Fact]
    public void The_durable_settings_that_mean_nothing_here_are_named_in_one_line()
    {
        Write("host.json", """
            {
              "extensions": {
                "durableTask": {
                  "hubName": "Hub", "useGracefulShutdown": true, "extendedSessionIdleTimeoutInSeconds": 45,
                  "notifications": { "eventGrid": { "topicEndpoint": "https://topic.example.com/", "publishRetryCount": 3 } }
                }
              }
            }
            """);
        using var logs = new FunctionsTestHost.LogCollector();
        var builder = Builder();
        builder.Logging.AddProvider(logs);
        using var host = builder.Build();

        logs.Lines.Where(line => line.Contains("have no effect", StringComparison.Ordinal)).ShouldHaveSingleItem()
            .ShouldContain(": notifications.eventGrid.publishRetryCount, notifications.eventGrid.topicEndpoint, useGracefulShutdown");
    }

    [Fact]
    public void The_host_json_that_is_shipped_is_understood_whole()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "shipped", "host.json"), Path.Combine(_root, "host.json"));
        using var logs = new FunctionsTestHost.LogCollector();
        var builder = Builder();
        builder.Logging.AddProvider(logs);
        using var host = builder.Build();

        logs.Lines.ShouldNotContain(line => line.Contains("host.json", StringComparison.Ordinal));
        host.Services.GetRequiredService<IOptions<EmbeddedDurableTaskOptions>>().Value.MaxConcurrentEntityFunctions.ShouldBe(40);
    }

    [Theory]
    [InlineData("maxConcurrentActivityFunctions", "0", "a whole number from 1 to 100000")]
    [InlineData("maxMemoryBytes", "\"much\"", "a whole number from 1048576")]
    [InlineData("extendedSessionsEnabled", "\"yes\"", "true or false")]
    [InlineData("extendedSessionIdleTimeoutInSeconds", "-1", "a whole number from 1 to 86400")]
    [InlineData("overridableExistingInstanceStates", "\"Some\"", "AnyState or NonRunningStates")]
    public void A_durable_setting_that_cannot_be_used_stops_the_start(string name, string value, string allowed)
    {
        Write("host.json", $$"""{ "extensions": { "durableTask": { "{{name}}": {{value}} } } }""");

        var build = () => Builder().Build();

        build.ShouldThrow<FunctionSetupException>().Message.ShouldBe(
            $"host.json: extensions.durableTask.{name} is '{value.Trim('"')}'. Use {allowed}{(name is "maxMemoryBytes" ? " to 1099511627776" : string.Empty)}.");
    }

    [Theory]
    [InlineData(new[] { "--port", "0" }, "http://127.0.0.1:")]
    [InlineData(new[] { "--port=0" }, "http://127.0.0.1:")]
    [InlineData(new[] { "--urls", "http://[::1]:0" }, "http://[::1]:")]
    public async Task The_host_listens_where_the_command_line_says(string[] args, string address)
    {
        using var host = Builder(args).Build();

        await host.StartAsync(Cancellation);
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        await host.StopAsync(Cancellation);

        addresses.Single().ShouldStartWith(address);
        addresses.Single().ShouldNotEndWith(":0");
    }

    [Fact]
    public void The_default_port_is_that_of_the_functions_tools_on_loopback_only()
    {
        FunctionHostOptions.Read(new ConfigurationBuilder().Build(), _root).Port.ShouldBe(7071);
    }

    [Theory]
    [InlineData("app.example.org", "https://app.example.org/runtime/webhooks/durabletask/instances/a%3Ab?code=")]
    [InlineData("localhost:8080", "http://localhost:8080/runtime/webhooks/durabletask/instances/a%3Ab?code=")]
    public async Task Management_links_start_with_the_public_host_name_where_one_is_configured(string hostName, string link)
    {
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["WEBSITE_HOSTNAME"] = hostName }, null, typeof(Links));

        (await host.Client.GetStringAsync("/api/links", Cancellation)).ShouldStartWith(link);
    }

    [Fact]
    public async Task Management_links_start_with_the_address_listened_on_otherwise()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Links));

        (await host.Client.GetStringAsync("/api/links", Cancellation))
            .ShouldStartWith($"{host.Client.BaseAddress}runtime/webhooks/durabletask/instances/a%3Ab?code=");
    }

    [Fact]
    public async Task A_client_that_no_function_received_knows_no_links()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Links));
        var client = host.Services.GetRequiredService<DurableTaskClient>();

        var links = () => client.CreateHttpManagementPayload("a");

        links.ShouldThrow<InvalidOperationException>().Message.ShouldContain("[DurableClient]");
    }

    [Theory]
    [InlineData("host.json", "{ \"version\": ", "host.json is not valid JSON at line 1")]
    [InlineData("host.json", "[]", "host.json is not a JSON object")]
    [InlineData("local.settings.json", "{ \"IsEncrypted\": true, \"Values\": {} }", "Run 'func settings decrypt'")]
    [InlineData("local.settings.json", "{ \"Values\": { \"A\": { \"B\": 1 } } }", "Values.A is nested")]
    [InlineData("local.settings.json", "{ \"Values\": [] }", "Values is not an object")]
    public void A_file_that_cannot_be_used_stops_the_start(string file, string content, string message)
    {
        Write(file, content);

        var create = () => Builder();

        var exception = create.ShouldThrow<FunctionSetupException>();
        exception.Message.ShouldContain(message);
        exception.Message.ShouldContain(Path.Combine(_root, file));
    }

    [Theory]
    [InlineData("Host:Port", "70710", "Use a whole number from 0 to 65535")]
    [InlineData("Host:Port", "http", "Use a whole number from 0 to 65535")]
    [InlineData("Host:AllowAnonymousLoopback", "yes", "Use true or false")]
    [InlineData("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "-1", "Use a whole number from 1")]
    [InlineData("WEBSITE_HOSTNAME", "https://app.example.org/x", "Use a host name")]
    public void A_setting_that_cannot_be_used_stops_the_start(string key, string value, string message)
    {
        var build = () => Builder($"--{key}", value).Build();

        var exception = build.ShouldThrow<FunctionSetupException>();
        exception.Message.ShouldContain($"'{key}' is '{value}'");
        exception.Message.ShouldContain(message);
    }

    [Fact]
    public void An_entry_assembly_that_is_not_there_stops_the_start()
    {
        var builder = new FunctionsApplicationBuilder(["--contentRoot", _root, "--Host:EntryAssembly", "No.Such.Assembly"]);

        var build = () => builder.Build();

        build.ShouldThrow<FunctionSetupException>().Message.ShouldContain("'Host:EntryAssembly' is 'No.Such.Assembly', which cannot be loaded");
    }

    [Fact]
    public void A_data_directory_that_cannot_be_made_stops_the_start()
    {
        Write("file", "");

        var build = () => Builder("--Host:DataDirectory", Path.Combine(_root, "file", "data")).Build();

        build.ShouldThrow<FunctionSetupException>().Message.ShouldContain("Point 'Host:DataDirectory' to a writable one");
    }

    [Fact]
    public void A_builder_builds_once()
    {
        var builder = Builder();
        using var host = builder.Build();

        var again = () => builder.Build();
        var use = () => builder.UseMiddleware((_, next) => next());

        again.ShouldThrow<InvalidOperationException>();
        use.ShouldThrow<InvalidOperationException>();
    }

    private FunctionsApplicationBuilder Builder(params string[] args)
    {
        var builder = new FunctionsApplicationBuilder(["--contentRoot", _root, .. args], []);
        builder.Logging.ClearProviders();
        return builder;
    }

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_root, file), content);

    public static class Links
    {
        [Function("links")]
        public static string Get([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, [DurableClient] DurableTaskClient client) =>
            client.CreateHttpManagementPayload("a:b").StatusQueryGetUri!;
    }
}
