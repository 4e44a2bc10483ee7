using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using AtomicDevOps.Activities.Tools.Blobs;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>
/// A stage's log as a block blob: its beginning, which only grows, and past half of the limit its end, which is cut from the front. Each append replaces
/// the list of blocks in one request, on condition that nobody else has since; otherwise it begins again from what is there. Calls must not overlap.
/// </summary>
internal sealed class StageLogBlob
{
    /// <summary>Where the beginning ends, in bytes, once the end has begun.</summary>
    private const string HeadMetadata = "head";
    private const int MaxBlocks = 4_000;
    private const int MaxAttempts = 100;

    private readonly BlobContainer _container;
    private readonly BlockBlobClient _blob;
    private readonly string _key;
    private readonly int _half;
    private readonly int _blockBytes;
    private readonly Guid _writer = Guid.NewGuid();
    private long _blocksMade;
    private Version? _known;

    public StageLogBlob(BlobContainer container, string key, int limit)
    {
        _container = container;
        _blob = container.Blob(key);
        _key = key;
        _half = limit / 2;

        // An append sends the last block again as long as it is not full, and names all of them.
        _blockBytes = Math.Clamp(limit / 128, 4 * 1024, 1024 * 1024);
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var what = $"append to log '{_key}'";
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            _known ??= await LoadAsync(what, cancellationToken);
            try
            {
                var next = await AddAsync(what, _known, text, cancellationToken);
                var staged = await StageAsync(what, next, cancellationToken);
                _known = await CommitAsync(what, staged, cancellationToken);
                if (_known is not null)
                {
                    return;
                }

                // A lost answer makes us lose against ourselves.
                _known = await LoadAsync(what, cancellationToken);
                var ours = staged.Blocks[^1].Id;
                if (_known.Blocks.Any(block => string.Equals(block.Id, ours, StringComparison.Ordinal)))
                {
                    return;
                }
            }
            catch (OvertakenException)
            {
                _known = null;
            }
            catch
            {
                _known = null;
                throw;
            }
        }

        throw new ToolUnavailableException(BlobStageLog.Tool, $"{what}: too many write it at the same time.");
    }

    /// <summary>The bytes from <paramref name="offset"/> on; none where there are none.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        var options = offset == 0 ? new BlobDownloadOptions() : new BlobDownloadOptions { Range = new HttpRange(offset) };
        return await _container.CallAsync(
            $"read log '{_key}'",
            async () =>
            {
                try
                {
                    return (await _blob.DownloadContentAsync(options, cancellationToken)).Value.Content.ToMemory();
                }
                catch (RequestFailedException exception) when (exception is { ErrorCode: "BlobNotFound" } or { Status: 416 })
                {
                    return default;
                }
            },
            cancellationToken);
    }

    public async Task<long> GetLengthAsync(CancellationToken cancellationToken) =>
        (await FindPropertiesAsync($"read log '{_key}'", cancellationToken))?.ContentLength ?? 0;

    private async Task<Version> AddAsync(string what, Version before, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var head = before.Head ?? (before.Length + text.Length <= _half ? null : before.Length);
        var blocks = before.Blocks.ToBuilder();
        if (head == before.Head && blocks.Count > 0 && blocks[^1] is { Content.IsEmpty: false } last)
        {
            var part = Math.Min(_blockBytes - last.Length, text.Length);
            blocks[^1] = Block.Of([.. last.Content.Span, .. text.Span[..part]]);
            text = text[part..];
        }

        AddBlocks(blocks, text);
        if (blocks.Count > MaxBlocks)
        {
            blocks = await JoinAsync(what, before, blocks, head, cancellationToken);
        }

        var length = blocks.Sum(block => (long)block.Length);
        return head is { } end && length - end > 2L * _half
            ? await ShortenAsync(what, before, blocks, end, length - _half, cancellationToken)
            : before with { Blocks = blocks.ToImmutable(), Head = head };
    }

    /// <summary>Cuts what lies between the end of the beginning and the first line that begins after <paramref name="cut"/>.</summary>
    private async Task<Version> ShortenAsync(
        string what, Version before, IEnumerable<Block> blocks, long head, long cut, CancellationToken cancellationToken)
    {
        var all = Positioned(blocks).ToArray();
        var start = cut;
        foreach (var (block, position) in all.Where(each => each.Position + each.Block.Length > cut))
        {
            var from = (int)Math.Max(0, cut - position);
            var line = (await ReadAsync(what, before, block, position, cancellationToken)).Span[from..].IndexOf((byte)'\n');
            if (line >= 0)
            {
                start = position + from + line + 1;
                break;
            }
        }

        var kept = ImmutableArray.CreateBuilder<Block>();
        kept.AddRange(all.Where(each => each.Position < head).Select(each => each.Block));
        var later = all.Where(each => each.Position >= start).Select(each => each.Block);
        var (split, at) = all.FirstOrDefault(each => each.Position < start && each.Position + each.Block.Length > start);
        var rest = split is null ? default : (await ReadAsync(what, before, split, at, cancellationToken))[(int)(start - at)..];
        kept.Add(Block.Of([.. IStageLog.LeftOut, .. rest.Span]));
        kept.AddRange(later);
        return before with { Blocks = kept.ToImmutable(), Head = head };
    }

    /// <summary>Makes few large blocks of many small ones, as writers leave them that take turns.</summary>
    private async Task<ImmutableArray<Block>.Builder> JoinAsync(
        string what, Version before, IEnumerable<Block> blocks, long? head, CancellationToken cancellationToken)
    {
        var joined = ImmutableArray.CreateBuilder<Block>();
        var run = new List<(Block Block, long Position)>();
        var runBytes = 0;
        foreach (var each in Positioned(blocks))
        {
            if (runBytes + each.Block.Length > _blockBytes || each.Position == head)
            {
                await EndRunAsync();
            }

            run.Add(each);
            runBytes += each.Block.Length;
        }

        await EndRunAsync();
        return joined;

        async Task EndRunAsync()
        {
            if (run is [var alone])
            {
                joined.Add(alone.Block);
            }
            else if (run.Count > 1)
            {
                var content = new List<byte>(runBytes);
                foreach (var (block, position) in run)
                {
                    content.AddRange((await ReadAsync(what, before, block, position, cancellationToken)).Span);
                }

                joined.Add(Block.Of([.. content]));
            }

            run.Clear();
            runBytes = 0;
        }
    }

    private void AddBlocks(ImmutableArray<Block>.Builder blocks, ReadOnlyMemory<byte> text)
    {
        for (; !text.IsEmpty; text = text[Math.Min(_blockBytes, text.Length)..])
        {
            blocks.Add(Block.Of(text[..Math.Min(_blockBytes, text.Length)].ToArray()));
        }
    }

    /// <summary>A block's content, from memory or from where it stands in the blob.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadAsync(string what, Version version, Block block, long position, CancellationToken cancellationToken)
    {
        if (!block.Content.IsEmpty)
        {
            return block.Content;
        }

        var options = new BlobDownloadOptions { Range = new HttpRange(position, block.Length), Conditions = new BlobRequestConditions { IfMatch = version.Tag } };
        return await _container.CallAsync(
            what,
            async () =>
            {
                try
                {
                    return (await _blob.DownloadContentAsync(options, cancellationToken)).Value.Content.ToMemory();
                }
                catch (RequestFailedException exception) when (IsOvertaken(exception))
                {
                    throw new OvertakenException(exception);
                }
            },
            cancellationToken);
    }

    private async Task<Version> StageAsync(string what, Version version, CancellationToken cancellationToken)
    {
        var blocks = version.Blocks.ToBuilder();
        for (var i = 0; i < blocks.Count; i++)
        {
            if (blocks[i] is { Id: null } block)
            {
                var id = NextId();
                using var content = new MemoryStream(block.Content.ToArray(), writable: false);
                await _container.CallAsync(what, async () => await _blob.StageBlockAsync(id, content, cancellationToken: cancellationToken), cancellationToken);
                blocks[i] = block with { Id = id };
            }
        }

        return version with { Blocks = blocks.ToImmutable() };
    }

    /// <returns>What is there now; <see langword="null"/> where it is no longer what this was made from.</returns>
    private Task<Version?> CommitAsync(string what, Version version, CancellationToken cancellationToken)
    {
        var options = new CommitBlockListOptions
        {
            Conditions = version.Tag is { } tag ? new BlobRequestConditions { IfMatch = tag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "text/plain; charset=utf-8" },
        };
        if (version.Head is { } head)
        {
            options.Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [HeadMetadata] = head.ToString(CultureInfo.InvariantCulture) };
        }

        return _container.CallAsync<Version?>(
            what,
            async () =>
            {
                try
                {
                    var committed = await _blob.CommitBlockListAsync(version.Blocks.Select(block => block.Id), options, cancellationToken);
                    return version with { Tag = committed.Value.ETag, Blocks = [.. version.Blocks.Select((block, i) => i == version.Blocks.Length - 1 ? Open(block) : block.Closed)] };
                }
                catch (RequestFailedException exception) when (IsOvertaken(exception))
                {
                    return null;
                }
            },
            cancellationToken);
    }

    private Block Open(Block block) => block.Length < _blockBytes ? block : block.Closed;

    /// <summary>What is there. Blocks that are newer than the mark do no harm: nothing can be committed on them.</summary>
    private async Task<Version> LoadAsync(string what, CancellationToken cancellationToken)
    {
        if (await FindPropertiesAsync(what, cancellationToken) is not { } properties)
        {
            return Version.Empty;
        }

        var blocks = await _container.CallAsync(
            what,
            async () =>
            {
                try
                {
                    return (await _blob.GetBlockListAsync(BlockListTypes.Committed, cancellationToken: cancellationToken)).Value.CommittedBlocks;
                }
                catch (RequestFailedException exception) when (exception.ErrorCode is "BlobNotFound")
                {
                    return [];
                }
            },
            cancellationToken);
        var head = properties.Metadata.TryGetValue(HeadMetadata, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : (long?)null;
        return new Version(properties.ETag, [.. blocks.Select(block => new Block(block.Name, block.Size, default))], head);
    }

    private Task<BlobProperties?> FindPropertiesAsync(string what, CancellationToken cancellationToken) => _container.CallAsync<BlobProperties?>(
        what,
        async () =>
        {
            try
            {
                return (await _blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            }
            catch (RequestFailedException exception) when (exception.ErrorCode is "BlobNotFound")
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Whether another one wrote or deleted the blob meanwhile, which also drops the blocks that we have not committed yet.</summary>
    private static bool IsOvertaken(RequestFailedException exception) =>
        exception is { Status: 412 } or { ErrorCode: "BlobAlreadyExists" or "BlobNotFound" or "InvalidBlockList" };

    private static IEnumerable<(Block Block, long Position)> Positioned(IEnumerable<Block> blocks)
    {
        var position = 0L;
        foreach (var block in blocks)
        {
            yield return (block, position);
            position += block.Length;
        }
    }

    private string NextId()
    {
        var id = new byte[24];
        _writer.TryWriteBytes(id);
        BinaryPrimitives.WriteInt64BigEndian(id.AsSpan(16), _blocksMade++);
        return Convert.ToBase64String(id);
    }

    /// <param name="Id">Its name in the blob; <see langword="null"/> where it is not there yet.</param>
    /// <param name="Content">Empty where it is only in the blob.</param>
    private sealed record Block(string? Id, int Length, ReadOnlyMemory<byte> Content)
    {
        public Block Closed => this with { Content = default };

        public static Block Of(byte[] content) => new(Id: null, content.Length, content);
    }

    /// <param name="Tag">Its mark; <see langword="null"/> where there is no blob.</param>
    /// <param name="Head">Where the beginning ends; <see langword="null"/> as long as there is nothing else.</param>
    private sealed record Version(ETag? Tag, ImmutableArray<Block> Blocks, long? Head)
    {
        public static Version Empty { get; } = new(Tag: null, [], Head: null);

        public long Length => Blocks.Sum(block => (long)block.Length);
    }

    private sealed class OvertakenException(Exception innerException) : Exception("The log was written by another one.", innerException);
}
