using System.Reflection;
using System.Text.RegularExpressions;
using AtomicDevOps.FunctionApp.Agents;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.FunctionApp.Tests.Configuration;

/// <summary>A wrong setting is told at start, by its name, with what would be right; not at night by an activity.</summary>
public sealed partial class StartUpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("start-up-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Platform:Repositories:0", "no-slash")]
    [InlineData("Platform:Runner", "Virtual")]
    [InlineData("Platform:PublicAddress", "devops.example.com")]
    [InlineData("Platform:HealthInterval", "00:00:01")]
    [InlineData("Platform:HealthInterval", "soon")]
    [InlineData("Agents:CiPipelineManager:Enabled", "maybe")]
    [InlineData("Agents:Nobody:Enabled", "false")]
    [InlineData("GitHub:App:AppId", "a number")]
    [InlineData("GitHub:App:InstallationId", "a number")]
    [InlineData("GitHub:App:PrivateKeyFile", "/nowhere/app.pem")]
    [InlineData("GitHub:App:PrivateKey", "no PEM")]
    [InlineData("GitHub:Webhook:Secret", "short")]
    [InlineData("GitHub:Webhook:PreviousSecret", "short")]
    [InlineData("GitHub:BaseAddress", "api.github.com")]
    [InlineData("GitHub:BaseAddress", "http://api.github.com/")]
    [InlineData("GitHub:RateLimitWait", "01:00:00")]
    [InlineData("GitHub:Timeout", "00:00:00")]
    [InlineData("GitHub:MaxConcurrency", "0")]
    [InlineData("GitHub:CacheBytes", "-1")]
    [InlineData("Docker:Endpoint", "docker")]
    [InlineData("Docker:CertificatePath", "/nowhere", "Docker:Endpoint", "tcp://127.0.0.1:2376")]
    [InlineData("Docker:CallTimeout", "00:00:00")]
    [InlineData("Docker:TransferTimeout", "00:00:00")]
    [InlineData("Docker:Registries:0:Host", "https://registry.example.com/")]
    [InlineData("PyTest:AllowLocal", "maybe")]
    [InlineData("PyTest:Python", "/nowhere/python3")]
    [InlineData("PyTest:Directory", "/proc/nowhere")]
    [InlineData("Git:Directory", "")]
    [InlineData("Git:Directory", "/proc/nowhere")]
    [InlineData("Git:Executable", "/nowhere/git")]
    [InlineData("Git:AllowHttp", "maybe")]
    [InlineData("Git:AllowFileProtocol", "maybe")]
    [InlineData("Git:Timeout", "00:00:00")]
    [InlineData("Git:UserName", "")]
    [InlineData("Git:UserEmail", "")]
    [InlineData("Git:GnuPgHome", "/nowhere")]
    [InlineData("Git:AllowedSignersFile", "/nowhere")]
    [InlineData("Artifacts:Directory", "")]
    [InlineData("Artifacts:Directory", "/proc/nowhere")]
    [InlineData("Logs:Directory", "")]
    [InlineData("Logs:Directory", "/proc/nowhere")]
    [InlineData("Logs:StageBytes", "1")]
    [InlineData("Findings:Directory", "/proc/nowhere")]
    [InlineData("Findings:Container", "https://stdevops.blob.core.windows.net/findings", "Findings:Directory", "elsewhere")]
    [InlineData("Findings:Deadlines:Critical", "00:00:00")]
    [InlineData("Findings:Deadlines:High", "forever")]
    [InlineData("Findings:Deadlines:Medium", "-1.00:00:00")]
    [InlineData("Findings:Deadlines:Low", "4000.00:00:00")]
    [InlineData("Findings:SweepInterval", "00:30:00")]
    [InlineData("Artifacts:Container", "artifacts", "Artifacts:Directory", null)]
    [InlineData("Artifacts:Container", "http://stdevops.blob.core.windows.net/artifacts", "Artifacts:Directory", null)]
    [InlineData("Artifacts:Container", "https://stdevops.blob.core.windows.net/", "Artifacts:Directory", null)]
    [InlineData("Artifacts:Container", "https://stdevops.blob.core.windows.net/artifacts?sv=2024-11-04&sig=c2ln", "Artifacts:Directory", null)]
    [InlineData("Artifacts:Container", "https://stdevops.blob.core.windows.net/artifacts", "Artifacts:Directory", "elsewhere")]
    [InlineData("Logs:Container", "", "Logs:Directory", null)]
    [InlineData("Logs:Container", "https://stdevops.blob.core.windows.net/logs", "Logs:Directory", "elsewhere")]
    [InlineData("Azure:SubscriptionId", "production")]
    [InlineData("Azure:Credential", "Password")]
    [InlineData("Azure:ManagedIdentityClientId", "identity")]
    [InlineData("Azure:TenantId", "a tenant/")]
    [InlineData("Azure:BaseAddress", "management.azure.com")]
    [InlineData("Azure:Audience", "audience")]
    [InlineData("Azure:AuthorityHost", "login.microsoftonline.com")]
    [InlineData("Azure:ThrottleWait", "01:00:00")]
    [InlineData("Azure:Timeout", "00:00:00")]
    [InlineData("CloudApi:Secrets:0:Name", "", "CloudApi:Secrets:0:Secret", "something")]
    [InlineData("CloudApi:Secrets:0:Secret", "", "CloudApi:Secrets:0:Name", "a-name")]
    [InlineData("Bandit:Program", "")]
    [InlineData("Bandit:Timeout", "00:00:00")]
    [InlineData("Trivy:Program", "")]
    [InlineData("Trivy:Timeout", "02:00:00")]
    [InlineData("AstGrep:Program", "")]
    [InlineData("AstGrep:Timeout", "soon")]
    [InlineData("Osv:Directory", "/nowhere")]
    [InlineData("Osv:Address", "http://api.osv.dev/")]
    [InlineData("Osv:Timeout", "00:00:00")]
    [InlineData("Osv:RateLimitWait", "01:00:00")]
    [InlineData("KnownExploited:File", "/nowhere")]
    [InlineData("KnownExploited:Address", "http://www.cisa.gov/")]
    [InlineData("KnownExploited:RefreshInterval", "00:00:01")]
    [InlineData("KnownExploited:Timeout", "00:00:00")]
    [InlineData("ChatModel:Provider", "Somebody")]
    [InlineData("ChatModel:Endpoint", "http://models.example.com/")]
    [InlineData("ChatModel:MaxOutputTokens", "1")]
    [InlineData("ChatModel:Temperature", "3")]
    [InlineData("ChatModel:Timeout", "00:00:00")]
    [InlineData("ChatModel:ThrottleWait", "01:00:00")]
    [InlineData("Remediation:MaxFiles", "0")]
    [InlineData("Remediation:MaxChangedLines", "0")]
    [InlineData("Remediation:MaxPatchBytes", "1")]
    [InlineData("CodeQl:Enabled", "maybe")]
    [InlineData("CodeQl:Executable", "/nowhere/codeql")]
    [InlineData("CodeQl:Suite", "Everything")]
    [InlineData("CodeQl:Threads", "-1")]
    [InlineData("CodeQl:MemoryMegabytes", "1024")]
    [InlineData("CodeQl:Timeout", "00:00:00")]
    [InlineData("CodeQl:QueryTimeout", "2.00:00:00")]
    [InlineData("CodeQl:AllowBuild", "maybe")]
    [InlineData("CodeQl:Directory", "/nowhere")]
    [InlineData("Snyk:Token", "two words", "Snyk:Organization", "00000000-0000-0000-0000-000000000000")]
    [InlineData("Snyk:Organization", "my-organization")]
    [InlineData("Snyk:BaseAddress", "http://api.snyk.io/")]
    [InlineData("Snyk:RateLimitWait", "01:00:00")]
    [InlineData("Snyk:Timeout", "00:00:00")]
    [InlineData("Snyk:TestTimeout", "1.00:00:00")]
    [InlineData("Snyk:Executable", "/nowhere/snyk")]
    [InlineData("Snyk:Code", "true")]
    [InlineData("Snyk:AllowBuild", "maybe")]
    [InlineData("Zap:Image", " ")]
    [InlineData("Zap:Program", "")]
    [InlineData("Zap:StartTimeout", "00:00:00")]
    [InlineData("Zap:Address", "http://zap.example.com:8080/")]
    [InlineData("Zap:ApiKey", "two words")]
    [InlineData("Zap:Timeout", "00:00:00")]
    [InlineData("Zap:BaselineTimeout", "00:00:01")]
    [InlineData("Zap:FullTimeout", "2.00:00:00")]
    [InlineData("Zap:Policy", " ")]
    [InlineData("Wapiti:Program", "")]
    [InlineData("Wapiti:BaselineTimeout", "00:00:01")]
    [InlineData("Wapiti:FullTimeout", "1.00:00:00")]
    [InlineData("PenTest:ScannerImage", "")]
    [InlineData("PenTest:StartTimeout", "00:00:00")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "alone")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", "alone")]
    [InlineData("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=Key")]
    [InlineData("Host:DataDirectory", "/proc/nowhere")]
    [InlineData("Host:Port", "70000")]
    [InlineData("Host:AllowAnonymousLoopback", "maybe")]
    [InlineData("Host:Keys:master", "short")]
    [InlineData("Host:Retention:Completed", "a month")]
    [InlineData("Host:DrainTimeout", "a while")]
    [InlineData("Host:DrainTimeout", "-00:00:01")]
    [InlineData("Host:Retention:Failed", "a month")]
    [InlineData("Host:Retention:Terminated", "-1.00:00:00")]
    [InlineData("Host:EntryAssembly", "Nowhere")]
    [InlineData("WEBSITE_HOSTNAME", "https://devops.example.com/x y")]
    [InlineData("WEBSITE_TIME_ZONE", "Middle Earth")]
    [InlineData("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "much")]
    public async Task A_setting_that_is_malformed_or_points_at_nothing_is_named_at_start(
        string key, string value, string? otherKey = null, string? otherValue = null)
    {
        var problem = await Record.ExceptionAsync(() => StartAsync(key, value, otherKey, otherValue));

        problem.ShouldNotBeNull($"{key} = '{value}' went through");
        problem.GetType().ShouldBeOneOf(
            typeof(OptionsValidationException), typeof(InvalidOperationException), typeof(AtomicDevOps.EmbeddedHost.Triggers.FunctionSetupException));
        problem.Message.ShouldContain(key.Split(':').Last(part => part is not ("0" or "Enabled")));
    }

    [Fact]
    public async Task A_container_that_cannot_be_reached_does_not_keep_the_app_from_starting() =>
        await StartAsync("Artifacts:Container", "http://127.0.0.1:1/devstoreaccount1/artifacts", "Artifacts:Directory", otherValue: null);

    /// <summary>Any text goes for them, and only the other side can tell whether it is right.</summary>
    private static readonly string[] Unchecked =
    [
        "FUNCTIONS_WORKER_RUNTIME", "OTEL_SERVICE_NAME", "GitHub:Token", "GitHub:App:ClientId", "Docker:Registries:0:Username",
        "Docker:Registries:0:Password", "Docker:Registries:0:IdentityToken", "Host:Keys:default", "Host:Keys:durabletask_extension", "Platform:Repositories:1",
        "ChatModel:Model", "ChatModel:ApiKey",
    ];

    [Fact]
    public void Every_setting_of_the_sample_is_tried_here()
    {
        var tried = typeof(StartUpTests).GetMethod(nameof(A_setting_that_is_malformed_or_points_at_nothing_is_named_at_start))!
            .GetCustomAttributes<InlineDataAttribute>()
            .Select(data => (string)data.Data[0]!)
            .Where(key => key is not "Agents:Nobody:Enabled");
        var shown = SampleKey.Matches(File.ReadAllText("local.settings.sample.json"))
            .Select(match => match.Groups["key"].Value.Replace("__", ":", StringComparison.Ordinal));

        tried.Concat(Unchecked).Concat(FunctionsHostSettingsTests.Tried).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ShouldBe(shown.Order(StringComparer.Ordinal));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task StartAsync(string key, string value, string? otherKey, string? otherValue)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Host:EntryAssembly"] = typeof(AgentMiddleware).Assembly.GetName().Name,
            ["Host:Port"] = "0",
            ["Host:DataDirectory"] = _directory,
            ["Artifacts:Directory"] = Path.Combine(_directory, "artifacts"),
            ["Findings:Directory"] = Path.Combine(_directory, "findings"),
            ["Logs:Directory"] = Path.Combine(_directory, "logs"),
            ["Git:Directory"] = Path.Combine(_directory, "git"),
            [otherKey ?? "Unused"] = otherValue,
            [key] = value,
        });
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<AgentMiddleware>();
        builder.Logging.ClearProviders();
        builder.Services.AddAtomicDevOps(builder.Configuration);
        using var host = builder.Build();
        await host.StartAsync(Token);
        await host.StopAsync(Token);
    }

    [GeneratedRegex("^ *(?:// )?\"(?<key>[A-Za-z]+(?:_+[A-Za-z0-9]+)*)\": \"", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SampleKey { get; }
}
