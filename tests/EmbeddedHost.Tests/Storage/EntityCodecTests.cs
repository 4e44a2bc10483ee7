using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage;

public sealed class EntityCodecTests
{
    private static readonly DateTime Due = new(2026, 2, 3, 4, 5, 6, 7, DateTimeKind.Utc);
    private static readonly EntityInstanceId Entity = new("name", "Key @ 1");
    private static readonly ActivityContext Span = new(
        ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, "a=b", isRemote: true);

    private static readonly EntityLockSet Two = EntityLockSet.Of([Entity, new EntityInstanceId("name", "")]);

    [Fact]
    public void What_comes_for_entities_and_from_them_is_read_as_it_was_written()
    {
        Arrival[] arrivals =
        [
            new EntityCallCompleted(Guid.NewGuid(), null),
            new EntityCallCompleted(Guid.NewGuid(), "\"ü\""),
            new EntityLockGranted(Guid.NewGuid()),
            new EntityOperationRequest("caller", Guid.NewGuid(), "op", "1", null),
            new EntityOperationRequest(null, null, "op", null, null),
            new EntityOperationRequest("@sender@x", null, "op", "", Due),
            new EntityOperationRequest("caller", Guid.NewGuid(), "op", "1", null) { Trace = Span },
            new EntityOperationRequest(null, null, "op", null, null) { Trace = Span },
            new EntityOperationRequest(null, null, "op", null, Due) { Trace = Span },
            new EntityLockRequest("owner", Guid.NewGuid(), Two),
            new EntityLockRelease("owner", Guid.NewGuid(), EntityLockSet.Empty),
            new EntityLockRelease("owner", null, Two),
        ];

        foreach (var arrival in arrivals)
        {
            HistoryCodec.ReadArrival(HistoryCodec.Write(arrival)).ShouldBe(arrival);
        }
    }

    [Fact]
    public void A_failed_call_keeps_its_details()
    {
        var failed = new EntityCallFailed(Guid.NewGuid(), TaskFailureDetails.FromException(new InvalidOperationException("no", new IOException("inner"))));

        var read = HistoryCodec.ReadArrival(HistoryCodec.Write(failed)).ShouldBeOfType<EntityCallFailed>();

        read.RequestId.ShouldBe(failed.RequestId);
        read.Failure.ErrorMessage.ShouldBe("no");
        read.Failure.InnerFailure!.ErrorMessage.ShouldBe("inner");
    }

    [Fact]
    public void Decisions_about_entities_are_read_as_they_were_written()
    {
        Decision[] decisions =
        [
            new EntityCalled(1, Entity, Guid.NewGuid(), "op", "{}"),
            new EntitySignaled(300, Entity, "op", null, null),
            new EntitySignaled(0, Entity, "op", "2", Due),
            new EntityLockRequested(2, Guid.NewGuid(), Two),
            new EntityUnlocked(3, Entity, Guid.NewGuid(), EntityLockSet.Empty),
            new EntityUnlocked(4, Entity, Guid.NewGuid(), Two),
        ];

        HistoryCodec.ReadTurn(Due, HistoryCodec.Write([], decisions)).Decisions.ShouldBe(decisions);
    }
}
