using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tools.AzureClients;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

public sealed class AzureResourceManagerOptionsTests
{
    private const string Id = "11111111-2222-3333-4444-555555555555";

    [Theory]
    [InlineData]
    [InlineData("SubscriptionId", Id)]
    [InlineData("SubscriptionId", Id, "Credential", "ManagedIdentity", "ManagedIdentityClientId", Id)]
    [InlineData("BaseAddress", "https://management.usgovcloudapi.net/")]
    [InlineData("BaseAddress", "https://management.chinacloudapi.cn")]
    [InlineData("BaseAddress", "https://management.local.azurestack.external", "AuthorityHost", "https://login.local.azurestack.external/", "Audience", "https://management.example.onmicrosoft.com/1")]
    [InlineData("BaseAddress", "http://127.0.0.1:5000/")]
    [InlineData("ThrottleWait", "00:00:00", "Timeout", "00:10:00")]
    public void What_is_right_is_taken(params string[] settings) => Problems(settings).ShouldBeEmpty();

    [Theory]
    [InlineData("SubscriptionId is 'production'", "SubscriptionId", "production")]
    [InlineData("ManagedIdentityClientId is 'me'", "ManagedIdentityClientId", "me")]
    [InlineData("TenantId is 'example.com'", "TenantId", "example.com")]
    [InlineData("in the clear", "BaseAddress", "http://management.azure.com/")]
    [InlineData("right would be an address", "BaseAddress", "management.azure.com")]
    [InlineData("the host alone", "BaseAddress", "https://management.azure.com/subscriptions")]
    [InlineData("AuthorityHost has to say", "BaseAddress", "https://management.example.com/")]
    [InlineData("AuthorityHost is", "AuthorityHost", "http://login.example.com/")]
    [InlineData("Audience is", "Audience", "management")]
    [InlineData("which has no use for it", "Credential", "AzureCli", "ManagedIdentityClientId", Id)]
    [InlineData("ThrottleWait is", "ThrottleWait", "00:20:00")]
    [InlineData("Timeout is", "Timeout", "00:00:00.5")]
    [InlineData("lacks AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH", "SubscriptionId", Id, "Credential", "Environment")]
    public void What_is_wrong_is_named_with_its_key(string problem, params string[] settings)
    {
        var found = Problems(settings).ShouldHaveSingleItem();

        found.ShouldContain(problem);
        found.ShouldContain("Azure:");
    }

    [Theory]
    [InlineData("Name is missing", "Secrets:0:Secret", "s3cr3t-value")]
    [InlineData("Secret is missing", "Secrets:0:Name", "database")]
    [InlineData("another secret has too", "Secrets:0:Name", "a", "Secrets:0:Secret", "first1", "Secrets:1:Name", "a", "Secrets:1:Secret", "second")]
    public void A_wrong_secret_is_named_without_its_value(string problem, params string[] settings)
    {
        var options = new CloudApiServices(settings).Resolve<CloudApiOptions>();

        var failure = Should.Throw<OptionsValidationException>(() => options.Value).Failures.ShouldHaveSingleItem();

        failure.ShouldContain(problem);
        failure.ShouldNotContain("s3cr3t-value");
        failure.ShouldNotContain("second");
    }

    [Theory]
    [InlineData("Automatic", typeof(DefaultAzureCredential))]
    [InlineData("ManagedIdentity", typeof(ManagedIdentityCredential))]
    [InlineData("Environment", typeof(EnvironmentCredential))]
    [InlineData("AzureCli", typeof(AzureCliCredential))]
    public void The_credential_is_the_one_that_is_asked_for(string credential, Type type) =>
        AzureCredential.Create(new AzureResourceManagerOptions { Credential = Enum.Parse<AzureCredentialKind>(credential), TenantId = Id }).ShouldBeOfType(type);

    private static IEnumerable<string> Problems(string[] settings)
    {
        var options = new AzureResourceManagerOptions();
        new ConfigurationBuilder().AddInMemoryCollection(Pairs(settings, "")).Build().Bind(options);
        return new AzureResourceManagerOptionsValidator(_ => null).Validate(null, options).Failures ?? [];
    }

    private static Dictionary<string, string?> Pairs(string[] settings, string prefix) =>
        settings.Chunk(2).ToDictionary(pair => prefix + pair[0], pair => (string?)pair[1]);

    private sealed class CloudApiServices(string[] settings)
    {
        public IOptions<T> Resolve<T>()
            where T : class => new ServiceCollection()
            .AddAzureResourceManager(new ConfigurationBuilder().AddInMemoryCollection(Pairs(settings, "CloudApi:")).Build())
            .BuildServiceProvider()
            .GetRequiredService<IOptions<T>>();
    }
}
