using AtomicDevOps.Primitives.Router;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Router;

public sealed class RouterTests
{
    private static readonly Dictionary<string, WorkflowPrimitive<string, int>> Routes = new(StringComparer.Ordinal)
    {
        ["push"] = WorkflowFunction.Of((string _) => 1),
        ["pull_request"] = WorkflowFunction.Of((string _) => 2),
    };

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_key_picks_the_route(Form form)
    {
        var router = new RouterPrimitive<string, string, int>(input => input.Split(':')[0], Routes, WorkflowFunction.Of((string _) => 3));
        (await new World().Run(form, router, "push:main")).ShouldBe(1);
        (await new World().Run(form, router, "pull_request:12")).ShouldBe(2);
        (await new World().Run(form, router, "issue:7")).ShouldBe(3);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task An_unknown_key_without_a_default_names_the_keys_there_are(Form form)
    {
        var router = new RouterPrimitive<string, string, int>(input => input, Routes);
        var exception = await Should.ThrowAsync<RouteNotFoundException>(new World().Run(form, router, "issue"));
        exception.Key.ShouldBe("issue");
        exception.Message.ShouldBe("No route for 'issue', and no default. There are routes for: 'push', 'pull_request'.");
    }

    [Fact]
    public async Task The_comparer_tells_which_keys_are_the_same()
    {
        var router = new RouterPrimitive<string, string, int>(input => input, Routes, comparer: StringComparer.OrdinalIgnoreCase);
        (await new World().Run(Form.Activity, router, "PUSH")).ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Nothing_is_picked_once_the_token_is_cancelled(Form form)
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var router = new RouterPrimitive<string, string, int>(_ => throw new IOException("asked"), Routes);
        await Should.ThrowAsync<OperationCanceledException>(new World().Run(form, router, "push", source));
    }
}
