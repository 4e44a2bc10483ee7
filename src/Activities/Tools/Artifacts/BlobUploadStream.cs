using System.Buffers.Binary;
using System.Security.Cryptography;
using AtomicDevOps.Activities.Tools.Blobs;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>
/// Takes a blob's content, one block in memory at a time. Nothing of it is there before <see cref="CommitAsync"/>; blocks that are never committed
/// are no blob, and Azure drops them after a week.
/// </summary>
internal sealed class BlobUploadStream(BlobContainer container, BlockBlobClient blob, string what, IncrementalHash hash) : Stream
{
    /// <summary>50,000 blocks are allowed: 195 GiB.</summary>
    private const int BlockBytes = 4 * 1024 * 1024;

    /// <summary>Of this writer alone, so that two that write the same blob at the same time never mix their blocks.</summary>
    private readonly Guid _writer = Guid.NewGuid();
    private readonly List<string> _blocks = [];
    private byte[] _buffer = [];
    private int _buffered;
    private long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException("An artifact is written from its beginning to its end.");
    }

    /// <summary>Puts the content in place of what is there, whole.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_blocks.Count == 0)
        {
            using var content = new MemoryStream(_buffer, 0, _buffered, writable: false);
            await container.CallAsync(what, async () => await blob.UploadAsync(content, new BlobUploadOptions(), cancellationToken), cancellationToken);
            return;
        }

        await StageAsync(cancellationToken);
        await container.CallAsync(what, () => CommitBlocksAsync(cancellationToken), cancellationToken);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        hash.AppendData(buffer.Span);
        _length += buffer.Length;
        while (!buffer.IsEmpty)
        {
            if (_buffered == BlockBytes)
            {
                await StageAsync(cancellationToken);
            }

            var part = Math.Min(BlockBytes - _buffered, buffer.Length);
            Reserve(_buffered + part);
            buffer.Span[..part].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += part;
            buffer = buffer[part..];
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An artifact that is written cannot be read.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An artifact is written from its beginning to its end.");

    public override void SetLength(long value) => throw new NotSupportedException("An artifact is as long as what is written.");

    private async Task StageAsync(CancellationToken cancellationToken)
    {
        var id = NextId();
        using var content = new MemoryStream(_buffer, 0, _buffered, writable: false);
        await container.CallAsync(what, async () => await blob.StageBlockAsync(id, content, cancellationToken: cancellationToken), cancellationToken);
        _blocks.Add(id);
        _buffered = 0;
    }

    /// <summary>
    /// Another writer of the same blob, or one who deletes it, drops the blocks that we have not committed yet. What is there then is what would be there
    /// had they come a moment after us.
    /// </summary>
    private async Task<bool> CommitBlocksAsync(CancellationToken cancellationToken)
    {
        try
        {
            await blob.CommitBlockListAsync(_blocks, new CommitBlockListOptions(), cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode is "InvalidBlockList")
        {
            return false;
        }
    }

    private string NextId()
    {
        var id = new byte[20];
        _writer.TryWriteBytes(id);
        BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(16), _blocks.Count);
        return Convert.ToBase64String(id);
    }

    private void Reserve(int bytes)
    {
        if (bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(BlockBytes, Math.Max(bytes, Math.Max(64 * 1024, 2 * _buffer.Length))));
        }
    }
}
