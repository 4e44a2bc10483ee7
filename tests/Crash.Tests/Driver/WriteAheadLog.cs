using System.Buffers.Binary;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>
/// The valid part of an SQLite write-ahead log, by the file format: a header, then frames of one page each, chained by salts and checksums; the
/// frame that ends a transaction says so.
/// </summary>
/// <param name="Salts">Change whenever the log begins anew.</param>
/// <param name="Commits">Where each committed transaction ends, in bytes from the start of the file.</param>
/// <param name="End">Where the last valid frame ends.</param>
/// <param name="PageSize">In bytes.</param>
/// <param name="Pages">The page that each frame up to the last commit holds, with the frame's end.</param>
internal sealed record WriteAheadLog(
    ulong Salts, IReadOnlyList<int> Commits, int End, int PageSize, IReadOnlyList<(uint Page, int End)> Pages)
{
    public const int HeaderLength = 32;
    private const int FrameHeaderLength = 24;
    private const uint Magic = 0x377f0682;

    public static WriteAheadLog Empty { get; } = new(0, [], 0, 0, []);

    /// <summary>Bytes of an unfinished transaction stand after the last commit.</summary>
    public bool IsTorn => End > (Commits.Count == 0 ? HeaderLength : Commits[^1]);

    public static WriteAheadLog Parse(ReadOnlySpan<byte> log)
    {
        if (log.Length < HeaderLength || (Word(log, 0) & ~1u) != Magic)
        {
            return Empty;
        }

        var isBigEndian = (Word(log, 0) & 1) == 1;
        var pageSize = (int)Word(log, 8);
        var salts = BinaryPrimitives.ReadUInt64BigEndian(log[16..]);
        var sum = Checksum(default, log[..24], isBigEndian);
        if (sum != (Word(log, 24), Word(log, 28)))
        {
            return Empty;
        }

        var commits = new List<int>();
        var pages = new List<(uint, int)>();
        var end = HeaderLength;
        for (var frame = log[HeaderLength..]; frame.Length >= FrameHeaderLength + pageSize; frame = frame[(FrameHeaderLength + pageSize)..])
        {
            sum = Checksum(sum, frame[..8], isBigEndian);
            sum = Checksum(sum, frame.Slice(FrameHeaderLength, pageSize), isBigEndian);
            if (BinaryPrimitives.ReadUInt64BigEndian(frame[8..]) != salts || sum != (Word(frame, 16), Word(frame, 20)))
            {
                break;
            }

            end += FrameHeaderLength + pageSize;
            pages.Add((Word(frame, 0), end));
            if (Word(frame, 4) != 0)
            {
                commits.Add(end);
            }
        }

        pages.RemoveAll(page => commits.Count == 0 || page.Item2 > commits[^1]);
        return new WriteAheadLog(salts, commits, end, pageSize, pages);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]);

    private static (uint First, uint Second) Checksum((uint First, uint Second) sum, ReadOnlySpan<byte> bytes, bool isBigEndian)
    {
        for (var i = 0; i < bytes.Length; i += 8)
        {
            sum.First += Read(bytes[i..]) + sum.Second;
            sum.Second += Read(bytes[(i + 4)..]) + sum.First;
        }

        return sum;

        uint Read(ReadOnlySpan<byte> word)
            => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(word) : BinaryPrimitives.ReadUInt32LittleEndian(word);
    }
}
