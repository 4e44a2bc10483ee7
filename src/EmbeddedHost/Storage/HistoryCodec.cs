using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <param name="Bytes">Empty if they are more than was asked for.</param>
/// <param name="Size">How many bytes they take.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PackedEvents(byte[] Bytes, long Size);

/// <summary>
/// Events as bytes: a type, then the fields in order. Numbers are variable-length, text is UTF-8 behind its length plus one, zero standing
/// for none. A stored form never changes; one with other fields gets a type of its own.
/// </summary>
internal static class HistoryCodec
{
    private const int IdSize = 16;

    public static byte[] Write(IReadOnlyList<Arrival> arrivals, IReadOnlyList<Decision> decisions)
        => Pack(arrivals, decisions, int.MaxValue).Bytes;

    /// <param name="limit">Beyond so many bytes they are counted only.</param>
    public static PackedEvents Pack(IReadOnlyList<Arrival> arrivals, IReadOnlyList<Decision> decisions, int limit)
    {
        var writer = new EventWriter(limit);
        foreach (var arrival in arrivals)
        {
            Write(writer, arrival);
        }

        foreach (var decision in decisions)
        {
            Write(writer, decision);
        }

        return new PackedEvents(writer.ToArray(), writer.Size);
    }

    public static byte[] Write(Arrival arrival)
    {
        var writer = new EventWriter(int.MaxValue);
        Write(writer, arrival);
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes hold something that this program does not know.</exception>
    public static RecordedTurn ReadTurn(DateTime at, ReadOnlySpan<byte> bytes)
    {
        var length = bytes.Length;
        var reader = new EventReader(bytes);
        var arrivals = new List<Arrival>();
        var decisions = new List<Decision>();
        while (!reader.IsAtEnd)
        {
            switch (ReadEvent(ref reader))
            {
                case Arrival arrival:
                    arrivals.Add(arrival);
                    break;
                case Decision decision:
                    decisions.Add(decision);
                    break;
            }
        }

        return new RecordedTurn(at, arrivals, decisions) { Bytes = length };
    }

    /// <inheritdoc cref="ReadTurn"/>
    public static Arrival ReadArrival(ReadOnlySpan<byte> bytes)
    {
        var reader = new EventReader(bytes);
        return ReadEvent(ref reader) as Arrival ?? throw new InvalidDataException("It holds an event that does not arrive.");
    }

    /// <summary>Who called an entity by a message that cannot be read to its end.</summary>
    /// <returns>Null if it is no call, or is damaged before that.</returns>
    public static (string Sender, Guid RequestId)? ReadCaller(ReadOnlySpan<byte> bytes)
    {
        var reader = new EventReader(bytes);
        try
        {
            return reader.Type() is EventType.EntityCall or EventType.EntityTracedCall && reader.Text() is { } sender ? (sender, reader.Id()) : null;
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
        {
            return null;
        }
    }

    public static string WriteFailure(TaskFailureDetails failure) => JsonSerializer.Serialize(failure);

    public static TaskFailureDetails ReadFailure(string json) => JsonSerializer.Deserialize<TaskFailureDetails>(json)
        ?? throw new JsonException("The failure is null.");

    public static string? WriteTags(IReadOnlyDictionary<string, string> tags) => tags.Count == 0 ? null : JsonSerializer.Serialize(tags);

    public static ImmutableSortedDictionary<string, string> ReadTags(string? json) => json is null
        ? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
        : (JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? throw new JsonException("The tags are null.")).ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static void Write(EventWriter writer, HistoryEvent e)
    {
        switch (e)
        {
            case ExecutionStarted:
                writer.Type(EventType.ExecutionStarted);
                break;
            case TaskCompleted task:
                writer.Type(EventType.TaskCompleted).Number(task.TaskId).Text(task.Result);
                break;
            case TaskFailed task:
                writer.Type(EventType.TaskFailed).Number(task.TaskId).Text(WriteFailure(task.Failure)).Flag(task.IsFinal);
                break;
            case SubOrchestrationCompleted sub:
                writer.Type(EventType.SubOrchestrationCompleted).Number(sub.TaskId).Text(sub.Result);
                break;
            case SubOrchestrationFailed sub:
                writer.Type(EventType.SubOrchestrationFailed).Number(sub.TaskId).Text(WriteFailure(sub.Failure));
                break;
            case TimerFired timer:
                writer.Type(EventType.TimerFired).Number(timer.TaskId);
                break;
            case EventRaised raised:
                writer.Type(EventType.EventRaised).Text(raised.Name).Text(raised.Payload);
                break;
            case ExecutionSuspended suspended:
                writer.Type(EventType.ExecutionSuspended).Text(suspended.Reason);
                break;
            case ExecutionResumed resumed:
                writer.Type(EventType.ExecutionResumed).Text(resumed.Reason);
                break;
            case ExecutionTerminated terminated:
                writer.Type(EventType.ExecutionTerminated).Text(terminated.Output).Flag(terminated.Recursive);
                break;
            case ExecutionRewound rewound:
                writer.Type(EventType.ExecutionRewound).Text(rewound.Reason);
                break;
            case TaskScheduled task:
                writer.Type(EventType.TaskScheduled).Number(task.TaskId).Text(task.Name).Text(task.Version).Text(task.Input);
                break;
            case SubOrchestrationScheduled sub:
                writer.Type(EventType.SubOrchestrationScheduled).Number(sub.TaskId).Text(sub.Name).Text(sub.Version)
                    .Text(sub.InstanceId).Text(sub.Input).Text(WriteTags(sub.Tags));
                break;
            case TimerCreated timer:
                writer.Type(EventType.TimerCreated).Number(timer.TaskId).Time(timer.FireAt);
                break;
            case TimerCanceled timer:
                writer.Type(EventType.TimerCanceled).Number(timer.TaskId);
                break;
            case EventSent sent:
                writer.Type(EventType.EventSent).Number(sent.TaskId).Text(sent.InstanceId).Text(sent.Name).Text(sent.Payload);
                break;
            case ExecutionCompleted completed:
                writer.Type(EventType.ExecutionCompleted).Number((int)completed.Status).Text(completed.Output)
                    .Text(completed.Failure is { } failure ? WriteFailure(failure) : null);
                break;
            case EntityCallCompleted completed:
                writer.Type(EventType.EntityCallCompleted).Id(completed.RequestId).Text(completed.Result);
                break;
            case EntityCallFailed failed:
                writer.Type(EventType.EntityCallFailed).Id(failed.RequestId).Text(WriteFailure(failed.Failure));
                break;
            case EntityLockGranted granted:
                writer.Type(EventType.EntityLockGranted).Id(granted.RequestId);
                break;
            case EntityOperationRequest { Trace: { } trace, RequestId: { } requestId } call:
                writer.Type(EventType.EntityTracedCall).Text(call.Sender).Id(requestId).Trace(trace).Text(call.Operation).Text(call.Input);
                break;
            case EntityOperationRequest { Trace: { } trace, ScheduledTime: { } due } signal:
                writer.Type(EventType.EntityTracedDelayedSignal).Text(signal.Sender).Trace(trace).Text(signal.Operation).Text(signal.Input).Time(due);
                break;
            case EntityOperationRequest { Trace: { } trace } signal:
                writer.Type(EventType.EntityTracedSignal).Text(signal.Sender).Trace(trace).Text(signal.Operation).Text(signal.Input);
                break;
            case EntityOperationRequest { RequestId: { } requestId } call:
                writer.Type(EventType.EntityCall).Text(call.Sender).Id(requestId).Text(call.Operation).Text(call.Input);
                break;
            case EntityOperationRequest { ScheduledTime: { } due } signal:
                writer.Type(EventType.EntityDelayedSignal).Text(signal.Sender).Text(signal.Operation).Text(signal.Input).Time(due);
                break;
            case EntityOperationRequest signal:
                writer.Type(EventType.EntitySignal).Text(signal.Sender).Text(signal.Operation).Text(signal.Input);
                break;
            case EntityLockRequest request:
                writer.Type(EventType.EntityLockRequest).Text(request.Owner).Id(request.RequestId).Entities(request.LockSet);
                break;
            case EntityLockRelease { RequestId: { } requestId } release:
                writer.Type(EventType.EntityLockRelease).Text(release.Owner).Id(requestId).Entities(release.Remaining);
                break;
            case EntityLockRelease release:
                writer.Type(EventType.EntityOrphanedLockRelease).Text(release.Owner).Entities(release.Remaining);
                break;
            case EntityCalled called:
                writer.Type(EventType.EntityCalled).Number(called.TaskId).Entity(called.Entity).Id(called.RequestId)
                    .Text(called.Operation).Text(called.Input);
                break;
            case EntitySignaled { ScheduledTime: { } due } signaled:
                writer.Type(EventType.EntitySignaledLater).Number(signaled.TaskId).Entity(signaled.Entity)
                    .Text(signaled.Operation).Text(signaled.Input).Time(due);
                break;
            case EntitySignaled signaled:
                writer.Type(EventType.EntitySignaled).Number(signaled.TaskId).Entity(signaled.Entity)
                    .Text(signaled.Operation).Text(signaled.Input);
                break;
            case EntityLockRequested requested:
                writer.Type(EventType.EntityLockRequested).Number(requested.TaskId).Id(requested.RequestId).Entities(requested.LockSet);
                break;
            case EntityUnlocked unlocked:
                writer.Type(EventType.EntityUnlocked).Number(unlocked.TaskId).Entity(unlocked.Entity).Id(unlocked.RequestId)
                    .Entities(unlocked.Remaining);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(e), e, "This event is not stored.");
        }
    }

    private static HistoryEvent ReadEvent(ref EventReader reader)
    {
        try
        {
            return Read(ref reader);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NullReferenceException)
        {
            throw new InvalidDataException($"An event has a field that cannot be read ({exception.Message}).", exception);
        }
    }

    private static HistoryEvent Read(ref EventReader reader)
    {
        var type = reader.Type();
        return type switch
        {
            EventType.ExecutionStarted => new ExecutionStarted(),
            EventType.TaskCompleted => new TaskCompleted(reader.Number(), reader.Text()),
            EventType.TaskFailed => new TaskFailed(reader.Number(), ReadFailure(reader.Text()!), reader.Flag()),
            EventType.SubOrchestrationCompleted => new SubOrchestrationCompleted(reader.Number(), reader.Text()),
            EventType.SubOrchestrationFailed => new SubOrchestrationFailed(reader.Number(), ReadFailure(reader.Text()!)),
            EventType.TimerFired => new TimerFired(reader.Number()),
            EventType.EventRaised => new EventRaised(reader.Text()!, reader.Text()),
            EventType.ExecutionSuspended => new ExecutionSuspended(reader.Text()),
            EventType.ExecutionResumed => new ExecutionResumed(reader.Text()),
            EventType.ExecutionTerminated => new ExecutionTerminated(reader.Text(), reader.Flag()),
            EventType.ExecutionRewound => new ExecutionRewound(reader.Text()),
            EventType.TaskScheduled => new TaskScheduled(reader.Number(), reader.Text()!, reader.Text()!, reader.Text()),
            EventType.SubOrchestrationScheduled => new SubOrchestrationScheduled(
                reader.Number(), reader.Text()!, reader.Text()!, reader.Text()!, reader.Text(), ReadTags(reader.Text())),
            EventType.TimerCreated => new TimerCreated(reader.Number(), reader.Time()),
            EventType.TimerCanceled => new TimerCanceled(reader.Number()),
            EventType.EventSent => new EventSent(reader.Number(), reader.Text()!, reader.Text()!, reader.Text()),
            EventType.ExecutionCompleted => new ExecutionCompleted(
                (OrchestrationRuntimeStatus)reader.Number(), reader.Text(), reader.Text() is { } failure ? ReadFailure(failure) : null),
            EventType.EntityCallCompleted => new EntityCallCompleted(reader.Id(), reader.Text()),
            EventType.EntityCallFailed => new EntityCallFailed(reader.Id(), ReadFailure(reader.Text()!)),
            EventType.EntityLockGranted => new EntityLockGranted(reader.Id()),
            EventType.EntityCall => new EntityOperationRequest(reader.Text(), reader.Id(), reader.Text()!, reader.Text(), null),
            EventType.EntitySignal => new EntityOperationRequest(reader.Text(), null, reader.Text()!, reader.Text(), null),
            EventType.EntityDelayedSignal => new EntityOperationRequest(reader.Text(), null, reader.Text()!, reader.Text(), reader.Time()),
            EventType.EntityTracedCall => ReadTracedCall(ref reader),
            EventType.EntityTracedSignal => ReadTracedSignal(ref reader, isDelayed: false),
            EventType.EntityTracedDelayedSignal => ReadTracedSignal(ref reader, isDelayed: true),
            EventType.EntityLockRequest => new EntityLockRequest(reader.Text()!, reader.Id(), reader.Entities()),
            EventType.EntityLockRelease => new EntityLockRelease(reader.Text()!, reader.Id(), reader.Entities()),
            EventType.EntityOrphanedLockRelease => new EntityLockRelease(reader.Text()!, null, reader.Entities()),
            EventType.EntityCalled => new EntityCalled(reader.Number(), reader.Entity(), reader.Id(), reader.Text()!, reader.Text()),
            EventType.EntitySignaled => new EntitySignaled(reader.Number(), reader.Entity(), reader.Text()!, reader.Text(), null),
            EventType.EntitySignaledLater
                => new EntitySignaled(reader.Number(), reader.Entity(), reader.Text()!, reader.Text(), reader.Time()),
            EventType.EntityLockRequested => new EntityLockRequested(reader.Number(), reader.Id(), reader.Entities()),
            EventType.EntityUnlocked => new EntityUnlocked(reader.Number(), reader.Entity(), reader.Id(), reader.Entities()),
            _ => throw new InvalidDataException($"The history holds an event of unknown type {(int)type}."),
        };
    }

    private static EntityOperationRequest ReadTracedCall(ref EventReader reader)
    {
        var (sender, requestId, trace) = (reader.Text(), reader.Id(), reader.Trace());
        return new EntityOperationRequest(sender, requestId, reader.Text()!, reader.Text(), null) { Trace = trace };
    }

    private static EntityOperationRequest ReadTracedSignal(ref EventReader reader, bool isDelayed)
    {
        var (sender, trace) = (reader.Text(), reader.Trace());
        return new EntityOperationRequest(sender, null, reader.Text()!, reader.Text(), isDelayed ? reader.Time() : null) { Trace = trace };
    }

    /// <summary>Values are stored: never change one.</summary>
    private enum EventType : byte
    {
        ExecutionStarted = 2,
        TaskCompleted = 3,
        TaskFailed = 4,
        SubOrchestrationCompleted = 5,
        SubOrchestrationFailed = 6,
        TimerFired = 7,
        EventRaised = 8,
        ExecutionSuspended = 9,
        ExecutionResumed = 10,
        ExecutionTerminated = 11,
        TaskScheduled = 12,
        SubOrchestrationScheduled = 13,
        TimerCreated = 14,
        TimerCanceled = 15,
        EventSent = 16,
        ExecutionCompleted = 17,
        ExecutionRewound = 18,
        EntityCallCompleted = 30,
        EntityCallFailed = 31,
        EntityLockGranted = 32,
        EntityCall = 33,
        EntitySignal = 34,
        EntityDelayedSignal = 35,
        EntityLockRequest = 36,
        EntityLockRelease = 37,
        EntityOrphanedLockRelease = 38,
        EntityCalled = 39,
        EntitySignaled = 40,
        EntitySignaledLater = 41,
        EntityLockRequested = 42,
        EntityUnlocked = 43,
        EntityTracedCall = 44,
        EntityTracedSignal = 45,
        EntityTracedDelayedSignal = 46,
    }

    private sealed class EventWriter(int limit)
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(256);
        private long _dropped;

        public long Size => _dropped + _buffer.WrittenCount;

        public byte[] ToArray() => _dropped > 0 ? [] : _buffer.WrittenSpan.ToArray();

        public EventWriter Type(EventType type) => Byte((byte)type);

        public EventWriter Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

        public EventWriter Time(DateTime value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_buffer.GetSpan(sizeof(long)), value.Ticks);
            _buffer.Advance(sizeof(long));
            return this;
        }

        public EventWriter Number(int value)
        {
            var rest = (uint)value;
            for (; rest >= 0x80; rest >>= 7)
            {
                Byte((byte)(rest | 0x80));
            }

            return Byte((byte)rest);
        }

        public EventWriter Text(string? value)
        {
            if (value is null)
            {
                return Number(0);
            }

            var length = Encoding.UTF8.GetByteCount(value);
            Number(length + 1);
            if (_buffer.WrittenCount + (long)length > limit)
            {
                _dropped += _buffer.WrittenCount;
                _buffer.ResetWrittenCount();
            }

            Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length));
            _buffer.Advance(length);
            return this;
        }

        public EventWriter Id(Guid value)
        {
            value.TryWriteBytes(_buffer.GetSpan(IdSize));
            _buffer.Advance(IdSize);
            return this;
        }

        public EventWriter Trace(ActivityContext value)
            => Text($"00-{value.TraceId}-{value.SpanId}-{(byte)value.TraceFlags:x2}").Text(value.TraceState);

        public EventWriter Entity(EntityInstanceId id) => Text(id.Name).Text(id.Key);

        public EventWriter Entities(EntityLockSet entities)
        {
            Number(entities.Count);
            foreach (var entity in entities)
            {
                Entity(entity);
            }

            return this;
        }

        private EventWriter Byte(byte value)
        {
            _buffer.GetSpan(1)[0] = value;
            _buffer.Advance(1);
            return this;
        }
    }

    private ref struct EventReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public EventType Type() => (EventType)Byte();

        public bool Flag() => Byte() != 0;

        public DateTime Time() => new(BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long))), DateTimeKind.Utc);

        public int Number()
        {
            var value = 0u;
            for (var shift = 0; ; shift += 7)
            {
                var part = Byte();
                value |= (uint)(part & 0x7F) << shift;
                if (part < 0x80)
                {
                    return (int)value;
                }
            }
        }

        public string? Text()
        {
            var length = Number();
            return length == 0 ? null : Encoding.UTF8.GetString(Take(length - 1));
        }

        public Guid Id() => new(Take(IdSize));

        /// <returns>Null if it is not a W3C trace parent.</returns>
        public ActivityContext? Trace()
        {
            var (parent, state) = (Text(), Text());
            return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : null;
        }

        public EntityInstanceId Entity() => new(Text()!, Text()!);

        public EntityLockSet Entities()
        {
            var count = Number();
            var entities = new List<EntityInstanceId>();
            for (var i = 0; i < count; i++)
            {
                entities.Add(Entity());
            }

            return EntityLockSet.Of(entities);
        }

        private byte Byte() => Take(1)[0];

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _rest.Length)
            {
                throw new InvalidDataException("The history ends in the middle of an event.");
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
