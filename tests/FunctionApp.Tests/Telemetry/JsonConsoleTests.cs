using System.Diagnostics;
using System.Text.Json;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.FunctionApp.Tests.Telemetry;

public sealed class JsonConsoleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_line_is_one_entry_with_its_time_its_values_its_trace_and_its_scopes()
    {
        JsonConsole? console = null;
        await using var app = await TestApp.StartAsync(configure: services => services.AddSingleton<ILoggerProvider>(provider => console = new JsonConsole(provider)));
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Told");
        using var trace = new Activity("told").Start();

        using (logger.BeginScope("Run:{Run}", 12))
        {
            logger.LogWarning(new InvalidOperationException("first\nsecond"), "{Count} things\nin two lines, it's «told»", 3);
        }

        var text = console!.Lines.Single(line => line.Contains("3 things", StringComparison.Ordinal));
        text.TrimEnd('\n').ShouldNotContain("\n");
        text.ShouldContain("it's «told»");
        var line = JsonDocument.Parse(text).RootElement;
        line.GetProperty("Timestamp").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        line.GetProperty("Timestamp").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)$");
        line.GetProperty("LogLevel").GetString().ShouldBe("Warning");
        line.GetProperty("Category").GetString().ShouldBe("Told");
        line.GetProperty("State").GetProperty("Count").GetInt32().ShouldBe(3);
        line.GetProperty("Exception").GetString()!.ShouldContain("first");
        var scopes = line.GetProperty("Scopes").EnumerateArray().ToArray();
        scopes.Any(scope => scope.TryGetProperty("TraceId", out _) && scope.GetProperty("TraceId").ValueEquals(trace.TraceId.ToString())).ShouldBeTrue(text);
        scopes.Any(scope => scope.TryGetProperty("Run", out _) && scope.GetProperty("Run").GetInt32() == 12).ShouldBeTrue(text);
    }

    [Fact]
    public async Task What_an_activity_logs_names_its_instance_and_its_function()
    {
        JsonConsole? console = null;
        ILogger? logger = null;
        await using var app = await TestApp.StartAsync(
            new Dictionary<string, Func<object?>>(StringComparer.Ordinal)
            {
                [PlatformActivities.ProbeAgents.Name] = () =>
                {
                    logger!.LogInformation("A round of probes");
                    return new ProbeRound(new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal), TimeSpan.FromHours(1));
                },
            },
            configure: services => services.AddSingleton<ILoggerProvider>(provider =>
            {
                console = new JsonConsole(provider);
                logger = console.CreateLogger("Told");
                return console;
            }));

        string? told;
        while ((told = console!.Lines.FirstOrDefault(line => line.Contains("A round of probes", StringComparison.Ordinal))) is null)
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        var scopes = JsonDocument.Parse(told).RootElement.GetProperty("Scopes").EnumerateArray().ToArray();
        scopes.Any(scope => scope.TryGetProperty("InstanceId", out _) && scope.GetProperty("InstanceId").ValueEquals("system-health")).ShouldBeTrue(told);
        scopes.Any(scope => scope.TryGetProperty("FunctionName", out _) && scope.GetProperty("FunctionName").ValueEquals(PlatformActivities.ProbeAgents.Name)).ShouldBeTrue(told);
    }

    [Fact]
    public async Task What_is_configured_wins_over_what_is_usual_here()
    {
        JsonConsole? console = null;
        await using var app = await TestApp.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Logging:Console:FormatterName"] = "json",
                ["Logging:Console:FormatterOptions:IncludeScopes"] = "false",
                ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy",
            },
            configure: services => services.AddSingleton<ILoggerProvider>(provider => console = new JsonConsole(provider)));

        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Told").LogInformation("told");

        var line = JsonDocument.Parse(console!.Lines.Last(line => line.Contains("\"Told\"", StringComparison.Ordinal))).RootElement;
        line.TryGetProperty("Scopes", out _).ShouldBeFalse();
        line.GetProperty("Timestamp").GetString()!.Length.ShouldBe(4);
    }
}
