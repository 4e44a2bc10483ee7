using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Platform;

public sealed class PlatformTests
{
    private static readonly RepositoryName Hello = new("octo", "hello");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Platform:Repositories:0", "octo", "Platform:Repositories has an entry that is no repository.")]
    [InlineData("Platform:Repositories:0", "*", "Platform:Repositories has an entry that is no repository.")]
    [InlineData("Platform:PublicAddress", "ftp://x.example/", "Platform:PublicAddress has to be an http or https address")]
    [InlineData("Platform:HealthInterval", "00:00:01", "Platform:HealthInterval has to be from 00:00:05 to 1.00:00:00.")]
    public void A_setting_that_is_wrong_is_told_by_its_key(string key, string value, string message)
    {
        using var services = Services((key, value));
        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<PlatformOptions>>().Value).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("octo/hello", true)]
    [InlineData("OCTO/Hello", true)]
    [InlineData("octo/*", true)]
    [InlineData("octo/other", false)]
    [InlineData("oct/*", false)]
    public void The_operator_names_the_repositories(string? pattern, bool allowed)
    {
        using var services = Services(("Platform:Repositories:0", pattern));
        Activities(services).ReadPolicyFor(new PlatformPolicyRequest(Hello)).RepositoryAllowed.ShouldBe(allowed);
    }

    [Theory]
    [InlineData("https://x.example", "https://x.example/api/pipelines/1")]
    [InlineData("https://x.example/devops", "https://x.example/devops/api/pipelines/1")]
    public void Links_go_below_the_public_address(string address, string link)
    {
        using var services = Services(("Platform:PublicAddress", address));
        var policy = Activities(services).ReadPolicyFor(new PlatformPolicyRequest(Hello));
        new Uri(policy.PublicAddress!, "api/pipelines/1").ToString().ShouldBe(link);
    }

    [Fact]
    public void Switches_act_at_once_and_are_in_the_policy()
    {
        using var services = Services(("Agents:B:Enabled", "false"), ("Agents:A:Enabled", "False"), ("Agents:C:Enabled", "true"));
        Activities(services).ReadPolicyFor(new PlatformPolicyRequest(Hello)).DisabledAgents.ShouldBe(["A", "B"]);
        var switches = services.GetRequiredService<AgentSwitches>();
        switches.IsEnabled("b").ShouldBeFalse();
        services.GetRequiredService<IConfiguration>()["Agents:B:Enabled"] = "true";
        switches.IsEnabled("B").ShouldBeTrue();
        switches.IsEnabled("unheard of").ShouldBeTrue();
    }

    [Fact]
    public async Task A_probe_that_throws_hangs_or_is_switched_off_does_not_hold_up_the_others()
    {
        var time = new SkippedTimeProvider(DateTimeOffset.UnixEpoch);
        var hanging = new Probe("hangs", async cancellationToken =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        });
        using var services = Services(
            time,
            [
                hanging,
                new Probe("throws", _ => throw new InvalidOperationException("out of order")),
                new Probe("works", _ => Task.FromResult(new AgentProbeResult(AgentHealth.Healthy, "fine"))),
                new Probe("off", _ => throw new InvalidOperationException("must not be asked")),
            ],
            ("Agents:off:Enabled", "false"),
            ("Platform:HealthInterval", "00:02:00"));

        var probing = Activities(services).ProbeAgentsAsync(1, Token);
        await hanging.Asked.WaitAsync(Token);
        time.AdvanceTo(DateTimeOffset.UnixEpoch.AddSeconds(20));
        var round = await probing;
        round.Interval.ShouldBe(TimeSpan.FromMinutes(2));
        round.Agents["hangs"].ShouldBe(new AgentProbeResult(AgentHealth.Unhealthy, "Did not answer within 20 s."));
        round.Agents["throws"].ShouldBe(new AgentProbeResult(AgentHealth.Unhealthy, "out of order"));
        round.Agents["works"].ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "fine"));
        round.Agents["off"].ShouldBe(new AgentProbeResult(AgentHealth.NotConfigured, "Switched off by Agents:off:Enabled."));
    }

    private static ServiceProvider Services(params (string Key, string? Value)[] settings) => Services(TimeProvider.System, [], settings);

    private static ServiceProvider Services(TimeProvider time, IEnumerable<IAgentProbe> probes, params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal))
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddSingleton(time);
        foreach (var probe in probes)
        {
            services.AddSingleton(probe);
        }

        return services.AddPlatform(configuration).AddTransient<PlatformActivities>().BuildServiceProvider();
    }

    private static PlatformActivities Activities(ServiceProvider services) => services.GetRequiredService<PlatformActivities>();

    private sealed class Probe(string agent, Func<CancellationToken, Task<AgentProbeResult>> probe) : IAgentProbe
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Agent => agent;

        public Task Asked => _asked.Task;

        public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            return probe(cancellationToken);
        }
    }
}
