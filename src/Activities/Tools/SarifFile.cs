using System.Buffers;
using System.Text.Json;

namespace AtomicDevOps.Activities.Tools;

/// <summary>Whether a file that a tool left is SARIF to its end, told in a bounded amount of memory and without reading what it means.</summary>
internal static class SarifFile
{
    private const int MaxTokenBytes = 32 * 1024 * 1024;

    /// <returns>What is wrong, as the end of a sentence; null where it is whole.</returns>
    public static async Task<string?> FindProblemAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return "it left no results";
        }

        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        try
        {
            var envelope = new Envelope();
            await ReadAsync(file, envelope, cancellationToken);
            return envelope.FindProblem();
        }
        catch (JsonException)
        {
            return "its results are cut short or damaged";
        }
    }

    private static async Task ReadAsync(FileStream file, Envelope envelope, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        var state = new JsonReaderState();
        var (filled, isFirst) = (0, true);
        try
        {
            while (true)
            {
                var read = await file.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                filled += read;
                var skipped = isFirst && buffer.AsSpan(0, filled).StartsWith("\uFEFF"u8) ? 3 : 0;
                isFirst = false;
                var consumed = skipped + Consume(buffer.AsSpan(skipped, filled - skipped), isFinal: read == 0, ref state, envelope);
                if (read == 0)
                {
                    return;
                }

                buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
                filled -= consumed;
                if (filled == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        if (buffer.Length >= MaxTokenBytes)
        {
            throw new JsonException("A single text is too long.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static int Consume(ReadOnlySpan<byte> bytes, bool isFinal, ref JsonReaderState state, Envelope envelope)
    {
        var reader = new Utf8JsonReader(bytes, isFinal, state);
        while (reader.Read())
        {
            envelope.See(ref reader);
        }

        state = reader.CurrentState;
        return (int)reader.BytesConsumed;
    }

    /// <summary>What stands at the top.</summary>
    private sealed class Envelope
    {
        private string _name = "";
        private string? _version;
        private bool _hasRuns;

        public void See(ref Utf8JsonReader reader)
        {
            if (reader.CurrentDepth != 1)
            {
                return;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    _name = reader.GetString()!;
                    break;
                case JsonTokenType.String when _name is "version":
                    _version = reader.GetString();
                    break;
                case JsonTokenType.StartArray when _name is "runs":
                    _hasRuns = true;
                    break;
            }
        }

        public string? FindProblem() => (_version, _hasRuns) switch
        {
            ("2.1.0", true) => null,
            (null, _) or (_, false) => "its results are no SARIF",
            _ => "its results are of another version of SARIF than 2.1.0",
        };
    }
}
