using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Triggers;
using AtomicDevOps.FunctionApp;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.Orchestrations.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>The whole app on the embedded host, over HTTP.</summary>
internal sealed class PlatformUnderTest : IPlatformUnderTest
{
    private const string Key = "default-host-key-for-tests";

    private readonly IHost _host;
    private readonly string _directory;

    private PlatformUnderTest(IHost host, string directory)
    {
        _host = host;
        _directory = directory;
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Http = new HttpClient { BaseAddress = new Uri(address) };
        Http.DefaultRequestHeaders.Add("x-functions-key", Key);
    }

    public HttpClient Http { get; }

    public DurableTaskClient Client => Services.GetRequiredService<DurableTaskClient>();

    public IServiceProvider Services => _host.Services;

    private DurableTaskEngine Engine => Services.GetRequiredService<DurableTaskEngine>();

    public static async Task<IPlatformUnderTest> StartAsync(
        Action<ScriptedTools>? script, IReadOnlyDictionary<string, string?>? settings, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("contracts-").FullName;
        var tools = new ScriptedTools();
        script?.Invoke(tools);
        IHost? host = null;
        var activities = new ScriptedActivities();
        tools.Register(activities, () => host!.Services.GetRequiredService<DurableTaskClient>());

        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(PlatformSettings.In(directory)).AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobs.KeepSystemHealthAlive.Disabled"] = "true",
            ["Host:DataDirectory"] = directory,
            ["Host:EntryAssembly"] = typeof(AgentMiddleware).Assembly.GetName().Name,
            ["Host:Keys:default"] = Key,
            ["Host:Keys:durabletask_extension"] = "durable-system-key-for-tests",
            ["Host:Keys:master"] = "master-key-for-tests",
            ["Host:Port"] = "0",
        }).AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<AgentMiddleware>();
        builder.UseMiddleware(async (context, next) =>
        {
            if (context is InvocationContext { Trigger: ActivityInvocation activity } && activities.Find(activity.Name) is { } run)
            {
                context.GetInvocationResult().Value = await run(activity);
            }
            else
            {
                await next();
            }
        });
        builder.Logging.ClearProviders();
        builder.Services.AddAtomicDevOps(builder.Configuration);
        builder.Services.AddSingleton<TimeProvider>(new SkippedTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new PlatformUnderTest(host, directory);
    }

    public Task SettleAsync() => Engine.Work.WhenIdleAsync();

    public IReadOnlyList<ActivityRecord> ActivitiesOf(IReadOnlyCollection<string> instanceIds) => [.. instanceIds.SelectMany(ActivitiesOf)];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private IEnumerable<ActivityRecord> ActivitiesOf(string instanceId)
    {
        var scheduled = new Dictionary<int, TaskScheduled>();
        var sequence = Engine.Store.Find(instanceId).ShouldNotBeNull().Sequence;
        foreach (var happened in Engine.Store.History(sequence).SelectMany(static turn => turn.Events))
        {
            switch (happened)
            {
                case TaskScheduled call:
                    scheduled.Add(call.TaskId, call);
                    break;
                case TaskCompleted done when scheduled.Remove(done.TaskId, out var call):
                    yield return new ActivityRecord(instanceId, call.Name, call.Input, done.Result, Failure: null);
                    break;
                case TaskFailed failed when scheduled.Remove(failed.TaskId, out var call):
                    yield return new ActivityRecord(instanceId, call.Name, call.Input, Output: null, (failed.Failure.ErrorType, failed.Failure.ErrorMessage));
                    break;
            }
        }
    }
}
