using System.Reflection;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Experts.PenTest;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.AstGrep;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.Bandit;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Activities.Tools.CodeQl;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.KnownExploited;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Activities.Tools.Trivy;
using AtomicDevOps.Activities.Tools.Wapiti;
using AtomicDevOps.Activities.Tools.Zap;
using AtomicDevOps.FunctionApp;
using AtomicDevOps.FunctionApp.GitHubWebhook;
using AtomicDevOps.FunctionApp.Hosting;
using AtomicDevOps.FunctionApp.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Architecture.Tests.Docs;

public sealed partial class ConfigurationDocsTests
{
    private const string Reference = "docs/configuration.md";
    private const string Sample = "local.settings.sample.json";

    private static readonly Dictionary<Type, string> Sections = new()
    {
        [typeof(PlatformOptions)] = "Platform",
        [typeof(GitHubOptions)] = "GitHub",
        [typeof(GitHubWebhookOptions)] = "GitHub:Webhook",
        [typeof(GitOptions)] = "Git",
        [typeof(DockerOptions)] = "Docker",
        [typeof(PyTestOptions)] = "PyTest",
        [typeof(AzureResourceManagerOptions)] = "Azure",
        [typeof(CloudApiOptions)] = "CloudApi",
        [typeof(ChatModelOptions)] = "ChatModel",
        [typeof(RemediationOptions)] = "Remediation",
        [typeof(BanditOptions)] = BanditOptions.Section,
        [typeof(TrivyOptions)] = TrivyOptions.Section,
        [typeof(AstGrepOptions)] = AstGrepOptions.Section,
        [typeof(OsvOptions)] = OsvOptions.Section,
        [typeof(KnownExploitedOptions)] = KnownExploitedOptions.Section,
        [typeof(CodeQlOptions)] = "CodeQl",
        [typeof(SnykOptions)] = "Snyk",
        [typeof(ZapOptions)] = "Zap",
        [typeof(WapitiOptions)] = WapitiOptions.Section,
        [typeof(PenTestOptions)] = PenTestOptions.Section,
        [typeof(ArtifactsOptions)] = "Artifacts",
        [typeof(FindingsOptions)] = "Findings",
        [typeof(LogsOptions)] = "Logs",
    };

    /// <summary>Every key that the code reads: the properties of the options, and what the host names in its own code.</summary>
    private static readonly string[] Keys =
    [
        .. Sections.SelectMany(section => KeysOf(section.Value, section.Key)),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "EmbeddedHost"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Repository.IsOutput(file))
            .SelectMany(file => HostKey.Matches(File.ReadAllText(file)).Select(match => match.Groups["key"].Value))
            .Distinct(StringComparer.Ordinal),
        .. new[] { typeof(TelemetryOptions), typeof(FunctionsHostSettings) }
            .SelectMany(type => type.GetFields().Where(field => field.IsLiteral && field.Name.EndsWith("Key", StringComparison.Ordinal)))
            .Select(field => (string)field.GetRawConstantValue()!),
        "Agents:{name}:Enabled",
    ];

    [Fact]
    public void Every_configured_type_has_a_section_here()
    {
        var configured = from service in Services(new ConfigurationBuilder().Build())
                         where service.ServiceType.IsGenericType && service.ServiceType.GetGenericTypeDefinition() == typeof(IConfigureOptions<>)
                         let options = service.ServiceType.GetGenericArguments()[0]
                         where options.Assembly.GetName().Name!.StartsWith("AtomicDevOps.", StringComparison.Ordinal)
                         select options;

        configured.Distinct().Order(ByName).ShouldBe(Sections.Keys.Order(ByName));
    }

    [Fact]
    public void The_page_describes_every_key_and_no_other() =>
        Page.RowsOf(Reference).Select(row => row.Code).Order(StringComparer.Ordinal).ShouldBe(Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void The_page_describes_every_durable_setting_of_host_json_and_no_other()
    {
        var read = DurableSetting.Matches(Repository.Read("src/EmbeddedHost/Triggers/DurableTaskSettings.cs")).Select(match => match.Groups["name"].Value);
        var described = DescribedSetting.Matches(Repository.Read(Reference)).Select(match => match.Groups["name"].Value);

        described.Order(StringComparer.Ordinal).ShouldBe(read.Append("hubName").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_sample_shows_every_key_and_no_other()
    {
        var shown = SampleKey.Matches(Repository.Read(Sample)).Select(match => match.Groups["key"].Value)
            .Where(key => key is not "FUNCTIONS_WORKER_RUNTIME")
            .Select(key => Index.Replace(key.Replace("__", ":", StringComparison.Ordinal), ":{n}"))
            .Select(key => NamedKey.Replace(key, "${before}{name}${after}"));

        shown.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ShouldBe(Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_sample_configures_the_app_as_it_is()
    {
        var configuration = Read(Repository.Read(Sample));

        await using var services = Services(configuration).BuildServiceProvider();

        services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Fact]
    public void Every_value_in_the_sample_is_one_that_its_key_takes()
    {
        // Together they contradict each other (a token and an app), so they are bound and not validated.
        var configuration = Read(Uncommented(Repository.Read(Sample)));
        foreach (var (options, section) in Sections)
        {
            configuration.GetSection(section).Get(options, binder => binder.ErrorOnUnknownConfiguration = options != typeof(GitHubOptions)).ShouldNotBeNull(section);
        }
    }

    private static IComparer<Type> ByName => Comparer<Type>.Create((one, other) => string.CompareOrdinal(one.FullName, other.FullName));

    private static IServiceCollection Services(IConfiguration configuration) =>
        new ServiceCollection().AddLogging().AddSingleton(configuration).AddAtomicDevOps(configuration);

    private static ConfigurationManager Read(string settings)
    {
        var directory = Directory.CreateTempSubdirectory("settings-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "local.settings.json"), settings);
            return FunctionsApplication.CreateBuilder(["--contentRoot", directory.FullName]).Configuration;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Uncommented(string settings) => CommentedKey.Replace(settings, "");

    private static IEnumerable<string> KeysOf(string prefix, Type options)
    {
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var type = property.PropertyType;
            var isList = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>);
            var element = isList ? type.GetGenericArguments()[0] : type;
            var key = $"{prefix}:{property.Name}{(isList ? ":{n}" : "")}";
            if (element.IsClass && element.Assembly == typeof(PlatformOptions).Assembly)
            {
                foreach (var nested in KeysOf(key, element))
                {
                    yield return nested;
                }
            }
            else
            {
                yield return key;
            }
        }
    }

    [GeneratedRegex("\"(?<key>Host:[A-Z][A-Za-z]+(?::(?:\\{name\\}|[A-Z][A-Za-z]+))?|WEBSITE_[A-Z_]+|FUNCTIONS_REQUEST_BODY_SIZE_LIMIT)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex HostKey { get; }

    [GeneratedRegex("(?:Number|Choice)\\(\"(?<name>[A-Za-z]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex DurableSetting { get; }

    [GeneratedRegex("^- `(?<name>[A-Za-z]+)` \\(", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex DescribedSetting { get; }

    [GeneratedRegex("^ *(?:// )?\"(?<key>[A-Za-z]+(?:_+[A-Za-z0-9]+)*)\": \"", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SampleKey { get; }

    [GeneratedRegex("^ *// (?=\")", RegexOptions.Multiline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CommentedKey { get; }

    [GeneratedRegex(":[0-9]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Index { get; }

    [GeneratedRegex("^(?:(?<before>Agents:)[A-Za-z]+(?<after>:Enabled)|(?<before>Host:Keys:)[A-Za-z_]+(?<after>))$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NamedKey { get; }
}
