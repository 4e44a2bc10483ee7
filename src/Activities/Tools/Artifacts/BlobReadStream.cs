using AtomicDevOps.Activities.Tools.Blobs;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Reads a blob as it was when it was opened, one range in memory at a time; where it was replaced since, reading on is an error.</summary>
internal sealed class BlobReadStream(BlobContainer container, BlockBlobClient blob, string what, ETag version, long length) : ReadOnlyStream
{
    private const int RangeBytes = 4 * 1024 * 1024;

    private ReadOnlyMemory<byte> _range;
    private long _rangeStart;
    private long _position;

    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length || buffer.IsEmpty)
        {
            return 0;
        }

        if (_position < _rangeStart || _position >= _rangeStart + _range.Length)
        {
            await LoadAsync(cancellationToken);
        }

        var available = _range[(int)(_position - _rangeStart)..];
        var count = Math.Min(available.Length, buffer.Length);
        available.Span[..count].CopyTo(buffer.Span);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => length,
    };

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var options = new BlobDownloadOptions
        {
            Range = new HttpRange(_position, Math.Min(RangeBytes, length - _position)),
            Conditions = new BlobRequestConditions { IfMatch = version },
        };
        var download = await container.CallAsync(what, async () => (await blob.DownloadContentAsync(options, cancellationToken)).Value, cancellationToken);
        (_range, _rangeStart) = (download.Content.ToMemory(), _position);
        if (_range.IsEmpty)
        {
            throw new ToolUnavailableException(BlobArtifactStore.Tool, $"{what} was answered with nothing for a range that is there.");
        }
    }
}
