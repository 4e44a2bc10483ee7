using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityQueueTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly EntityInstanceId First = new("e", "1");
    private static readonly EntityInstanceId Second = new("e", "2");
    private static readonly EntityLockSet One = EntityLockSet.Of([First]);
    private static readonly EntityLockSet Both = EntityLockSet.Of([Second, First, Second]);
    private static readonly Guid Section = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid LaterSection = new("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void Without_a_lock_messages_are_handled_in_their_order()
        => Take(Fill(null, Signal(null, "a"), Call("x", "b"), Signal("@e@3", "c"))).ShouldBe(["1: a", "2: b", "3: c"]);

    [Fact]
    public void A_lock_set_is_sorted_and_holds_each_entity_once()
        => EntityLockSet.Of([new("b", "1"), new("a", "2"), new("B", "1"), new("a", "10")]).ToString()
            .ShouldBe("[@a@10, @a@2, @b@1]");

    [Fact]
    public void The_last_entity_of_a_lock_set_tells_its_owner()
    {
        var queue = Fill(null, new EntityLockRequest("x", Section, One));

        queue.Take(Now, 10).Steps.ShouldBe([new SendStep(1, "x", new EntityLockGranted(Section))]);
        queue.Lock.ShouldBe(new EntityLock("x", Section));
    }

    [Fact]
    public void An_entity_that_is_locked_passes_the_request_on_to_the_next_one()
    {
        var queue = Fill(null, new EntityLockRequest("x", Section, Both));

        queue.Take(Now, 10).Steps.ShouldBe(
            [new SendStep(1, "@e@2", new EntityLockRequest("x", Section, EntityLockSet.Of([Second])))]);
        queue.Lock.ShouldBe(new EntityLock("x", Section));
    }

    [Fact]
    public void While_an_entity_is_locked_only_its_owners_messages_are_handled()
    {
        var queue = Fill(null, new EntityLockRequest("x", Section, One), Call("y", "theirs"), Signal(null, "clients"), Call("x", "own"));

        Take(queue).ShouldBe(["1: EntityLockGranted to x", "4: own"]);

        Add(queue, 5, new EntityLockRelease("x", Section, EntityLockSet.Empty));
        Take(queue).ShouldBe(["5: dropped", "2: theirs", "3: clients"]);
        queue.Lock.ShouldBeNull();
    }

    [Fact]
    public void Locks_are_granted_in_the_order_of_their_requests()
    {
        var queue = Fill(null, new EntityLockRequest("x", Section, One), new EntityLockRequest("y", LaterSection, One));

        Take(queue).ShouldBe(["1: EntityLockGranted to x"]);
        Add(queue, 3, new EntityLockRelease("x", Section, EntityLockSet.Empty));
        Take(queue).ShouldBe(["3: dropped", "2: EntityLockGranted to y"]);
    }

    [Fact]
    public void A_release_by_another_one_or_of_another_section_changes_nothing()
    {
        var queue = Fill(
            new EntityLock("x", Section),
            new EntityLockRelease("y", Section, EntityLockSet.Empty),
            new EntityLockRelease("x", LaterSection, EntityLockSet.Empty));

        Take(queue).ShouldBe(["2: dropped"]);
        queue.Lock.ShouldBe(new EntityLock("x", Section));
    }

    [Fact]
    public void A_release_of_no_certain_section_releases_whichever_lock_the_owner_has()
    {
        var queue = Fill(new EntityLock("x", Section), new EntityLockRelease("x", null, EntityLockSet.Empty));

        Take(queue).ShouldBe(["1: dropped"]);
        queue.Lock.ShouldBeNull();
    }

    [Fact]
    public void A_section_that_is_left_before_it_is_entered_is_released_along_the_way_of_its_request()
    {
        var queue = Fill(
            null, new EntityLockRequest("x", Section, Both), new EntityLockRelease("x", Section, EntityLockSet.Of([Second])));

        queue.Take(Now, 10).Steps.ShouldBe(
        [
            new SendStep(1, "@e@2", new EntityLockRequest("x", Section, EntityLockSet.Of([Second]))),
            new SendStep(2, "@e@2", new EntityLockRelease("x", Section, EntityLockSet.Empty)),
        ]);
        queue.Lock.ShouldBeNull();
    }

    [Fact]
    public void A_request_of_an_earlier_section_does_not_take_the_lock_from_a_later_one_and_goes_with_its_release()
    {
        var queue = Fill(new EntityLock("x", LaterSection), new EntityLockRequest("x", Section, Both), Call("x", "own"));

        Take(queue).ShouldBe(["2: own"]);
        Add(queue, 3, new EntityLockRelease("x", Section, EntityLockSet.Of([Second])));
        Take(queue).ShouldBe(["1: dropped", "3: dropped"]);
        queue.Lock.ShouldBe(new EntityLock("x", LaterSection));
    }

    [Fact]
    public void A_signal_with_a_time_waits_for_it()
    {
        var queue = Fill(
            null, Signal("x", "late", Now.AddMinutes(2)), Signal("x", "soon", Now.AddMinutes(1)), Signal("x", "past", Now.AddMinutes(-1)));

        Take(queue).ShouldBe(["3: past"]);
        queue.NextDue.ShouldBe(Now.AddMinutes(1));
        Take(queue, Now.AddMinutes(2)).ShouldBe(["2: soon", "1: late"]);
        queue.NextDue.ShouldBeNull();
    }

    [Fact]
    public void A_signal_that_is_due_waits_for_the_lock_too()
    {
        var queue = Fill(new EntityLock("y", Section), Signal("x", "due", Now.AddMinutes(1)));

        Take(queue, Now.AddMinutes(1)).ShouldBeEmpty();
        queue.NextDue.ShouldBeNull();
        Add(queue, 2, new EntityLockRelease("y", Section, EntityLockSet.Empty));
        Take(queue, Now.AddMinutes(1)).ShouldBe(["2: dropped", "1: due"]);
    }

    [Fact]
    public void A_batch_ends_at_its_limit_and_says_that_there_is_more()
    {
        var queue = Fill(null, Call("x", "a"), Call("x", "b"), Call("x", "c"));

        var first = queue.Take(Now, 2);
        first.HasMore.ShouldBeTrue();
        first.Steps.Count.ShouldBe(2);
        var second = queue.Take(Now, 2);
        second.HasMore.ShouldBeFalse();
        second.Steps.Count.ShouldBe(1);
    }

    [Fact]
    public void A_batch_that_is_just_full_has_no_more()
        => Fill(null, Call("x", "a"), Call("x", "b"), new EntityLockRequest("x", Section, One)).Take(Now, 2).HasMore.ShouldBeFalse();

    private static EntityOperationRequest Call(string sender, string operation) => new(sender, Guid.NewGuid(), operation, null, null);

    private static EntityOperationRequest Signal(string? sender, string operation, DateTime? at = null)
        => new(sender, null, operation, null, at);

    private static EntityQueue Fill(EntityLock? heldBy, params EntityMessage[] messages)
    {
        var queue = new EntityQueue(heldBy);
        foreach (var (index, message) in messages.Index())
        {
            Add(queue, index + 1, message);
        }

        return queue;
    }

    private static void Add(EntityQueue queue, long id, EntityMessage message) => queue.Add(id, message, Now);

    private static List<string> Take(EntityQueue queue, DateTime? now = null)
        => [.. queue.Take(now ?? Now, int.MaxValue).Steps.Select(Describe)];

    private static string Describe(EntityStep step) => step switch
    {
        OperationStep run => $"{run.MessageId}: {run.Request.Operation}",
        SendStep send => $"{send.MessageId}: {send.Message.GetType().Name} to {send.Target}",
        _ => $"{step.MessageId}: dropped",
    };
}
