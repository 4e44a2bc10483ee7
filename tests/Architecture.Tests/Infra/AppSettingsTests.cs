using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>
/// Holds the app settings of the function app to the keys that the code reads. local.settings.sample.json stands for those:
/// <see cref="Docs.ConfigurationDocsTests"/> holds it to the code.
/// </summary>
public sealed partial class AppSettingsTests
{
    /// <summary>What the Functions host itself reads, with the page that says so.</summary>
    private static readonly Dictionary<string, string> OfTheFunctionsHost = new(StringComparer.Ordinal)
    {
        ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string",
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_connection_string",
        ["AzureWebJobsStorage__accountName"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azurewebjobsstorage__accountname",
        ["AzureWebJobsStorage__clientId"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azurewebjobsstorage__clientid",
        ["AzureWebJobsStorage__credential"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azurewebjobsstorage__credential",
        ["DURABLE_TASK_SCHEDULER_CONNECTION_STRING"] = "https://learn.microsoft.com/azure/durable-task/scheduler/develop-with-durable-task-scheduler",
        ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functions_request_body_size_limit",
    };

    /// <summary>Keys that code reads and that nobody sets in Azure, with the reason.</summary>
    private static readonly Dictionary<string, string> NotInAzure = new(StringComparer.Ordinal)
    {
        ["Host__*"] = "of the embedded host",
        ["PyTest__*"] = "of tests outside of a container, which an instance has no Python for",
        ["CodeQl__*"] = "an instance has neither the program nor the disk and memory for it",
        ["Bandit__*"] = "the default is the name that an installation gives the program",
        ["Trivy__*"] = "the same",
        ["AstGrep__*"] = "the same",
        ["Osv__*"] = "the disk of an instance has no records, and the deployment tells nobody the names of packages",
        ["KnownExploited__*"] = "of advisories, which the deployment has none of",
        ["ChatModel__*"] = "the deployment offers no chat model: fixes there are by rule",
        ["Remediation__*"] = "of a chat model's patches",
        ["Snyk__*"] = "the deployment has no scanners that are paid for or run beside it: what wants them runs elsewhere",
        ["Zap__*"] = "the same, and a scan runs beside the container engine that starts what is scanned",
        ["Wapiti__*"] = "a scan runs beside the container engine that starts what is scanned, which an instance has not",
        ["PenTest__*"] = "the same",
        ["Artifacts__Directory"] = "the disk of an instance is seen by no other: Artifacts__Container takes its place",
        ["Findings__Directory"] = "the same: Findings__Container",
        ["Findings__Deadlines__*"] = "the deployment keeps to the deadlines that are the default: few want others, and what can be set there has to stay readable",
        ["Findings__SweepInterval"] = "the same",
        ["Logs__Directory"] = "the same: Logs__Container",
        ["Platform__Runner"] = "the same: the default is the only value that works",
        ["WEBSITE_HOSTNAME"] = "set by Azure",
        ["WEBSITE_TIME_ZONE"] = "not supported on Linux there, and no schedule of the app has an hour",
        ["AzureWebJobsStorage"] = "would hold a key: AzureWebJobsStorage__accountName takes its place",
        ["AzureWebJobsStorage__blobServiceUri"] = "the account has Azure's own addresses",
        ["AzureWebJobsStorage__queueServiceUri"] = "the same",
        ["AzureWebJobsStorage__tableServiceUri"] = "the same",
        ["AzureFunctionsJobHost__*"] = "what scales the app reads host.json and no app settings",
        ["FUNCTIONS_WORKER_RUNTIME"] = "a property of the function app in a Flex Consumption plan",
        ["GitHub__App__PrivateKeyFile"] = "the key vault holds the key itself",
        ["Git__AllowHttp"] = "would send the token over the internet in the clear",
        ["Git__AllowFileProtocol"] = "for tests",
    };

    [Fact]
    public void Every_app_setting_is_one_that_the_code_or_the_Functions_host_reads() =>
        InBicep.Except(InCode.Concat(OfTheFunctionsHost.Keys), StringComparer.Ordinal).ShouldBeEmpty();

    [Fact]
    public void Every_key_that_the_code_reads_can_be_set_in_Azure_or_has_a_reason_not_to() =>
        InCode.Where(key => !IsExempt(key)).Except(InBicep, StringComparer.Ordinal).ShouldBeEmpty();

    [Fact]
    public void No_reason_is_left_for_a_key_that_is_gone_or_that_can_be_set()
    {
        NotInAzure.Keys.Where(exempt => !InCode.Any(key => Matches(exempt, key))).ShouldBeEmpty();
        InBicep.Where(IsExempt).ShouldBeEmpty();
        OfTheFunctionsHost.Keys.Except(InBicep, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void A_secret_comes_from_the_key_vault_only()
    {
        var secrets = InCode.Where(key => SecretKey.IsMatch(key) && !IsExempt(key)).ToArray();

        secrets.Length.ShouldBeGreaterThan(4);
        secrets.Except(FromTheVault, StringComparer.Ordinal).ShouldBeEmpty();
        Typed.Concat(Wired).Where(key => SecretKey.IsMatch(key)).Except(ByReference, StringComparer.Ordinal).ShouldBeEmpty();
    }

    /// <summary>The keys of the sample, with N for a number and NAME for a name.</summary>
    private static IReadOnlyList<string> InCode { get; } =
    [
        .. SampleKey.Matches(Repository.Read("local.settings.sample.json"))
            .Select(match => Number.Replace(AgentName.Replace(match.Groups["key"].Value, "__NAME__"), "__N"))
            .Distinct(StringComparer.Ordinal),
    ];

    private static IReadOnlyList<string> Typed { get; } =
        [.. SettingsFile.Of("type").Single(type => type.Name is "PlatformSettings").Members.Select(member => member.Name)];

    /// <summary>Keys whose value is a reference to the secret of that name.</summary>
    private static IReadOnlyList<string> ByReference { get; } =
    [
        .. from match in Reference.Matches(SettingsFile.Text)
           let key = Regex.Escape(match.Groups["key"].Value)
           where Regex.Count(SettingsFile.Text, $"n => '{key}',\\s+n => secretReference\\(vault, '{key}'\\)", RegexOptions.None, TimeSpan.FromSeconds(10)) == 1
           select match.Groups["key"].Value.Replace("${n}", "N", StringComparison.Ordinal),
    ];

    private static IReadOnlyList<string> FromTheVault { get; } =
    [
        .. Literal.Matches(SettingsFile.Of("type").Single(type => type.Name is "SecretSetting").Text).Select(match => match.Groups["text"].Value),
        .. from match in Literal.Matches(SettingsFile.Of("type").Single(type => type.Name is "Registry").Members.Single(member => member.Name is "secret").Value!)
           where match.Groups["text"].Value is not "None"
           select $"Docker__Registries__N__{match.Groups["text"].Value}",
        .. ByReference,
    ];

    private static IReadOnlyList<string> Wired { get; } =
    [
        .. AppSetting.Matches(BicepFile.Named("infra/bicep/modules/app-settings.bicep").Text).Select(match => match.Groups["key"].Value),
        .. SettingsFile.Of("func").SelectMany(function => Built.Matches(function.Text))
            .Select(match => match.Groups["key"].Value)
            .Select(key => Interpolated.Replace(key, match => match.Groups["name"].Value is "name" ? "NAME" : match.Groups["name"].Value is "n" ? "N" : ""))
            .Where(key => !key.EndsWith("__", StringComparison.Ordinal)),
    ];

    private static IReadOnlyList<string> InBicep { get; } = [.. Typed.Concat(FromTheVault).Concat(Wired).Distinct(StringComparer.Ordinal)];

    private static BicepFile SettingsFile => BicepFile.Named("infra/bicep/settings.bicep");

    private static bool IsExempt(string key) => NotInAzure.Keys.Any(exempt => Matches(exempt, key));

    private static bool Matches(string pattern, string key) =>
        pattern.EndsWith('*') ? key.StartsWith(pattern[..^1], StringComparison.Ordinal) : string.Equals(pattern, key, StringComparison.Ordinal);

    [GeneratedRegex("^ *(?:// )?\"(?<key>[A-Za-z]+(?:_+[A-Za-z0-9]+)*)\": \"", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SampleKey { get; }

    [GeneratedRegex("__[0-9]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Number { get; }

    [GeneratedRegex("(?<=^Agents)__[A-Za-z]+__(?=Enabled$)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AgentName { get; }

    [GeneratedRegex("(?:Token|Secret|Password|PrivateKey|HEADERS)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SecretKey { get; }

    [GeneratedRegex(@"secretReference\(vault, '(?<key>[A-Za-z_]+\$\{n\}[A-Za-z_]+)'\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Reference { get; }

    [GeneratedRegex("'(?<text>[A-Za-z_]+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Literal { get; }

    [GeneratedRegex("^ {8,12}(?<key>[A-Za-z]+_[A-Za-z_]+):", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AppSetting { get; }

    [GeneratedRegex(@"'(?<key>[A-Z][A-Za-z]+__(?:[A-Za-z_]|\$\{[^}]+\})+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Built { get; }

    [GeneratedRegex(@"\$\{(?<name>[^}]+)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Interpolated { get; }
}
