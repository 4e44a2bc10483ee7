using System.Buffers;
using System.Globalization;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Processes;

/// <summary>Keeps the beginning and the end of what is written, each up to half of the limit, and counts the rest.</summary>
internal sealed class BoundedOutput(int limit)
{
    private readonly ArrayBufferWriter<byte> _head = new();
    private readonly byte[] _tail = new byte[limit / 2];
    private readonly int _headLimit = limit - limit / 2;
    private long _tailWritten;

    public long TotalBytes { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        TotalBytes += bytes.Length;
        var toHead = (int)Math.Min(bytes.Length, _headLimit - _head.WrittenCount);
        _head.Write(bytes[..toHead]);
        bytes = bytes[toHead..];
        if (_tail.Length == 0)
        {
            return;
        }

        if (bytes.Length > _tail.Length)
        {
            _tailWritten += bytes.Length - _tail.Length;
            bytes = bytes[^_tail.Length..];
        }

        var position = (int)(_tailWritten % _tail.Length);
        var first = Math.Min(bytes.Length, _tail.Length - position);
        bytes[..first].CopyTo(_tail.AsSpan(position));
        bytes[first..].CopyTo(_tail);
        _tailWritten += bytes.Length;
    }

    public ProcessOutput ToOutput()
    {
        var dropped = TotalBytes - _head.WrittenCount - Math.Min(_tailWritten, _tail.Length);
        var position = _tail.Length == 0 ? 0 : (int)(_tailWritten % _tail.Length);
        var head = _head.WrittenSpan;
        if (dropped == 0)
        {
            return new ProcessOutput(Encoding.UTF8.GetString([.. head, .. _tail.AsSpan(0, (int)_tailWritten)]), TotalBytes, Truncated: false);
        }

        var notice = string.Create(CultureInfo.InvariantCulture, $"\n[… {dropped} bytes left out …]\n");
        var text = string.Concat(
            Encoding.UTF8.GetString(head),
            notice,
            Encoding.UTF8.GetString([.. _tail.AsSpan(position), .. _tail.AsSpan(0, position)]));
        return new ProcessOutput(text, TotalBytes, Truncated: true);
    }
}
