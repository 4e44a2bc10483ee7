using System.Globalization;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Keeps the first and the last half of what is appended, in memory that does not grow with it.</summary>
internal sealed class BoundedOutput
{
    private readonly byte[] _head;
    private readonly byte[] _tail;
    private int _headLength;
    private long _tailTotal;

    /// <param name="capacity">How many bytes are kept; at least 2.</param>
    public BoundedOutput(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        _head = new byte[capacity / 2];
        _tail = new byte[capacity - _head.Length];
    }

    public long TotalBytes => _headLength + _tailTotal;

    public void Append(ReadOnlySpan<byte> data)
    {
        var toHead = Math.Min(data.Length, _head.Length - _headLength);
        data[..toHead].CopyTo(_head.AsSpan(_headLength));
        _headLength += toHead;
        data = data[toHead..];
        if (data.Length > _tail.Length)
        {
            _tailTotal += data.Length - _tail.Length;
            data = data[^_tail.Length..];
        }

        var position = (int)(_tailTotal % _tail.Length);
        var first = Math.Min(data.Length, _tail.Length - position);
        data[..first].CopyTo(_tail.AsSpan(position));
        data[first..].CopyTo(_tail);
        _tailTotal += data.Length;
    }

    public void Append(string text) => Append(Encoding.UTF8.GetBytes(text));

    /// <summary>The kept text; where the middle is missing, a line says how much of it.</summary>
    public override string ToString()
    {
        var kept = (int)Math.Min(_tailTotal, _tail.Length);
        var start = (int)((_tailTotal - kept) % _tail.Length);
        var tail = new byte[kept];
        var first = Math.Min(kept, _tail.Length - start);
        _tail.AsSpan(start, first).CopyTo(tail);
        _tail.AsSpan(0, kept - first).CopyTo(tail.AsSpan(first));
        if (_tailTotal == kept)
        {
            return Encoding.UTF8.GetString([.. _head.AsSpan(0, _headLength), .. tail]);
        }

        var dropped = _tailTotal - kept;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Encoding.UTF8.GetString(TrimEnd(_head.AsSpan(0, _headLength)))}\n[… {dropped} bytes left out …]\n{Encoding.UTF8.GetString(TrimStart(tail))}");
    }

    /// <summary>Takes the continuation bytes off the start, whose character was cut.</summary>
    private static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> utf8)
    {
        var start = 0;
        while (start < utf8.Length && start < 3 && (utf8[start] & 0xC0) == 0x80)
        {
            start++;
        }

        return utf8[start..];
    }

    /// <summary>Takes an incomplete character off the end.</summary>
    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> utf8)
    {
        for (var back = 1; back <= Math.Min(4, utf8.Length); back++)
        {
            var lead = utf8[^back];
            if ((lead & 0xC0) == 0x80)
            {
                continue;
            }

            var needed = lead switch
            {
                >= 0xF0 => 4,
                >= 0xE0 => 3,
                >= 0xC0 => 2,
                _ => 1,
            };
            return needed > back ? utf8[..^back] : utf8;
        }

        return utf8;
    }
}
