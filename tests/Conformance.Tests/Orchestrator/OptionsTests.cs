using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class OptionsTests
{
    private static readonly RetryPolicy Policy = new(2, TimeSpan.FromSeconds(1));

    [Fact]
    public void A_policy_and_both_kinds_of_handlers_become_retry_options()
    {
        RetryHandler handler = static context => context.LastAttemptNumber < 2;
        AsyncRetryHandler asyncHandler = static context => Task.FromResult(context.LastAttemptNumber < 2);

        ((TaskRetryOptions)Policy).Policy.ShouldBeSameAs(Policy);
        ((TaskRetryOptions)Policy).Handler.ShouldBeNull();
        ((TaskRetryOptions)asyncHandler).Handler.ShouldBeSameAs(asyncHandler);
        ((TaskRetryOptions)handler).Handler.ShouldNotBeNull();
        TaskOptions.FromRetryPolicy(Policy).Retry!.Policy.ShouldBeSameAs(Policy);
        TaskOptions.FromRetryHandler(asyncHandler).Retry!.Handler.ShouldBeSameAs(asyncHandler);
    }

    [Fact]
    public void Options_with_an_instance_id_keep_the_rest()
    {
        var tags = new Dictionary<string, string> { ["a"] = "b" };

        var options = new TaskOptions(Policy, tags) { Version = "1.0" }.WithInstanceId("child");

        options.InstanceId.ShouldBe("child");
        options.Retry!.Policy.ShouldBeSameAs(Policy);
        options.Tags.ShouldBe(tags);
        options.Version!.Value.Version.ShouldBe("1.0");
        new SubOrchestrationOptions(options).InstanceId.ShouldBe("child");
        new SubOrchestrationOptions(options, "other").InstanceId.ShouldBe("other");
    }

    [Fact]
    public void Options_of_a_start_copy_with_changes()
    {
        var options = new StartOrchestrationOptions("one", DateTimeOffset.UnixEpoch) { Version = "1.0" }
            .WithDedupeStatuses(OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Failed);

        var copy = options with { InstanceId = "two" };

        copy.InstanceId.ShouldBe("two");
        copy.StartAt.ShouldBe(DateTimeOffset.UnixEpoch);
        copy.Version!.Value.Version.ShouldBe("1.0");
        copy.DedupeStatuses.ShouldBe(["Running", "Failed"]);
    }

    [Fact]
    public void Names_and_versions_compare_without_case()
    {
        new TaskName("Build").ShouldBe(new TaskName("BUILD"));
        (new TaskName("Build") == "build").ShouldBeTrue();
        new TaskName("Build").GetHashCode().ShouldBe(new TaskName("bUILD").GetHashCode());
        new TaskName("Build").ToString().ShouldBe("Build");
        new TaskVersion("1.0-RC").ShouldBe(new TaskVersion("1.0-rc"));
        TaskVersion.Unversioned.ShouldBe(new TaskVersion(string.Empty));
        Should.Throw<ArgumentException>(() => new TaskVersion(" "));
    }
}
