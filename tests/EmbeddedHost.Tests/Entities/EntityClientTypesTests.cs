using System.Text.Json;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityClientTypesTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly EntityInstanceId Id = new("Counter", "K");

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "@")]
    [InlineData("Counter", "@counter")]
    [InlineData("@Counter", "@counter")]
    [InlineData("Counter@", "@counter@")]
    [InlineData("Counter@Key@More", "@counter@Key@More")]
    public void A_querys_prefix_has_its_first_at_sign_and_its_name_in_lower_case(string? given, string? expected)
        => new EntityQuery { InstanceIdStartsWith = given }.InstanceIdStartsWith.ShouldBe(expected);

    [Fact]
    public void A_query_asks_for_states_and_for_no_transient_entities_by_default()
    {
        var query = new EntityQuery();

        query.IncludeState.ShouldBeTrue();
        query.IncludeTransient.ShouldBeFalse();
        query.PageSize.ShouldBeNull();
        EntityQuery.DefaultPageSize.ShouldBe(100);
    }

    [Fact]
    public void A_clean_up_does_all_that_is_safe_by_default()
        => CleanEntityStorageRequest.Default.ShouldBe(new CleanEntityStorageRequest { RemoveEmptyEntities = true, ReleaseOrphanedLocks = true });

    [Fact]
    public void A_state_that_is_not_included_cannot_be_read()
    {
        var metadata = new EntityMetadata<int[]>(Id);

        metadata.IncludesState.ShouldBeFalse();
        Should.Throw<InvalidOperationException>(() => metadata.State).Message.ShouldContain("@counter@K");
        new EntityMetadata(Id, new SerializedData("5")).State.ReadAs<int>().ShouldBe(5);
        Should.Throw<ArgumentException>(() => new EntityMetadata(default));
    }

    [Fact]
    public void Metadata_is_written_with_what_there_is()
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        JsonSerializer.Serialize(new EntityMetadata<int[]>(Id, [1]) { LastModifiedTime = at }, Web)
            .ShouldBe("""{"id":"@counter@K","lastModifiedTime":"2026-01-01T00:00:00+00:00","state":[1]}""");
        JsonSerializer.Serialize(new EntityMetadata(Id, new SerializedData("5")) { LastModifiedTime = at, BacklogQueueSize = 2, LockedBy = "o" })
            .ShouldBe("""{"Id":"@counter@K","LastModifiedTime":"2026-01-01T00:00:00+00:00","BacklogQueueSize":2,"LockedBy":"o","State":"5"}""");
        JsonSerializer.Serialize(new EntityMetadata(Id) { LastModifiedTime = at }, Web)
            .ShouldBe("""{"id":"@counter@K","lastModifiedTime":"2026-01-01T00:00:00+00:00"}""");
        Should.Throw<NotSupportedException>(() => JsonSerializer.Deserialize<EntityMetadata>("{}"));
    }
}
