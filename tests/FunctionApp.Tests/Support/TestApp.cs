using System.Text;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.Telemetry;
using AtomicDevOps.Primitives.Agents;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.FunctionApp.Tests.Support;

/// <summary>
/// The whole app as it is started for real, on a port that the system picks. Activities that reach out of the process answer as scripted, from
/// the innermost middleware, so that triggers, middleware, engine and orchestrators are the real ones.
/// </summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const string Key = "default-host-key-for-tests";
    public const string WebhookSecret = "a-webhook-secret-for-tests";

    private readonly IHost _host;
    private readonly string _directory;

    private TestApp(IHost host, string directory)
    {
        _host = host;
        _directory = directory;
        var address = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = new HttpClient { BaseAddress = address };
        Client.DefaultRequestHeaders.Add("x-functions-key", Key);
        Anonymous = new HttpClient { BaseAddress = address };
    }

    public HttpClient Client { get; }

    /// <summary>Without a key.</summary>
    public HttpClient Anonymous { get; }

    public IServiceProvider Services => _host.Services;

    public DurableTaskClient Durable => _host.Services.GetRequiredService<DurableTaskClient>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="answers">By the activity's name; those of experts that are not named fail.</param>
    public static async Task<TestApp> StartAsync(
        IReadOnlyDictionary<string, Func<object?>>? answers = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("function-app-").FullName;
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Host:EntryAssembly"] = typeof(AgentMiddleware).Assembly.GetName().Name,
            ["Host:Port"] = "0",
            ["Host:DataDirectory"] = directory,
            ["Host:Keys:master"] = "master-key-for-tests",
            ["Host:Keys:default"] = Key,
            ["Host:Keys:durabletask_extension"] = "durable-system-key-for-tests",
            ["Logs:Directory"] = Path.Combine(directory, "logs"),
            ["Artifacts:Directory"] = Path.Combine(directory, "artifacts"),
            ["Findings:Directory"] = Path.Combine(directory, "findings"),
            ["Git:Directory"] = Path.Combine(directory, "git"),
            ["GitHub:BaseAddress"] = "http://127.0.0.1:1/",
            ["GitHub:Webhook:Secret"] = WebhookSecret,
        });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<InstanceScopeMiddleware>();
        builder.UseMiddleware<AgentMiddleware>();
        builder.UseMiddleware(async (context, next) =>
        {
            var function = context.FunctionDefinition.Name;
            if (answers?.GetValueOrDefault(function) is { } answer)
            {
                context.GetInvocationResult().Value = answer();
            }
            else if (function.Equals(PlatformActivities.ProbeAgents.Name, StringComparison.Ordinal))
            {
                // The real probes start programs, which would go on while the app's directory is removed.
                context.GetInvocationResult().Value = new ProbeRound(new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal), TimeSpan.FromHours(1));
            }
            else if (function.Contains("Expert_", StringComparison.Ordinal))
            {
                throw new ToolException("Scripted tool", $"{function} is not scripted");
            }
            else
            {
                await next();
            }
        });
        builder.Logging.ClearProviders();
        builder.Services.AddAtomicDevOps(builder.Configuration);
        configure?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Token);
        return new TestApp(host, directory);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return Client.SendAsync(request, Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Anonymous.Dispose();
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
