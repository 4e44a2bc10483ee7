using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Client.Entities;

/// <summary>A snapshot of an entity.</summary>
/// <exception cref="ArgumentException">The id is the default value.</exception>
[JsonConverter(typeof(EntityMetadataConverter))]
public class EntityMetadata<TState>(EntityInstanceId id)
{
    private readonly TState? _state;

    /// <param name="id">Whose snapshot this is.</param>
    /// <param name="state">Null: not included.</param>
    public EntityMetadata(EntityInstanceId id, TState? state)
        : this(id)
    {
        IncludesState = state is not null;
        _state = state;
    }

    public EntityInstanceId Id { get; } = id != default ? id : throw new ArgumentException("The id has no name.", nameof(id));

    public DateTimeOffset LastModifiedTime { get; init; }

    /// <summary>How many operations and lock requests wait for a lock to be released.</summary>
    public int BacklogQueueSize { get; init; }

    /// <summary>The instance id of the orchestration that holds the entity's lock; null for none.</summary>
    public string? LockedBy { get; init; }

    [MemberNotNullWhen(true, nameof(State))]
    [MemberNotNullWhen(true, nameof(_state))]
    public bool IncludesState { get; }

    /// <exception cref="InvalidOperationException">The state is not included.</exception>
    public TState State => IncludesState
        ? _state
        : throw new InvalidOperationException($"The state of '{Id}' is not there: it was not asked for, or the entity has none.");
}

/// <summary>A snapshot of an entity, its state as it is stored.</summary>
[JsonConverter(typeof(EntityMetadataConverter))]
public sealed class EntityMetadata(EntityInstanceId id, SerializedData? state = null) : EntityMetadata<SerializedData>(id, state)
{
}

/// <summary>Writes only what there is; a stored state becomes a string.</summary>
internal sealed class EntityMetadataConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => StateType(typeToConvert) is not null;

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options)
        => (JsonConverter?)Activator.CreateInstance(typeof(Writer<,>).MakeGenericType(typeToConvert, StateType(typeToConvert)!));

    private static Type? StateType(Type type) => type switch
    {
        _ when type == typeof(EntityMetadata) => typeof(SerializedData),
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(EntityMetadata<>) => type.GenericTypeArguments[0],
        _ => null,
    };

    private sealed class Writer<TMetadata, TState> : JsonConverter<TMetadata>
        where TMetadata : EntityMetadata<TState>
    {
        public override TMetadata Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => throw new NotSupportedException($"{typeToConvert} can be written, not read.");

        public override void Write(Utf8JsonWriter writer, TMetadata value, JsonSerializerOptions options)
        {
            string Name(string name) => options.PropertyNamingPolicy?.ConvertName(name) ?? name;

            writer.WriteStartObject();
            writer.WriteString(Name(nameof(value.Id)), value.Id.ToString());
            writer.WriteString(Name(nameof(value.LastModifiedTime)), value.LastModifiedTime);
            if (value.BacklogQueueSize > 0)
            {
                writer.WriteNumber(Name(nameof(value.BacklogQueueSize)), value.BacklogQueueSize);
            }

            if (value.LockedBy is { } owner)
            {
                writer.WriteString(Name(nameof(value.LockedBy)), owner);
            }

            if (value.IncludesState)
            {
                writer.WritePropertyName(Name(nameof(value.State)));
                if (value.State is SerializedData stored)
                {
                    writer.WriteStringValue(stored.Value);
                }
                else
                {
                    JsonSerializer.Serialize(writer, value.State, options);
                }
            }

            writer.WriteEndObject();
        }
    }
}
