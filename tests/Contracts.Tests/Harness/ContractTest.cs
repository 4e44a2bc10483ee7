using System.Text;
using AtomicDevOps.Orchestrations.Tests.Support;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Contracts.Tests.Harness;

public abstract class ContractTest
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected static Task<IPlatformUnderTest> StartAsync(
        Action<ScriptedTools>? script = null, IReadOnlyDictionary<string, string?>? settings = null) =>
        PlatformUnderTest.StartAsync(script, settings, Token);
}

internal static class PlatformUnderTestExtensions
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<HttpResponseMessage> SendAsync(
        this IPlatformUnderTest platform, HttpMethod method, string path, string? body = null, params IEnumerable<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await platform.Http.SendAsync(request, Token);
    }

    /// <summary>The instances whose ids begin so, in the order of their ids.</summary>
    public static async Task<IReadOnlyList<OrchestrationMetadata>> InstancesAsync(this IPlatformUnderTest platform, string idPrefix)
    {
        var instances = new List<OrchestrationMetadata>();
        await foreach (var found in platform.Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = idPrefix }).WithCancellation(Token))
        {
            instances.Add((await platform.Client.GetInstanceAsync(found.InstanceId, getInputsAndOutputs: true, Token)).ShouldNotBeNull());
        }

        return [.. instances.OrderBy(static instance => instance.InstanceId, StringComparer.Ordinal)];
    }
}
